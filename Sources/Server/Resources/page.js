// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

// The frame of the page: what the server has, and which view is shown.
import { startTrying } from "./try.js";
import { startWatching } from "./runs.js";

/** An element by its identifier. */
export const $ = (id) => document.getElementById(id);

/** A new element with attributes and children; texts are texts, never markup. */
export function make(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
        if (value !== false && value != null) element.setAttribute(key, value === true ? "" : value);
    }
    element.append(...children);
    return element;
}

/** Says what went wrong, or takes it back. */
export function tellFailure(text = "") {
    $("failure").textContent = text;
    $("failure").hidden = text === "";
}

/** The JSON of an answer; an error's sentence is thrown. */
export async function ask(path, options) {
    let response;
    try {
        response = await fetch(path, options);
    } catch (error) {
        if (error.name === "AbortError") throw error;
        throw new Error("The server does not answer. Is it still running?");
    }
    const body = await response.json().catch(() => null);
    if (!response.ok) throw new Error(body?.error?.message ?? `The server answers ${response.status}.`);
    return body;
}

/** Sends a value as JSON. */
export const send = (path, value, options = {}) =>
    ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value), ...options });

function showView(views) {
    const wanted = location.hash.slice(1).split("?")[0];
    const shown = views.includes(wanted) ? wanted : views[0];
    for (const view of ["try", "runs"]) {
        $(view).hidden = view !== shown;
        $(`nav-${view}`).hidden = !views.includes(view) || views.length < 2;
        if (view === shown) $(`nav-${view}`).setAttribute("aria-current", "page");
        else $(`nav-${view}`).removeAttribute("aria-current");
    }
    document.title = shown === "runs" ? "Runs - dmd" : "Try - dmd";
}

async function start() {
    try {
        const server = await ask("api/server");
        $("version").textContent = `dmd ${server.version}`;
        const views = [];
        if (server.models.length) views.push("try");
        if (server.runs.length) views.push("runs");
        showView(views);
        addEventListener("hashchange", () => showView(views));
        if (server.models.length) startTrying(server.models);
        if (server.runs.length) startWatching(server.runs, server.charts);
    } catch (error) {
        tellFailure(error.message);
    }
}

start();
