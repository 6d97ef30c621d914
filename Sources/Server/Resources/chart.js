// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

// Curves over steps, as SVG.
import { make } from "./page.js";

const size = { width: 480, height: 240, left: 56, right: 468, top: 10, bottom: 208 };
const svg = (name, attributes = {}, ...children) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
};

/** A number as short as can be read. */
export function short(value) {
    const size = Math.abs(value);
    if (value === 0) return "0";
    if (size >= 1e6 || size < 1e-3) return value.toExponential(1).replace("e+", "e");
    if (size >= 1000) return value.toLocaleString("en", { maximumFractionDigits: 0 });
    return String(Number(value.toPrecision(3)));
}

/** Round numbers over a range, and the range widened to them if asked. */
function axis(values, { isLogarithmic = false, widens = false } = {}) {
    let [low, high] = [Math.min(...values), Math.max(...values)];
    if (isLogarithmic) {
        let [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
        if (first === last) last += 1;
        const every = Math.ceil((last - first) / 5);
        const ticks = [];
        for (let power = first; power <= last; power += every) ticks.push(10 ** power);
        return { ticks, place: (value) => (Math.log10(value) - first) / (last - first) };
    }
    if (low === high) [low, high] = low === 0 ? [0, 1] : [low - Math.abs(low) / 2, high + Math.abs(high) / 2];
    const rough = (high - low) / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
    const ticks = [];
    if (widens) [low, high] = [Math.floor(low / step) * step, Math.ceil(high / step) * step];
    for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-9; tick += step) ticks.push(Math.abs(tick) < step * 1e-9 ? 0 : tick);
    return { ticks, place: (value) => (value - low) / (high - low) };
}

/** At most 400 points; of each piece of a longer curve its lowest and highest stay. */
function thinned(points) {
    if (points.length <= 400) return points;
    const kept = [];
    for (let piece = 0; piece < 200; piece += 1) {
        const part = points.slice(Math.floor((piece * points.length) / 200), Math.floor(((piece + 1) * points.length) / 200));
        const low = part.reduce((a, b) => (b.y < a.y ? b : a));
        const high = part.reduce((a, b) => (b.y > a.y ? b : a));
        kept.push(...(low.x <= high.x ? [low, high] : [high, low]).filter((point, index, both) => index === 0 || point !== both[0]));
    }
    return kept;
}

/** One chart, as a figure whose curves may change. */
export class Chart {
    constructor({ title, caption = "", isLogarithmic = false, limit = null }) {
        Object.assign(this, { title, isLogarithmic, limit });
        this.legend = make("p", { class: "legend" });
        this.drawing = svg("svg", { viewBox: `0 0 ${size.width} ${size.height}`, role: "img" });
        this.tip = make("div", { class: "tip", hidden: true });
        this.figure = make("figure", { class: "curve" }, make("h3", {}, title), this.legend, this.drawing, this.tip, make("figcaption", {}, caption));
        this.drawing.addEventListener("pointermove", (event) => this.point(event));
        this.drawing.addEventListener("pointerleave", () => this.point(null));
    }

    /** Draws curves: `{name, style, dash, points: [{x, y}]}`. */
    draw(curves) {
        const fits = (point) => Number.isFinite(point.y) && (!this.isLogarithmic || point.y > 0);
        this.curves = curves.map((curve) => ({ ...curve, points: curve.points.filter(fits) })).filter((curve) => curve.points.length);
        this.figure.hidden = this.curves.length === 0;
        if (this.figure.hidden) return;
        const points = this.curves.flatMap((curve) => thinned(curve.points));
        const across = axis(points.map((point) => point.x));
        const down = axis([...points.map((point) => point.y), ...(this.limit === null ? [] : [this.limit])], { isLogarithmic: this.isLogarithmic, widens: true });
        this.x = (value) => size.left + across.place(value) * (size.right - size.left);
        this.y = (value) => size.bottom - down.place(value) * (size.bottom - size.top);
        const parts = [];
        for (const tick of down.ticks) {
            const y = this.y(tick);
            parts.push(svg("line", { class: "grid", x1: size.left, x2: size.right, y1: y, y2: y }));
            parts.push(svg("text", { x: size.left - 8, y, dy: "0.32em", "text-anchor": "end" }, short(tick)));
        }
        for (const tick of across.ticks) parts.push(svg("text", { x: this.x(tick), y: size.bottom + 18, "text-anchor": "middle" }, short(tick)));
        if (this.limit !== null) parts.push(svg("line", { class: "limit", x1: size.left, x2: size.right, y1: this.y(this.limit), y2: this.y(this.limit) }));
        for (const curve of this.curves) {
            const style = `series-${curve.style % 6} dash-${curve.dash % 3}`;
            const places = thinned(curve.points).map((point) => `${this.x(point.x).toFixed(1)},${this.y(point.y).toFixed(1)}`);
            if (places.length === 1) {
                const [cx, cy] = places[0].split(",");
                parts.push(svg("circle", { class: style, cx, cy, r: 3 }));
            } else parts.push(svg("polyline", { class: style, points: places.join(" ") }));
        }
        this.cross = svg("line", { class: "cross", y1: size.top, y2: size.bottom, visibility: "hidden" });
        this.drawing.replaceChildren(...parts, this.cross);
        this.drawing.setAttribute("aria-label", `${this.title}, over steps. ${this.curves.map((curve) => `${curve.name || "value"}: last ${short(curve.points.at(-1).y)}`).join("; ")}.`);
        this.legend.replaceChildren(...(this.curves.length > 1 || this.curves[0].name ? this.curves.map((curve) =>
            make("span", {}, make("i", { class: `series-${curve.style % 6} dash-${curve.dash % 3}` }), curve.name)) : []));
    }

    /** Shows the values nearest to the pointer. */
    point(event) {
        this.tip.hidden = event === null || !this.curves?.length;
        this.cross?.setAttribute("visibility", this.tip.hidden ? "hidden" : "visible");
        if (this.tip.hidden) return;
        const box = this.drawing.getBoundingClientRect();
        const wanted = ((event.clientX - box.left) / box.width) * size.width;
        const nearest = (points) => points.reduce((a, b) => (Math.abs(this.x(b.x) - wanted) < Math.abs(this.x(a.x) - wanted) ? b : a));
        const found = this.curves.map((curve) => ({ curve, point: nearest(curve.points) }));
        const { x } = nearest(found.map((one) => one.point));
        this.cross.setAttribute("x1", this.x(x));
        this.cross.setAttribute("x2", this.x(x));
        this.tip.replaceChildren(make("div", {}, `step ${short(x)}`), ...found.filter(({ point }) => point.x === x).map(({ curve, point }) =>
            make("div", { class: `series-${curve.style % 6}` }, `${curve.name ? `${curve.name}: ` : ""}${short(point.y)}`)));
        const left = (this.x(x) / size.width) * box.width;
        this.tip.style.left = left > box.width / 2 ? "auto" : `${left + 12}px`;
        this.tip.style.right = left > box.width / 2 ? `${box.width - left + 12}px` : "auto";
        this.tip.style.top = `${this.drawing.offsetTop + 12}px`;
    }
}
