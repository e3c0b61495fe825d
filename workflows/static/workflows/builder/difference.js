/* Draws a template, or what differs between two versions, into `#drawing`, from the data beside it. */

import {createDrawing} from "../graph/draw.js";
import {plan} from "../graph/layout.js";
import {WORDS} from "./work.js";

const start = (host) => {
    const {steps, edges} = JSON.parse(document.getElementById("drawing-data").textContent);
    const index = new Map(steps.map((step, number) => [step.step_id, number]));
    /* The steps of both versions together may form a cycle, which the layout allows. */
    const links = edges.map(({upstream, downstream}) => [
        index.get(upstream),
        index.get(downstream),
    ]);
    const isPlain = steps.every((step) => step.change === "same");
    const vertices = steps.map(({step_id: id, title, change, fields, work}) => {
        const about = change === "changed" ? fields.join(", ") : change === "same" ? "" : change;
        const otherwise = title === id ? (WORDS[work] ?? "") : title;
        return {
            title: id,
            note: about || otherwise,
            kind: isPlain ? "step" : change,
            icon: isPlain ? (work ?? "step") : change,
            more: change === "changed" ? "changed" : "",
        };
    });
    const drawing = createDrawing(host, {
        label: "The steps, from left to right",
        icons: host.dataset.icons,
    });
    drawing.show(vertices, links, plan(steps.length, links));
    edges.forEach(({change}, number) => {
        if (change !== "same") {
            drawing.paintEdge(number, change);
        }
    });
    /* Legibly, and at what has changed where not all of it fits. */
    const changed = steps.findIndex(({change}) => change !== "same");
    drawing.open(Math.max(0, changed));
};

const host = document.getElementById("drawing");
if (host) {
    start(host);
}
