// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

// The view of runs: how they stand, their pictures, and their curves in common charts.
import { $, make, send, tellFailure } from "./page.js";
import { Chart } from "./chart.js";

const words = { preparing: "Nothing logged yet", running: "Running", stopped: "Stopped", killed: "Cut short", finished: "Finished" };

/** A duration as `h:mm:ss`. */
function clock(seconds) {
    const whole = Math.round(seconds);
    const two = (number) => String(number).padStart(2, "0");
    const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
    return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** What a picture of a run is called. */
function title(picture) {
    if (picture === "compare.png") return "The result: in turn a row of the teacher's images and the generator's";
    if (picture === "samples.png") return "The result: samples";
    return `Samples at step ${Number(picture.match(/\d+/)[0]).toLocaleString("en")}`;
}

/** One run in the list. */
class RunCard {
    constructor(run, onChange) {
        this.run = run;
        this.lines = [];
        this.pictures = [];
        this.box = make("input", { type: "checkbox", checked: true });
        this.box.addEventListener("change", onChange);
        this.badge = make("span", { class: "badge" }, "...");
        this.progress = make("progress", { max: 1, value: 0, "aria-label": `Progress of ${run.name}` });
        this.numbers = make("p", { class: "numbers" });
        this.health = make("p", { class: "health" });
        this.said = make("p", { class: "hint", role: "status" });
        this.stop = make("button", { type: "button", class: "danger", hidden: true, "aria-label": `Stop ${run.name}` }, "Stop");
        this.stop.addEventListener("click", () => this.askToStop());
        this.recipe = make("pre", { tabindex: "0", "aria-label": `Recipe of ${run.name}` });
        const details = make("details", {}, make("summary", {}, "Recipe"), this.recipe);
        details.addEventListener("toggle", () => this.loadRecipe(details.open));
        this.image = make("img", { alt: "", hidden: true });
        // The server may be gone for a moment.
        this.image.addEventListener("error", () => setTimeout(() => { this.image.removeAttribute("src"); this.showPicture(); }, 2000));
        this.label = make("p", { class: "hint" }, "No samples yet.");
        this.slider = make("input", { type: "range", min: 0, max: 0, value: 0, hidden: true, "aria-label": `Samples of ${run.name} over time` });
        this.slider.addEventListener("input", () => { this.follows = Number(this.slider.value) === this.pictures.length - 1; this.showPicture(); });
        this.follows = true;
        this.element = make("li", { class: "run" },
            make("div", { class: "body" },
                make("div", { class: "head" }, make("label", { class: `series-${run.id % 6}`, title: run.folder }, this.box, run.name), this.badge),
                this.progress, this.numbers, this.health, make("div", { class: "acts" }, this.stop, details), this.said),
            make("div", { class: "sheet" }, this.image, this.slider, this.label));
    }

    update(status) {
        this.status = status;
        this.badge.textContent = words[status.state];
        this.badge.className = `badge ${status.state}`;
        this.progress.hidden = status.total === undefined;
        if (status.total) this.progress.value = Math.min(1, status.step / status.total);
        const step = status.step.toLocaleString("en");
        const parts = [status.total ? `step ${step} of ${status.total.toLocaleString("en")}` : `step ${step}`];
        if (status.state === "running" && status.secondsLeft !== undefined) parts.push(`${clock(status.secondsLeft)} left`);
        if (status.stepsPerSecond) parts.push(status.stepsPerSecond >= 1 ? `${status.stepsPerSecond.toPrecision(3)} steps/s` : `${(1 / status.stepsPerSecond).toPrecision(3)} s/step`);
        if (status.faults) parts.push(`${status.faults} faults on record`);
        this.numbers.textContent = parts.join(" \u00b7 ");
        this.health.textContent = status.health?.sentence ?? "";
        this.health.className = `health ${status.health ? (status.health.isSane ? "sane" : "odd") : ""}`;
        this.stop.hidden = status.state !== "running";
        if (status.state !== "running") this.said.textContent = "";
        this.takePictures(status.pictures);
    }

    takePictures(pictures) {
        const isNew = pictures.join() !== this.pictures.join();
        this.pictures = pictures;
        this.slider.hidden = pictures.length < 2;
        this.slider.max = Math.max(0, pictures.length - 1);
        if (this.follows) this.slider.value = this.slider.max;
        if (isNew && pictures.length) this.showPicture();
    }

    showPicture() {
        const picture = this.pictures[Number(this.slider.value)];
        if (!picture) return;
        const source = `api/runs/${this.run.id}/pictures/${picture}`;
        if (this.image.getAttribute("src") !== source) this.image.src = source;
        this.image.alt = `${title(picture)}, of ${this.run.name}`;
        this.image.hidden = false;
        this.label.textContent = title(picture);
        this.slider.setAttribute("aria-valuetext", title(picture));
    }

    async loadRecipe(isOpen) {
        if (!isOpen || this.recipe.textContent) return;
        const response = await fetch(`api/runs/${this.run.id}/recipe`).catch(() => null);
        this.recipe.textContent = response?.ok ? await response.text() : "The recipe cannot be read.";
    }

    askToStop() {
        const dialog = $("stop-dialog");
        $("stop-title").textContent = `Stop ${this.run.name}?`;
        dialog.returnValue = "";
        dialog.onclose = async () => {
            if (dialog.returnValue !== "stop") return;
            try {
                await send(`api/runs/${this.run.id}/stop`, {});
                this.said.textContent = "Asked to stop: it ends after the step that it is at, with a checkpoint.";
            } catch (error) {
                tellFailure(error.message);
            }
        };
        dialog.showModal();
    }
}

/** The charts of all scalars, of the runs that are chosen. */
class Charts {
    constructor(guides) {
        this.guided = guides.map((guide) => ({ chart: new Chart(guide), curves: guide.curves }));
        this.others = new Map();
        this.known = new Set(guides.flatMap((guide) => guide.curves.map((curve) => curve.tag)));
        $("curves").append(...this.guided.map(({ chart }) => chart.figure));
    }

    /** Draws soon, and not more often than the eye needs. */
    schedule(cards) {
        this.cards = cards;
        this.timer ??= setTimeout(() => { this.timer = null; this.draw(); }, 200);
    }

    draw() {
        const shown = this.cards.filter((card) => card.box.checked && card.lines.length);
        $("no-curves").hidden = shown.length > 0;
        for (const tag of new Set(shown.flatMap((card) => card.lines.flatMap((line) => Object.keys(line.values))))) {
            if (this.known.has(tag) || this.others.has(tag)) continue;
            const chart = new Chart({ title: tag });
            this.others.set(tag, { chart, curves: [{ tag, name: "" }] });
            $("curves").append(chart.figure);
        }
        for (const { chart, curves } of [...this.guided, ...this.others.values()]) {
            const isOneRun = this.cards.length === 1;
            chart.draw(shown.flatMap((card) => curves.map((curve, index) => ({
                name: isOneRun ? (curves.length > 1 ? curve.name : "") : curves.length > 1 ? `${card.run.name}, ${curve.name}` : card.run.name,
                style: isOneRun ? index : card.run.id, dash: isOneRun ? 0 : index,
                points: card.lines.filter((line) => curve.tag in line.values).map((line) => ({ x: line.step, y: Number(line.values[curve.tag]) })),
            }))));
        }
    }
}

/** Begins to listen. */
export function startWatching(runs, guides) {
    const charts = new Charts(guides);
    const cards = runs.map((run) => new RunCard(run, () => charts.schedule(cards)));
    $("run-list").append(...cards.map((card) => card.element));
    let last = "";

    function listen() {
        const source = new EventSource(`api/runs/events${last ? `?after=${encodeURIComponent(last)}` : ""}`);
        source.onopen = () => { $("connection").textContent = "Live."; };
        source.onerror = () => {
            $("connection").textContent = "The connection is lost; trying again ...";
            if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
        };
        source.addEventListener("lines", (event) => {
            last = event.lastEventId;
            const { run, isReset, lines } = JSON.parse(event.data);
            const card = cards[run];
            if (isReset) card.lines = [];
            card.lines.push(...lines);
            charts.schedule(cards);
        });
        source.addEventListener("status", (event) => {
            last = event.lastEventId;
            const { run, status } = JSON.parse(event.data);
            cards[run].update(status);
        });
    }
    listen();
}
