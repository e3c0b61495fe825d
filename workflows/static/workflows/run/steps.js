/*
The tab with the steps of a run as a list, for narrow windows: what is done, or waits alike, is folded.

    const tab = createSteps(host, model, {icons, choose})
    tab.paint(), tab.shown()
*/

import {element} from "../dom.js";
import {svgElement} from "../graph/svg.js";
import {duration} from "./duration.js";

const FOLDED = ["success", "pending"];
const MIN_FOLDED = 3;
const MAX_ROWS = 200;

export const createSteps = (host, model, {icons, choose}) => {
    const list = element("div", {className: "step-list"});
    host.append(list);
    let isStale = true;

    const row = (index) => {
        const seconds = model.secondsRun(index);
        const kind = model.kind(index);
        return element(
            "button",
            {
                type: "button",
                className: `step-row kind-${kind}${model.isBlocked(index) ? " is-blocked" : ""}`,
                onclick: () => choose(index),
            },
            sign(model.icon(index)),
            element("span", {className: "name"}, model.tasks[index].name),
            element("span", {className: "note"}, noteOf(index)),
            element("span", {className: "length"}, seconds === null ? "" : duration(seconds)),
        );
    };
    /* Without what stands beside it already: how long it took. */
    const noteOf = (index) => {
        const texts = model.note(index).split(" · ");
        const seconds = model.secondsRun(index);
        const length = seconds === null ? "" : duration(seconds);
        return texts.filter((text) => text !== length && text !== "success").join(" · ");
    };
    const sign = (icon) => {
        const use = svgElement("use", {href: `${icons}#${icon}`});
        return svgElement("svg", {class: "sign", viewBox: "0 0 16 16", "aria-hidden": "true"}, use);
    };
    const fold = (indexes) => {
        const [first, last] = [indexes[0], indexes.at(-1)].map((index) => model.tasks[index].name);
        const folded = element(
            "details",
            {className: `step-fold kind-${model.kind(indexes[0])}`},
            element(
                "summary",
                {className: "step-row"},
                sign(model.icon(indexes[0])),
                element("span", {className: "name"}, `${first} … ${last}`),
                element(
                    "span",
                    {className: "note"},
                    `${indexes.length.toLocaleString("en")} steps`,
                ),
            ),
        );
        folded.addEventListener(
            "toggle",
            () => folded.append(...indexes.slice(0, MAX_ROWS).map(row)),
            {once: true},
        );
        return folded;
    };

    const draw = () => {
        if (host.hidden || !isStale || list.querySelector("details[open]")) {
            return;
        }
        isStale = false;
        const groups = grouped(model);
        list.replaceChildren(
            ...groups
                .flatMap((group) => (group.length < MIN_FOLDED ? group.map(row) : [fold(group)]))
                .slice(0, MAX_ROWS),
        );
    };
    return {
        paint() {
            isStale = true;
            draw();
        },
        shown: draw,
    };
};

/* Neighbours that are all done, or all wait, are one group; every other step is one of its own. */
const grouped = (model) => {
    const groups = [];
    let before = null;
    for (const index of model.order) {
        const kind = model.kind(index);
        const sort = FOLDED.includes(kind) && !model.tasks[index].approved_by ? kind : null;
        if (sort !== null && sort === before) {
            groups.at(-1).push(index);
        } else {
            groups.push([index]);
        }
        before = sort;
    }
    return groups;
};
