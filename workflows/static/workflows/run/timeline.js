/*
The tab with the timeline: one row per task, its waiting and its running; the critical path is marked.

    const tab = createTimeline(host, model, {choose})
    tab.paint(), tab.choose(index), tab.shown()

Only the rows in sight are drawn, so that ten thousand tasks cost no more than thirty.
*/

import {svgElement} from "../graph/svg.js";
import {duration} from "./duration.js";

const ROW = 26;
const BAR = 14;
const NAMES = 220;
const AXIS = 24;
const RIGHT = 64;
const MIN_WIDTH = 480;
const MAX_NAME = 30;
const MAX_MARKS = 8;
const DAY = 86400;
const INTERVALS = [
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    14400,
    43200,
    DAY,
];

export const createTimeline = (host, model, {choose}) => {
    const legend = document.createElement("p");
    legend.className = "more";
    const scroller = document.createElement("div");
    scroller.className = "timeline-host";
    scroller.tabIndex = 0;
    scroller.setAttribute("role", "group");
    scroller.setAttribute("aria-label", "Timeline of the run: arrow keys choose a task");
    const svg = svgElement("svg", {class: "timeline"});
    scroller.append(svg);
    host.append(legend, scroller);
    const {tasks, now} = model;
    let shown = []; /* indexes of the tasks that have a row, from top to bottom */
    let critical = new Set();
    let from = 0;
    let until = 1;
    let chosen = null;
    let isStale = true;

    const beginning = (index) => tasks[index].started ?? tasks[index].dispatched;

    const read = () => {
        shown = model
            .where((index) => beginning(index) && tasks[index].state !== "pending")
            .sort((one, other) => beginning(one) - beginning(other) || one - other);
        critical = model.criticalPath();
        from = Math.min(model.started ?? Infinity, ...shown.slice(0, 1).map(beginning));
        until = shown.reduce(
            (end, index) => Math.max(end, tasks[index].finished ?? now()),
            from + 0.1,
        );
        legend.textContent = explanation();
        scroller.hidden = !shown.length;
        isStale = false;
    };

    const explanation = () => {
        if (!shown.length) {
            return "No task has been dispatched yet: the timeline shows each task once it has been dispatched.";
        }
        const [some, all] = [shown.length, tasks.length].map((count) => count.toLocaleString("en"));
        return (
            `${some} of ${all} tasks have been dispatched, in ${duration(until - from)}. ` +
            "Pale: waiting to start; full: running; ★: the critical path, which decided when the run ended."
        );
    };

    const row = (index, position, x) => {
        const {name, started, finished} = tasks[index];
        const top = AXIS + position * ROW;
        const start = started ?? finished ?? now();
        const end = finished ?? now();
        const ready = Math.min(Math.max(from, model.readyAt(index)), start);
        const isCritical = critical.has(index);
        const text = `${isCritical ? "★ " : ""}${name}`;
        const bar = {y: top + 6, height: BAR};
        const parts = [
            svgElement(
                "title",
                {},
                `${name}: ${model.note(index)}, waited ${duration(start - ready)}`,
            ),
            svgElement("rect", {class: "ground", x: 0, y: top, width: "100%", height: ROW}),
            svgElement("text", {x: 8, y: top + 17}, shortened(text)),
            svgElement("rect", {
                ...bar,
                class: "waited",
                x: x(ready),
                width: Math.max(0, x(start) - x(ready)),
                rx: 2,
            }),
        ];
        if (started) {
            const width = Math.max(2, x(end) - x(started));
            parts.push(
                svgElement("rect", {...bar, class: "ran", x: x(started), width, rx: 3}),
                svgElement(
                    "text",
                    {class: "length", x: x(end) + 6, y: top + 17},
                    duration(end - started),
                ),
            );
        }
        const classes = ["bar-row", `kind-${model.kind(index)}`];
        if (isCritical) {
            classes.push("is-critical");
        }
        if (index === chosen) {
            classes.push("is-chosen");
        }
        return svgElement("g", {class: classes.join(" ")}, ...parts);
    };

    const axis = (x, width) => {
        const length = until - from;
        const interval =
            INTERVALS.find((each) => length / each <= MAX_MARKS) ??
            DAY * Math.ceil(length / DAY / MAX_MARKS);
        const marks = [];
        for (let passed = 0; passed <= length; passed += interval) {
            const at = x(from + passed);
            marks.push(
                svgElement("line", {x1: at, x2: at, y1: AXIS - 6, y2: AXIS + shown.length * ROW}),
                svgElement(
                    "text",
                    {x: Math.min(at + 3, width - 40), y: 12},
                    passed ? duration(passed) : "0",
                ),
            );
        }
        return svgElement("g", {class: "axis", "aria-hidden": "true"}, ...marks);
    };

    const draw = () => {
        if (host.hidden) {
            isStale = true;
            return;
        }
        if (isStale) {
            read();
        }
        const width = Math.max(MIN_WIDTH, scroller.clientWidth);
        const x = (moment) => NAMES + ((width - NAMES - RIGHT) * (moment - from)) / (until - from);
        svg.setAttribute("width", width);
        svg.setAttribute("height", AXIS + shown.length * ROW + 4);
        const first = Math.max(0, Math.floor((scroller.scrollTop - AXIS) / ROW) - 4);
        const last = Math.ceil((scroller.scrollTop + scroller.clientHeight) / ROW) + 4;
        const rows = shown.slice(first, last).map((index, i) => row(index, first + i, x));
        svg.replaceChildren(axis(x, width), ...rows);
    };

    scroller.addEventListener("scroll", () => requestAnimationFrame(draw));
    scroller.addEventListener("click", (event) => {
        /* By its place: the row itself may have been drawn anew since the button went down. */
        const at = Math.floor((event.clientY - svg.getBoundingClientRect().top - AXIS) / ROW);
        if (shown[at] !== undefined) {
            choose(shown[at]);
        }
    });
    scroller.addEventListener("keydown", (event) => {
        const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
        if (!step || !shown.length) {
            return;
        }
        event.preventDefault();
        const at = Math.max(0, Math.min(shown.length - 1, shown.indexOf(chosen) + step));
        scroller.scrollTop = Math.max(0, AXIS + (at + 0.5) * ROW - scroller.clientHeight / 2);
        choose(shown[at]);
    });
    addEventListener("resize", draw);

    return {
        paint() {
            isStale = true;
            draw();
        },
        choose(index) {
            chosen = index;
            draw();
        },
        shown: draw,
    };
};

const shortened = (text) => (text.length > MAX_NAME ? `${text.slice(0, MAX_NAME - 1)}…` : text);
