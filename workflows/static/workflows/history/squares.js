/* The squares of the grid, each drawn once and used for every cell of its kind. */

import {svgElement} from "../graph/svg.js";

/* The letters of `grid.py`. */
export const LETTERS = {
    s: "success",
    t: "retried",
    h: "by-hand",
    f: "failed",
    c: "canceled",
    r: "running",
    d: "dispatched",
    a: "approval",
    p: "pending",
    i: "idle",
};

/* What the legend and the tips call them. */
export const WORDS = {
    success: "success",
    retried: "success after a retry",
    "by-hand": "set by hand",
    failed: "failed",
    canceled: "canceled",
    running: "running",
    dispatched: "waits at its runner",
    approval: "waits for approval",
    pending: "to come",
    idle: "did not run",
};

/* The sign in the middle of a square of 20 by 20, so that no state is told by its colour alone. */
const SIGNS = {
    retried: ["circle", {cx: 0, cy: 0, r: 3}],
    "by-hand": ["path", {d: "M-4,4l1-3.4L2.5-5l2.5 2.5L-.6 3z"}],
    failed: ["path", {class: "line", d: "M-3.2-3.2L3.2 3.2M3.2-3.2L-3.2 3.2"}],
    canceled: ["path", {class: "line", d: "M-4 0H4"}],
    running: ["path", {d: "M-3-4.5V4.5L4.5 0z"}],
    dispatched: ["path", {class: "line", d: "M-4 0H3M.5-2.8L3.4 0L.5 2.8"}],
    approval: ["path", {d: "M0-5a2.2 2.2 0 1 1-.1 0zM-4 4.5a4 4 0 0 1 8 0z"}],
};

export const define = ({width, height}) =>
    svgElement(
        "defs",
        {},
        ...Object.entries(LETTERS).map(([letter, kind]) => square(letter, kind, width, height)),
    );

const square = (letter, kind, width, height) => {
    const isEmpty = kind === "idle" || kind === "pending";
    const inset = isEmpty ? 0.5 : 0;
    const shape = svgElement(
        "g",
        {id: `square-${letter}`, class: `square kind-${kind}`},
        svgElement("rect", {
            x: inset,
            y: inset,
            width: width - 2 * inset,
            height: height - 2 * inset,
            rx: Math.min(4, height / 4),
        }),
    );
    if (SIGNS[kind]) {
        const [name, attributes] = SIGNS[kind];
        const scale = Math.min(1, height / 14);
        const transform = `translate(${width / 2} ${height / 2}) scale(${scale})`;
        const className = `sign ${attributes.class ?? ""}`.trim();
        shape.append(svgElement(name, {...attributes, class: className, transform}));
    }
    return shape;
};

/* The kinds that occur, each with a square and its word. */
export const legend = (kinds) =>
    Object.entries(LETTERS)
        .filter(([letter]) => kinds.has(letter))
        .map(([letter, kind]) => {
            const item = document.createElement("li");
            const drawing = svgElement("svg", {viewBox: "0 0 20 20", width: 12, height: 12});
            drawing.append(svgElement("use", {href: `#square-${letter}`}));
            item.append(drawing, WORDS[kind]);
            return item;
        });
