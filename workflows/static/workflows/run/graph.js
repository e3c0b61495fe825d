/*
The tab with the graph of a run: tools above, the drawing below.

    const tab = createGraphTab(host, model, {icons, choose})
    tab.paint(changed)     tasks that look different now
    tab.choose(v)          mark one, with what comes before and after it; null: none
    tab.shown()            it has just been opened
*/

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
const READABLE = 0.6,
    LEGIBLE = 0.8,
    VISIBLE = 0.08,
    OVERVIEW = 400;
const LEAST_HEIGHT = 180;

const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
};

export const createGraphTab = (host, model, {icons, choose}) => {
    const search = element("input", {
        type: "search",
        placeholder: "Find a step",
        className: "search",
    });
    search.setAttribute("aria-label", "Find a step");
    const found = element("span", {className: "found"});
    found.setAttribute("role", "status");
    const legend = element("div", {className: "legend"});
    const button = (text, label, act) => {
        const made = element("button", {
            type: "button",
            className: "tool",
            textContent: text,
            title: label,
        });
        made.setAttribute("aria-label", label);
        made.addEventListener("click", act);
        return made;
    };
    const stage = element("div", {className: "graph-host"});
    const tools = element(
        "div",
        {className: "tools"},
        search,
        found,
        legend,
        button("−", "Zoom out", () => zoom(1 / 1.3)),
        button("+", "Zoom in", () => zoom(1.3)),
        button("Fit", "Fit: show all of the graph", () => fit()),
    );
    host.append(tools, stage);

    const drawing = createDrawing(stage, {
        label: "Graph of the run",
        icons,
        choose: (v) => choose(v),
    });
    const layout = plan(model.count, model.edges);
    const vertices = Array.from({length: model.count}, (_, v) => model.vertex(v));
    let placed = false,
        isFitted = false,
        chosen = null,
        matches = [],
        turn = {},
        counted = "";

    const all = (kind) => vertices.flatMap((vertex, v) => (vertex.kind === kind ? [v] : []));
    const go = (v) => {
        isFitted = false;
        drawing.centre(v);
        choose(v);
    };
    const zoom = (factor) => {
        isFitted = false;
        drawing.view.zoom(factor);
    };
    const fit = () => {
        isFitted = true;
        drawing.fit();
    };

    /* A drawing that was fitted stays so when a panel takes room; one that was moved stays put. */
    for (const moved of ["pointerdown", "wheel"]) {
        stage.addEventListener(
            moved,
            () => {
                isFitted = false;
            },
            {passive: true},
        );
    }
    new ResizeObserver(() => {
        if (isFitted && stage.clientWidth) {
            drawing.fit();
        }
    }).observe(stage);

    /* How many are in which state; a click goes to the next of them. Drawn anew only if that has
       changed: a click on what is replaced meanwhile would be lost. */
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
                const chip = element("button", {
                    type: "button",
                    className: `badge badge-${kind}`,
                    textContent: `${counts[kind].toLocaleString("en")} ${kind}`,
                });
                chip.dataset.kind = kind;
                chip.title = `Go to the next task that is ${kind}`;
                chip.addEventListener("click", () => {
                    const members = all(kind);
                    turn[kind] = ((turn[kind] ?? -1) + 1) % members.length;
                    go(members[turn[kind]]);
                });
                return [chip];
            }),
        );
        if (focused) {
            legend.querySelector(`[data-kind="${focused}"]`)?.focus();
        }
    };

    const find = () => {
        const text = search.value.trim().toLowerCase();
        matches = text
            ? vertices.flatMap((_, v) =>
                  `${model.name(v)}\n${model.title(v)}`.toLowerCase().includes(text) ? [v] : [],
              )
            : [];
        drawing.mark(new Set(matches));
        found.textContent = text ? `${matches.length} found` : "";
        turn.search = -1;
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
        turn.search = (turn.search + 1) % matches.length;
        go(matches[turn.search]);
    });
    drawing.svg.addEventListener("click", (event) => {
        if (
            drawing.vertexAt(event.target) === null &&
            !drawing.svg.classList.contains("is-dragged")
        ) {
            choose(null);
        }
    });

    /* All of it; or, where that would be too small to read, where something happens. */
    const place = () => {
        const scale = Math.min(1, (stage.clientWidth - 48) / (layout.width || 1));
        const isWhole = scale >= READABLE || (model.count > OVERVIEW && scale >= VISIBLE);
        const wanted = layout.height * (isWhole ? scale : LEGIBLE) + 56;
        const room = Math.max(LEAST_HEIGHT, Math.min(wanted, innerHeight * 0.7));
        stage.style.height = `${Math.round(room)}px`;
        fit();
        if (isWhole) {
            return;
        }
        isFitted = false;
        const kind = ["failed", "running", "ready", "canceled"].find((each) => all(each).length);
        const {x, y} = layout.places[kind ? all(kind)[0] : 0];
        const middle = layout.height * LEGIBLE < room ? layout.height / 2 : y;
        const half = stage.clientWidth / 2 / LEGIBLE - 24;
        drawing.view.centre(Math.max(half, Math.min(x, layout.width - half)), middle, LEGIBLE);
    };

    drawing.show(vertices, model.edges, layout);
    model.edges.forEach((edge, e) => drawing.paintEdge(e, model.edgeKind(edge)));
    drawLegend();

    return {
        paint(changed) {
            for (const v of changed) {
                vertices[v] = model.vertex(v);
                drawing.paint(v, vertices[v]);
            }
            model.edges.forEach((edge, e) => {
                if (changed.has(edge[0])) {
                    drawing.paintEdge(e, model.edgeKind(edge));
                }
            });
            drawLegend();
        },
        choose(v) {
            if (v === chosen) {
                return;
            }
            chosen = v;
            drawing.choose(v);
            drawing.emphasize(v === null ? null : model.relatives(v));
        },
        /* Once the panel that opens with the choice has taken its room. */
        reveal: (v) => requestAnimationFrame(() => requestAnimationFrame(() => drawing.reveal(v))),
        focus: (v) => drawing.focus(v),
        shown() {
            if (placed || host.hidden) {
                return;
            }
            placed = true;
            place();
        },
    };
};
