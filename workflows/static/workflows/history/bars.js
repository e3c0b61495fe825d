/* Above the grid: how long each run took, with the usual duration as a dashed line. */

import {svgElement} from "../graph/svg.js";
import {duration} from "../run/duration.js";

const TOP = 18;
const FOOT = 14;
const ENDED = ["success", "failed", "aborted"];
const LABELLED = 1.5; /* from so many times the usual duration a bar says how many */
const KINDS = {success: "success", failed: "failed", running: "running"};

export const drawBars = (svg, {runs, usual}, size) => {
    const height = size.barsHeight;
    svg.setAttribute("width", size.width);
    svg.setAttribute("height", height);
    svg.setAttribute("viewBox", `0 0 ${size.width} ${height}`);
    const shown = runs.slice(size.first);
    /* A run that is not over may take any time: its bar ends at the top. */
    const ended = shown.filter(([, state]) => ENDED.includes(state));
    const longest = Math.max(
        2 * (usual ?? 0),
        ...ended.map(([, , , seconds]) => seconds ?? 0),
        1e-3,
    );
    const y = (seconds) => height - FOOT - Math.min(1, seconds / longest) * (height - FOOT - TOP);
    const end = size.x(size.columns - 1) + size.square.width;
    const line = (seconds, className) =>
        svgElement("line", {
            class: className,
            x1: size.x(0) - 4,
            x2: end + 4,
            y1: y(seconds),
            y2: y(seconds),
        });
    const label = (seconds, text) =>
        svgElement("text", {class: "axis", x: size.x(0) - 12, y: y(seconds), dy: ".35em"}, text);

    svg.replaceChildren(
        svgElement("rect", {class: "ground", width: size.width, height}),
        svgElement("rect", {
            class: "lit-column",
            x: -100,
            y: 4,
            width: size.square.width + 4,
            height,
        }),
        line(0, "axis-line"),
        line(longest, "axis-line"),
        label(0, "0"),
        label(longest, duration(longest)),
        ...shown.map((run, column) => bar(run, column, {usual, y, size})),
        ...(usual ? [line(usual, "usual-line"), label(usual, `${duration(usual)} usual`)] : []),
        svgElement("text", {class: "axis", x: size.width - 8, y: height - 4}, "usual"),
    );
};

const bar = ([id, state, , seconds], column, {usual, y, size}) => {
    const group = svgElement("g", {class: `bar kind-${KINDS[state] ?? "stopped"}`, "data-run": id});
    if (seconds === null) {
        return group;
    }
    const {width} = size.square;
    const height = Math.max(2, y(0) - y(seconds));
    group.append(
        svgElement("rect", {
            x: size.x(column) + 2,
            y: y(0) - height,
            width: width - 4,
            height,
            rx: 2,
        }),
    );
    if (state === "success" && usual && seconds >= LABELLED * usual) {
        const at = {x: size.x(column) + width / 2, y: y(0) - height - 5};
        group.append(
            svgElement("text", {class: "factor", ...at}, `${(seconds / usual).toFixed(1)}×`),
        );
    }
    return group;
};
