// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

// The view that makes images: every model's, of the same noise.
import { $, make, send, tellFailure } from "./page.js";

/** What is shown of a model: its figure, and the request that fills it. */
class Bench {
    constructor(model) {
        this.model = model;
        this.answer = null;
        this.frame = make("div", { class: "frame" });
        this.facts = make("span", { class: "facts" });
        this.download = make("a", { href: "#", download: `${model.id}.png`, hidden: true }, "Download");
        this.figure = make(
            "figure", { class: Math.max(model.width, model.height) <= 128 ? "picture sharp" : "picture" }, this.frame,
            make("figcaption", {}, make("span", { class: "role", title: model.id }, model.role), this.download, this.facts));
        this.figure.setAttribute("aria-label", `${model.role}: ${model.id}`);
    }

    /** Asks for images; a newer request takes the place of an older one. */
    async fill(order, subject, onDone) {
        this.waiting?.abort();
        const waiting = (this.waiting = new AbortController());
        const patience = setTimeout(() => this.figure.classList.add("stale"), 200);
        this.figure.setAttribute("aria-busy", "true");
        try {
            this.answer = await send("api/images", order, { signal: waiting.signal });
            tellFailure(this.answer.warnings.join(" "));
            this.show(subject);
            onDone();
        } catch (error) {
            if (error.name !== "AbortError") tellFailure(error.message);
        } finally {
            clearTimeout(patience);
            if (this.waiting === waiting) {
                this.waiting = null;
                this.figure.removeAttribute("aria-busy");
            }
        }
    }

    get isBusy() { return this.waiting != null; }

    show(subject) {
        const { images, evaluations, seconds } = this.answer;
        const columns = columnCount(images.length);
        this.frame.style.gridTemplateColumns = `repeat(${columns}, 1fr)`;
        while (this.frame.children.length > images.length) this.frame.lastChild.remove();
        images.forEach((png, index) => {
            if (!this.frame.children[index]) this.frame.append(make("img", {}));
            const image = this.frame.children[index];
            image.src = `data:image/png;base64,${png}`;
            image.alt = `${subject(index)}, by the ${this.model.role}`;
        });
        this.facts.replaceChildren(
            make("strong", {}, `${evaluations}`), evaluations === 1 ? " evaluation" : " evaluations", " \u00b7 ",
            make("strong", {}, milliseconds(seconds / images.length)), images.length > 1 ? " each" : "");
        this.figure.classList.remove("stale");
        this.download.hidden = false;
        this.download.setAttribute("aria-label", `Download the ${this.model.role}'s ${images.length > 1 ? "images" : "image"}`);
        this.offer(images, columns);
    }

    /** The download is the very file of a single image, or one picture of all. */
    async offer(images, columns) {
        if (images.length === 1) {
            this.download.href = `data:image/png;base64,${images[0]}`;
            return;
        }
        const parts = [...this.frame.children];
        await Promise.all(parts.map((part) => part.decode().catch(() => {})));
        const [width, height] = [parts[0].naturalWidth, parts[0].naturalHeight];
        const canvas = make("canvas", { width: width * columns, height: height * Math.ceil(parts.length / columns) });
        const context = canvas.getContext("2d");
        parts.forEach((part, index) => context.drawImage(part, (index % columns) * width, Math.floor(index / columns) * height));
        this.download.href = canvas.toDataURL("image/png");
    }
}

/** Columns of a sheet without a gap, if that is not too wide. */
function columnCount(count) {
    const least = Math.ceil(Math.sqrt(count));
    for (let columns = least; columns <= 2 * least; columns += 1) if (count % columns === 0) return columns;
    return least;
}

/** A duration as one says it. */
function milliseconds(seconds) {
    const time = seconds * 1000;
    return time < 10 ? `${time.toFixed(1)} ms` : time < 10_000 ? `${Math.round(time)} ms` : `${seconds.toFixed(1)} s`;
}

const randomSeed = () => Math.floor(Math.random() * 1_000_000);

/** Begins with the models of the server. */
export function startTrying(models) {
    const benches = models.map((model) => new Bench(model));
    $("pictures").replaceChildren(...benches.map((bench) => bench.figure));
    const teacher = models.find((model) => model.mostSteps > 1 && model.role === "teacher");
    const isText = models.some((model) => model.takesPrompts);
    const guided = models.find((model) => model.takesPrompts && model.mostSteps > 1);
    const classNames = models.find((model) => model.classNames.length)?.classNames ?? [];
    const isLive = !isText;

    $("prompt-fields").hidden = !isText;
    $("guidance-fields").hidden = !guided;
    if (guided) $("guidance").value = guided.usualGuidance;
    $("step-fields").hidden = !teacher;
    if (teacher) {
        $("steps").max = Math.min(teacher.mostSteps, Math.max(50, teacher.usualSteps));
        $("steps").value = teacher.usualSteps;
    }
    $("make").hidden = isLive;
    $("try-title").textContent = models.length > 1 ? "The same noise" : "Images";
    $("try-lead").textContent = models.length > 1
        ? "A generator beside its teacher. Both begin with the noise of the seed, so that they should make the same picture."
        : "Images of a seed. The same seed always makes the same picture.";
    makeClasses(classNames);
    const most = Math.min(...models.map((model) => model.mostImages));
    for (const count of [1, 4, 9, 16].filter((count) => count <= most)) $("count").append(make("option", { value: count }, `${count}`));

    restore();
    if (!$("seed").value) $("seed").value = randomSeed();
    if (!$("toward").value) $("toward").value = randomSeed();
    showOutputs();

    /** The chosen class; null for one of each. */
    function chosenClass() {
        const chosen = $("classes").querySelector("select")?.value ?? document.querySelector("input[name=class]:checked")?.value;
        return chosen === undefined || chosen === "each" ? null : Number(chosen);
    }

    function subject(index) {
        if (isText) return $("prompt").value || "Image";
        const label = chosenClass() ?? (classNames.length ? index % classNames.length : null);
        return label === null ? "Image" : classNames[label] === `${label}` ? `Class ${label}` : classNames[label];
    }

    function order(model) {
        const label = classNames.length ? chosenClass() : null;
        const order = { model: model.id, seed: Number($("seed").value), count: Number($("count").value) };
        if (classNames.length && label === null) order.count = Math.min(classNames.length, model.mostImages);
        if (label !== null) order.class = label;
        if (Number($("fraction").value) > 0) {
            order.toward = Number($("toward").value);
            order.fraction = Number($("fraction").value);
        }
        if (model.takesPrompts) order.prompt = $("prompt").value;
        if (model.mostSteps > 1 && model.role === "teacher") {
            order.steps = Number($("steps").value);
            if (model.takesPrompts) {
                order.guidance = Number($("guidance").value);
                if (order.guidance > 1) order.negativePrompt = $("negative").value;
            }
        }
        return order;
    }

    function showOutputs() {
        document.querySelector("output[for=fraction]").textContent = `${Math.round($("fraction").value * 100)} %`;
        document.querySelector("output[for=steps]").textContent = $("steps").value;
        document.querySelector("output[for=guidance]").textContent = $("guidance").value;
        $("count").disabled = classNames.length > 0 && chosenClass() === null;
    }

    function summarize() {
        const [fast, slow] = [benches.find((b) => b.model.role === "generator"), benches.find((b) => b.model.role === "teacher")];
        if (!fast?.answer || !slow?.answer || benches.some((bench) => bench.figure.classList.contains("stale"))) return;
        const times = slow.answer.seconds / fast.answer.seconds;
        $("summary").textContent =
            `${slow.answer.evaluations} evaluations became ${fast.answer.evaluations}: the generator was ${times < 10 ? times.toFixed(1) : Math.round(times)} times as fast.`;
    }

    function showCommand() {
        const request = order(models[0]);
        const body = { prompt: isText ? request.prompt : classNames.length ? `${request.class ?? 0}` : "", seed: request.seed, n: isText || request.class != null || !classNames.length ? request.count : 1, response_format: "b64_json" };
        $("command").textContent =
            `curl ${location.origin}/v1/images/generations \\\n  -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`;
    }

    const quick = benches.filter((bench) => bench.model.role === "generator");
    const slow = benches.filter((bench) => bench.model.role !== "generator");
    let later;

    /** Generators follow every move; teachers come when the hand rests. */
    function refresh({ now = false } = {}) {
        showOutputs();
        showCommand();
        keep();
        if (!$("order").checkValidity()) return;
        for (const bench of slow) bench.figure.classList.add("stale");
        for (const bench of quick) follow(bench);
        clearTimeout(later);
        later = setTimeout(() => { for (const bench of slow) bench.fill(order(bench.model), subject, summarize); }, now ? 0 : 250);
    }

    /** Fills a figure with what the form says when it is done with what it said before. */
    async function follow(bench) {
        bench.isDue = true;
        if (bench.isFollowing) return;
        bench.isFollowing = true;
        while (bench.isDue) {
            bench.isDue = false;
            await bench.fill(order(bench.model), subject, summarize);
        }
        bench.isFollowing = false;
    }

    function keep() {
        const state = new URLSearchParams({ seed: $("seed").value, toward: $("toward").value, fraction: $("fraction").value });
        if (classNames.length) state.set("class", chosenClass() ?? "each");
        if (teacher) state.set("steps", $("steps").value);
        if (isText) state.set("prompt", $("prompt").value);
        state.set("count", $("count").value);
        if (location.hash.startsWith("#try") || location.hash === "") history.replaceState(null, "", `#try?${state}`);
    }

    function restore() {
        const state = new URLSearchParams(location.hash.startsWith("#try?") ? location.hash.slice(5) : "");
        for (const name of ["seed", "toward", "fraction", "steps", "prompt", "count"]) {
            if (state.has(name)) $(name).value = state.get(name);
        }
        if (!$("count").value) $("count").value = "1";
        const label = state.get("class");
        const select = $("classes").querySelector("select");
        if (label !== null && select) select.value = label;
        const chip = label !== null && /^(each|\d+)$/.test(label) && document.querySelector(`input[name=class][value="${label}"]`);
        if (chip) chip.checked = true;
    }

    function makeClasses(names) {
        $("class-fields").hidden = names.length === 0;
        const options = [["each", "One of each"], ...names.map((name, index) => [index, name])].filter(
            ([value]) => value !== "each" || names.length <= Math.min(...models.map((model) => model.mostImages)));
        if (names.length > 20) {
            $("classes").append(make("select", { "aria-label": "Class" }, ...options.map(([value, name]) => make("option", { value }, name))));
            return;
        }
        for (const [value, name] of options) {
            $("classes").append(make("label", {}, make("input", { type: "radio", name: "class", value, checked: value === options[0][0] }), make("span", {}, name)));
        }
    }

    let walk = null;
    /** Goes to the other seed and back until it is stopped. */
    function toggleWalk() {
        if (walk) {
            clearInterval(walk);
            walk = null;
        } else {
            let direction = 1;
            walk = setInterval(() => {
                if (quick.some((bench) => bench.isBusy)) return;
                const next = Number($("fraction").value) + 0.02 * direction;
                if (next >= 1 || next <= 0) direction = next >= 1 ? -1 : 1;
                $("fraction").value = Math.min(1, Math.max(0, next));
                refresh();
            }, 60);
        }
        $("play").setAttribute("aria-pressed", `${walk !== null}`);
        $("play").textContent = walk ? "Stop walking" : "Walk";
    }

    $("order").addEventListener("submit", (event) => { event.preventDefault(); refresh({ now: true }); });
    $("order").addEventListener("input", () => (isLive ? refresh() : (showOutputs(), showCommand())));
    $("new-seed").addEventListener("click", () => { $("seed").value = randomSeed(); refresh({ now: true }); });
    $("play").addEventListener("click", toggleWalk);
    $("play").hidden = quick.length === 0 || !isLive;
    if (isLive) refresh({ now: true });
    else showCommand();
}
