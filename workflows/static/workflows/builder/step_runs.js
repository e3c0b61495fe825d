/* How a step went in the latest runs: how long it took, and what it left. */

import {element} from "../dom.js";
import {svgElement} from "../graph/svg.js";
import {duration} from "../run/duration.js";

const NOTHING = "No run of this template has executed this step yet.";
const HIDDEN = "Whoever may view runs and tasks sees its runs here.";
const BAR = {height: 14, gap: 6};
const WIDTH = 360;

export const timesTab = async (panel, asked) => {
    const found = await asked;
    const timed = found?.runs.filter(({seconds}) => seconds !== null) ?? [];
    if (!timed.length) {
        panel.replaceChildren(element("p", {className: "help"}, found ? NOTHING : HIDDEN));
        return;
    }
    const usual = found.usual ? `Usual: ${duration(found.usual)}.` : "";
    panel.replaceChildren(
        element("p", {}, `The last ${timed.length} times. ${usual}`),
        bars(timed, found.usual),
    );
};

const bars = (timed, usual) => {
    const longest = Math.max(...timed.map(({seconds}) => seconds), usual ?? 0) || 1;
    const step = BAR.height + BAR.gap;
    const scale = (WIDTH - 130) / longest;
    return svgElement(
        "svg",
        {
            class: "step-bars",
            width: WIDTH,
            height: timed.length * step,
            role: "img",
            "aria-label": "How long it took",
        },
        ...timed.map(({run, state, seconds}, index) => {
            const y = index * step;
            const width = Math.max(2, seconds * scale);
            return svgElement(
                "g",
                {class: `bar-${state}`},
                svgElement("text", {x: 0, y: y + 11}, String(run)),
                svgElement("rect", {x: 48, y, width, height: BAR.height, rx: 3}),
                svgElement(
                    "text",
                    {x: WIDTH, y: y + 11, "text-anchor": "end"},
                    `${state === "failed" ? "✕ " : ""}${duration(seconds)}`,
                ),
            );
        }),
        ...(usual
            ? [
                  svgElement("line", {
                      class: "usual",
                      x1: 48 + usual * scale,
                      x2: 48 + usual * scale,
                      y1: 0,
                      y2: timed.length * step,
                  }),
              ]
            : []),
    );
};

export const runsTab = async (panel, asked) => {
    const found = await asked;
    if (!found?.runs.length) {
        panel.replaceChildren(element("p", {className: "help"}, found ? NOTHING : HIDDEN));
        return;
    }
    const rows = found.runs.map(({run, state, seconds, url}) =>
        element(
            "tr",
            {},
            element("td", {}, element("a", {href: url}, `run ${run}`)),
            element("td", {}, element("span", {className: `badge plain badge-${state}`}, state)),
            element("td", {className: "amount"}, seconds === null ? "" : duration(seconds)),
        ),
    );
    panel.replaceChildren(
        element("table", {className: "step-runs"}, element("tbody", {}, rows)),
        ...(found.left ? [left(found.left)] : []),
    );
};

const left = ({run, result}) =>
    element(
        "div",
        {className: "field"},
        element("span", {className: "label"}, `What it left in run ${run}`),
        element(
            "ul",
            {className: "left"},
            result
                .slice(0, 40)
                .map(({path, type, value}) =>
                    element(
                        "li",
                        {},
                        element("code", {}, `result${path}`),
                        element("span", {className: "help"}, ` ${type} · ${value}`),
                    ),
                ),
        ),
    );
