/*
What floats in the graph of a run: find a step, how many tasks are in which state, zoom, full screen.

    const tools = createTools(stage, model, {mark, goTo, show, zoom, fit})
    tools.count()            tasks may have changed their state
    tools.showScale(scale)
    tools.bottom()           how far down the tools at the top reach

`zoom(factor)` zooms, without a factor to 100 %. `show(index)` brings a task into sight, `goTo(index)`
chooses it, too.
*/

import {button, element} from "../dom.js";

const GROUPS = [
    "failed",
    "running",
    "dispatched",
    "approval",
    "held",
    "ready",
    "blocked",
    "pending",
    "canceled",
    "success",
];
const ZOOM = 1.3;

export const createTools = (stage, model, {mark, goTo, show, zoom, fit}) => {
    const found = element("span", {className: "found", role: "status"});
    const search = element("input", {
        type: "search",
        placeholder: "Find a step",
        "aria-label": "Find a step",
        "aria-keyshortcuts": "/",
    });
    const groups = element("div", {className: "groups"});
    const tool = (text, label, act) =>
        button(text, act, {className: "tool", title: label, "aria-label": label});
    const scale = button("100 %", () => zoom(), {className: "tool", title: "Zoom to 100 %"});
    const glyph = (name) =>
        element("span", {className: `icon icon-${name}`, "aria-hidden": "true"});
    const full = tool("", "Full screen", () =>
        document.fullscreenElement ? document.exitFullscreen() : stage.requestFullscreen(),
    );
    full.append(glyph("expand"));
    const top = element(
        "div",
        {className: "floating tools-top"},
        element("label", {className: "search"}, glyph("search"), search, found),
        groups,
    );
    stage.append(
        top,
        element(
            "div",
            {className: "floating tools-zoom"},
            tool("−", "Zoom out", () => zoom(1 / ZOOM)),
            scale,
            tool("+", "Zoom in", () => zoom(ZOOM)),
            tool("Fit", "Fit: show all of the graph", fit),
            document.fullscreenEnabled ? full : null,
        ),
        element(
            "p",
            {className: "floating tools-key", "aria-hidden": "true"},
            element("span", {className: "key-bar"}),
            "how long it took",
            element("span", {className: "key-tick"}),
            "usual (median of the last 20)",
        ),
    );
    const visited = {}; /* the position in each list that clicks go through */
    let matches = [];
    let counted = "";

    const goToNext = (list, indexes) => {
        visited[list] = ((visited[list] ?? -1) + 1) % indexes.length;
        goTo(indexes[visited[list]]);
    };
    const groupOf = (index) => (model.isBlocked(index) ? "blocked" : model.kind(index));

    const find = () => {
        const text = search.value.trim().toLowerCase();
        const contains = ({name, title}) => `${name}\n${title}`.toLowerCase().includes(text);
        matches = text ? model.where((index) => contains(model.tasks[index])) : [];
        mark(new Set(matches));
        found.textContent = text ? `${matches.length} found` : "";
        delete visited.matches;
        if (matches.length) {
            show(matches[0]);
        }
    };
    search.addEventListener("input", find);
    search.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && search.value) {
            search.value = "";
            find();
            event.stopPropagation();
        }
        if (event.key === "Enter" && matches.length) {
            event.preventDefault();
            goToNext("matches", matches);
        }
    });

    /* A click goes to the next task of the group. The chips are drawn anew only if the numbers have
       changed, since a click is lost if its button is replaced meanwhile. */
    const chip = (group, count) =>
        button(
            `${count.toLocaleString("en")} ${group}`,
            () =>
                goToNext(
                    group,
                    model.where((index) => groupOf(index) === group),
                ),
            {
                className: `badge plain badge-${group === "blocked" ? "pending" : group}`,
                title: `Go to the next task that is ${group}`,
                "data-group": group,
            },
        );

    return {
        count() {
            const counts = {};
            for (const index of model.tasks.keys()) {
                const group = groupOf(index);
                counts[group] = (counts[group] ?? 0) + 1;
            }
            if (JSON.stringify(counts) === counted) {
                return;
            }
            counted = JSON.stringify(counts);
            const focused = document.activeElement?.dataset.group;
            const shown = GROUPS.filter((group) => counts[group]);
            groups.replaceChildren(...shown.map((group) => chip(group, counts[group])));
            if (focused) {
                groups.querySelector(`[data-group="${focused}"]`)?.focus();
            }
        },
        bottom: () => top.offsetTop + top.offsetHeight,
        showScale(value) {
            const percent = `${Math.round(value * 100)} %`;
            if (scale.textContent !== percent) {
                scale.textContent = percent;
            }
        },
    };
};
