/*
The tab with the graph of a run: tools above, the drawing below.

    const tab = createGraphTab(host, model, {icons, choose})
    tab.paint(changed)     draw the tasks anew that look different now
    tab.choose(index)      mark a task, with all that comes before and after it; null: none
    tab.reveal(index)      bring it into view
    tab.focus(index)       move the keyboard focus to it
    tab.shown()            the tab has just been opened
*/

import {button, element} from "../dom.js";
import {createDrawing} from "../graph/draw.js";
import {plan} from "../graph/layout.js";

const KINDS = [
    "failed",
    "running",
    "dispatched",
    "approval",
    "held",
    "ready",
    "pending",
    "canceled",
    "success",
];
const MIN_READABLE_SCALE = 0.6;
const MIN_VISIBLE_SCALE = 0.08;
const DETAIL_SCALE = 0.8;
const MANY_TASKS = 400; /* of so many an overview says more than a few of them in detail */
const MIN_HEIGHT = 180;

export const createGraphTab = (host, model, {icons, choose}) => {
    const search = element("input", {
        type: "search",
        placeholder: "Find a step",
        className: "search",
        "aria-label": "Find a step",
    });
    const found = element("span", {className: "found", role: "status"});
    const legend = element("div", {className: "legend"});
    const tool = (text, label, act) =>
        button(text, act, {className: "tool", title: label, "aria-label": label});
    const stage = element("div", {className: "graph-host"});
    const tools = element(
        "div",
        {className: "tools"},
        search,
        found,
        legend,
        tool("−", "Zoom out", () => zoom(1 / 1.3)),
        tool("+", "Zoom in", () => zoom(1.3)),
        tool("Fit", "Fit: show all of the graph", () => fit()),
    );
    host.append(tools, stage);

    const drawing = createDrawing(stage, {
        label: "Graph of the run",
        icons,
        choose,
    });
    const layout = plan(model.tasks.length, model.edges);
    const vertices = model.tasks.map((_, index) => model.vertex(index));
    const visited = {}; /* the position in each list that clicks go through */
    let isPlaced = false;
    let isFitted = false;
    let chosen = null;
    let matches = [];
    let counted = "";

    const all = (kind) => model.where((index) => vertices[index].kind === kind);
    const goToNext = (list, indexes) => {
        visited[list] = ((visited[list] ?? -1) + 1) % indexes.length;
        const next = indexes[visited[list]];
        isFitted = false;
        drawing.centre(next);
        choose(next);
    };
    const zoom = (factor) => {
        isFitted = false;
        drawing.view.zoom(factor);
    };
    const fit = () => {
        isFitted = true;
        drawing.fit();
    };

    /* When a panel takes some of the width, a fitted drawing is fitted again; one that somebody has
       moved stays where it is. */
    stage.addEventListener("pointermove", () => {
        isFitted &&= !stage.querySelector(".is-dragged");
    });
    stage.addEventListener(
        "wheel",
        ({ctrlKey, metaKey}) => {
            isFitted &&= !(ctrlKey || metaKey);
        },
        {passive: true},
    );
    new ResizeObserver(() => {
        if (isFitted && stage.clientWidth) {
            drawing.fit();
        }
    }).observe(stage);

    /* How many tasks are in which state; a click goes to the next of them. Drawn anew only if the
       numbers have changed, since a click is lost if its button is replaced meanwhile. */
    const drawLegend = () => {
        const counts = {};
        for (const {kind} of vertices) {
            counts[kind] = (counts[kind] ?? 0) + 1;
        }
        if (JSON.stringify(counts) === counted) {
            return;
        }
        counted = JSON.stringify(counts);
        const focused = document.activeElement?.dataset.kind;
        legend.replaceChildren(
            ...KINDS.flatMap((kind) => {
                if (!counts[kind]) {
                    return [];
                }
                const chip = button(
                    `${counts[kind].toLocaleString("en")} ${kind}`,
                    () => goToNext(kind, all(kind)),
                    {
                        className: `badge badge-${kind}`,
                        title: `Go to the next task that is ${kind}`,
                        "data-kind": kind,
                    },
                );
                return [chip];
            }),
        );
        if (focused) {
            legend.querySelector(`[data-kind="${focused}"]`)?.focus();
        }
    };

    const find = () => {
        const text = search.value.trim().toLowerCase();
        const contains = ({name, title}) => `${name}\n${title}`.toLowerCase().includes(text);
        matches = text ? model.where((index) => contains(model.tasks[index])) : [];
        drawing.mark(new Set(matches));
        found.textContent = text ? `${matches.length} found` : "";
        delete visited.matches;
        if (matches.length) {
            drawing.centre(matches[0]);
        }
    };
    search.addEventListener("input", find);
    search.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && search.value) {
            search.value = "";
            find();
            event.stopPropagation();
        }
        if (event.key !== "Enter" || !matches.length) {
            return;
        }
        event.preventDefault();
        goToNext("matches", matches);
    });
    drawing.svg.addEventListener("click", (event) => {
        if (
            drawing.vertexAt(event.target) === null &&
            !drawing.svg.classList.contains("is-dragged")
        ) {
            choose(null);
        }
    });

    /* Show all of the graph; or, where that would be too small to read, where something happens. */
    const place = () => {
        const scale = Math.min(1, (stage.clientWidth - 48) / (layout.width || 1));
        const isOverview = model.tasks.length > MANY_TASKS && scale >= MIN_VISIBLE_SCALE;
        const isWhole = isOverview || scale >= MIN_READABLE_SCALE;
        const wanted = layout.height * (isWhole ? scale : DETAIL_SCALE) + 56;
        const height = Math.max(MIN_HEIGHT, Math.min(wanted, innerHeight * 0.7));
        stage.style.height = `${Math.round(height)}px`;
        fit();
        if (!isWhole) {
            isFitted = false;
            showDetail(height);
        }
    };

    const showDetail = (height) => {
        const kind = ["failed", "running", "ready", "canceled"].find((each) => all(each).length);
        const {x, y} = layout.places[kind ? all(kind)[0] : 0];
        const half = stage.clientWidth / 2 / DETAIL_SCALE - 24;
        drawing.view.centre(
            Math.max(half, Math.min(x, layout.width - half)),
            layout.height * DETAIL_SCALE < height ? layout.height / 2 : y,
            DETAIL_SCALE,
        );
    };

    drawing.show(vertices, model.edges, layout);
    const paintEdges = (isWanted) => {
        model.edges.forEach((edge, number) => {
            if (isWanted(edge)) {
                drawing.paintEdge(number, model.edgeKind(edge));
            }
        });
    };
    paintEdges(() => true);
    drawLegend();

    return {
        paint(changed) {
            for (const index of changed) {
                vertices[index] = model.vertex(index);
                drawing.paint(index, vertices[index]);
            }
            paintEdges(([from]) => changed.has(from));
            drawLegend();
        },
        choose(index) {
            if (index === chosen) {
                return;
            }
            chosen = index;
            drawing.choose(index);
            drawing.emphasize(index === null ? null : model.relatives(index));
        },
        /* Two frames later: the panel that opens beside it has made the drawing narrower by then. */
        reveal: (index) =>
            requestAnimationFrame(() => requestAnimationFrame(() => drawing.reveal(index))),
        focus: (index) => drawing.focus(index),
        shown() {
            if (!isPlaced && !host.hidden) {
                isPlaced = true;
                place();
            }
        },
    };
};
