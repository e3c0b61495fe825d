/*
The tab with the timeline: one row a task, waiting and running; the critical path is marked.

    const tab = createTimeline(host, model, {choose})
    tab.paint(), tab.choose(v), tab.shown()

Only the rows in sight are drawn, so that ten thousand tasks are no more work than thirty.
*/

import {svgElement} from "../graph/draw.js";
import {duration, now} from "./model.js";

const ROW = 26,
    BAR = 14,
    NAMES = 220,
    AXIS = 24,
    RIGHT = 64;
const STEPS = [
    0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200,
    86400,
];

export const createTimeline = (host, model, {choose}) => {
    const note = document.createElement("p");
    note.className = "more";
    const scroller = document.createElement("div");
    scroller.className = "timeline-host";
    scroller.tabIndex = 0;
    scroller.setAttribute("role", "group");
    scroller.setAttribute("aria-label", "Timeline of the run: arrow keys choose a task");
    const svg = svgElement("svg", {class: "timeline"});
    scroller.append(svg);
    host.append(note, scroller);
    let begun = [],
        critical = new Set(),
        from = 0,
        until = 1,
        chosen = null,
        dirty = true;

    const read = () => {
        const at = ([, , , , dispatched, started]) => started ?? dispatched;
        begun = model.rows.flatMap((row, v) =>
            at(row) && model.state(v) !== "pending" ? [v] : [],
        );
        begun.sort((v, w) => at(model.rows[v]) - at(model.rows[w]) || v - w);
        critical = model.critical();
        from = Math.min(
            model.started ?? Infinity,
            ...begun.slice(0, 1).map((v) => at(model.rows[v])),
        );
        until = begun.reduce((end, v) => Math.max(end, model.rows[v][6] ?? now()), from + 0.1);
        note.textContent = begun.length
            ? `${begun.length.toLocaleString("en")} of ${model.count.toLocaleString("en")} tasks have begun, in ${duration(until - from)}. ` +
              "Pale: waiting for a place; full: running; ★: the critical path, which decided the end."
            : "Nothing has begun yet: the timeline shows each task once it has been dispatched.";
        scroller.hidden = !begun.length;
        dirty = false;
    };

    const row = (v, i, x) => {
        const [, , , , dispatched, started, finished] = model.rows[v];
        const top = AXIS + i * ROW;
        const start = started ?? finished ?? now(),
            end = finished ?? now();
        const ready = Math.min(Math.max(from, model.readyAt(v)), start);
        const isCritical = critical.has(v);
        const text = `${isCritical ? "★ " : ""}${model.name(v)}`;
        const told = `${model.name(v)}: ${model.note(v)}, waited ${duration(start - ready)}`;
        const parts = [
            svgElement("title", {}, told),
            svgElement("rect", {class: "ground", x: 0, y: top, width: "100%", height: ROW}),
            svgElement(
                "text",
                {x: 8, y: top + 17},
                text.length > 30 ? `${text.slice(0, 29)}…` : text,
            ),
            svgElement("rect", {
                class: "waited",
                x: x(ready),
                y: top + 6,
                width: Math.max(0, x(start) - x(ready)),
                height: BAR,
                rx: 2,
            }),
        ];
        if (started) {
            const width = Math.max(2, x(end) - x(started));
            parts.push(
                svgElement("rect", {
                    class: "ran",
                    x: x(started),
                    y: top + 6,
                    width,
                    height: BAR,
                    rx: 3,
                }),
                svgElement(
                    "text",
                    {class: "length", x: x(end) + 6, y: top + 17},
                    duration(end - started),
                ),
            );
        }
        const classes = ["bar-row", `kind-${model.kind(v)}`];
        if (isCritical) {
            classes.push("is-critical");
        }
        if (v === chosen) {
            classes.push("is-chosen");
        }
        return svgElement("g", {class: classes.join(" ")}, ...parts);
    };

    const axis = (x, width) => {
        const step =
            STEPS.find((each) => (until - from) / each <= 8) ??
            86400 * Math.ceil((until - from) / 86400 / 8);
        const marks = [];
        for (let t = 0; t <= until - from; t += step) {
            marks.push(
                svgElement("line", {
                    x1: x(from + t),
                    x2: x(from + t),
                    y1: AXIS - 6,
                    y2: AXIS + begun.length * ROW,
                }),
                svgElement(
                    "text",
                    {x: Math.min(x(from + t) + 3, width - 40), y: 12},
                    t ? duration(t) : "0",
                ),
            );
        }
        return svgElement("g", {class: "axis", "aria-hidden": "true"}, ...marks);
    };

    const draw = () => {
        if (host.hidden) {
            dirty = true;
            return;
        }
        if (dirty) {
            read();
        }
        const width = Math.max(480, scroller.clientWidth);
        const x = (t) => NAMES + ((width - NAMES - RIGHT) * (t - from)) / (until - from);
        svg.setAttribute("width", width);
        svg.setAttribute("height", AXIS + begun.length * ROW + 4);
        const first = Math.max(0, Math.floor((scroller.scrollTop - AXIS) / ROW) - 4);
        const last = Math.ceil((scroller.scrollTop + scroller.clientHeight) / ROW) + 4;
        const rows = begun.slice(first, last).map((v, i) => row(v, first + i, x));
        svg.replaceChildren(axis(x, width), ...rows);
    };

    scroller.addEventListener("scroll", () => requestAnimationFrame(draw));
    scroller.addEventListener("click", (event) => {
        /* By its place: the row itself may have been drawn anew since the button went down. */
        const at = Math.floor((event.clientY - svg.getBoundingClientRect().top - AXIS) / ROW);
        if (begun[at] !== undefined) {
            choose(begun[at]);
        }
    });
    scroller.addEventListener("keydown", (event) => {
        const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
        if (!step || !begun.length) {
            return;
        }
        event.preventDefault();
        const at = Math.max(0, Math.min(begun.length - 1, begun.indexOf(chosen) + step));
        scroller.scrollTop = Math.max(0, AXIS + (at + 0.5) * ROW - scroller.clientHeight / 2);
        choose(begun[at]);
    });
    addEventListener("resize", draw);

    return {
        paint() {
            dirty = true;
            draw();
        },
        choose(v) {
            chosen = v;
            draw();
        },
        shown: draw,
    };
};
