/*
Draws the rows and the axis of the timeline.

    taskRow(model, {index}, top, {x, left, times, isChosen}), headRow({runner, count}, top, {left})
    axis(times, rows, {x, left, top, width}) → {lines, labels}, to be drawn below and above the rows

`x(moment)` is where a moment is, `left` and `top` how far the timeline is scrolled: names and axis stay.
*/

import {svgElement} from "../graph/svg.js";
import {exact} from "../moments.js";
import {duration} from "./duration.js";

export const ROW = 26;
export const NAMES = 190;
export const AXIS = 26;
const BAR = 12;
const MIN_BAR = 2;
const MAX_NAME = 26;
const MIN_MARK_WIDTH = 88;
const SECOND_MARKS = 60;
const DAY = 86400;
const INTERVALS = [
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

const at = (moment) => exact(new Date(moment * 1000)).slice(11);
const shortened = (text) => (text.length > MAX_NAME ? `${text.slice(0, MAX_NAME - 1)}…` : text);

export const headRow = ({runner, count}, top, {left}) =>
    svgElement(
        "g",
        {class: "head-row"},
        svgElement("text", {x: left + 8, y: top + 17}, `${runner} · ${count.toLocaleString("en")}`),
    );

export const taskRow = (model, {index}, top, {x, left, times, isChosen}) => {
    const {name, started, finished, dispatched} = model.tasks[index];
    const end = finished ?? model.now();
    const start = started ?? end;
    const sent = Math.min(dispatched ?? start, start);
    const ready = Math.min(Math.max(times.from, model.readyAt(index)), sent);
    const isCritical = times.critical.has(index);
    const bar = (className, from, to, more = {}) =>
        svgElement("rect", {
            class: className,
            x: x(from),
            width: Math.max(MIN_BAR, x(to) - x(from)),
            y: top + 6,
            height: BAR,
            rx: 2,
            ...more,
        });
    const ghost = times.ghostOf(index);
    const told = [
        `${name}: ${model.word(index)}`,
        `waited ${duration(sent - ready)}, with its runner for ${duration(start - sent)} before it started`,
        started
            ? `ran ${duration(end - started)}: ${at(started)} to ${finished ? at(finished) : "now"}`
            : "",
    ];
    const parts = [
        svgElement("title", {}, told.filter(Boolean).join("\n")),
        svgElement("rect", {class: "ground", x: 0, y: top, width: "100%", height: ROW}),
        ...(ghost
            ? [
                  bar("ghost", times.from + ghost.started, times.from + ghost.finished, {
                      y: top + 20,
                      height: 3,
                  }),
              ]
            : []),
        ...(sent > ready ? [bar("waited", ready, sent, {y: top + 10, height: 4})] : []),
        ...(start > sent ? [bar("queued", sent, start)] : []),
        ...(started ? [bar("ran", started, end)] : []),
        svgElement(
            "text",
            {class: "length", x: x(end) + 6, y: top + 16},
            started ? duration(end - started) : "",
        ),
        svgElement("rect", {class: "name-ground", x: left, y: top, width: NAMES - 8, height: ROW}),
        svgElement(
            "text",
            {class: "name", x: left + 8, y: top + 17},
            shortened(`${isCritical ? "★ " : ""}${name}`),
        ),
    ];
    const classes = ["bar-row", `kind-${model.kind(index)}`];
    return svgElement(
        "g",
        {
            class: [...classes, isCritical && "is-critical", isChosen && "is-chosen"]
                .filter(Boolean)
                .join(" "),
        },
        ...parts,
    );
};

/* Marks at round times of the day, as the reader's clock has them. */
export const axis = ({from, until}, rows, {x, left, top, width}) => {
    const perSecond = (x(until) - x(from)) / (until - from);
    const interval =
        INTERVALS.find((each) => each * perSecond >= MIN_MARK_WIDTH) ??
        DAY * Math.ceil(MIN_MARK_WIDTH / perSecond / DAY);
    const zone = new Date(from * 1000).getTimezoneOffset() * 60;
    const first = Math.ceil((from - zone) / interval) * interval + zone;
    const lines = [];
    const labels = [];
    for (let moment = first; moment <= until; moment += interval) {
        const [place, text] = [x(moment), at(moment)];
        lines.push(
            svgElement("line", {x1: place, x2: place, y1: top + AXIS - 6, y2: AXIS + rows * ROW}),
        );
        if (place > left + NAMES - 12) {
            const shown = interval < SECOND_MARKS ? text : text.slice(0, 5);
            labels.push(svgElement("text", {x: place + 4, y: top + 16}, shown));
        }
    }
    const ground = svgElement("rect", {
        class: "axis-ground",
        x: left,
        y: top,
        width,
        height: AXIS - 2,
    });
    return {
        lines: svgElement("g", {class: "axis", "aria-hidden": "true"}, ...lines),
        labels: svgElement("g", {class: "axis", "aria-hidden": "true"}, ground, ...labels),
    };
};
