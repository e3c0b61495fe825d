/*
The tab with the graph of a run: the drawing as large as the window, its tools floating in it.

    const tab = createGraphTab(host, model, {icons, choose})
    tab.paint(changed)     draw the tasks anew that look different now
    tab.choose(index)      mark a task, with all that comes before and after it; null: none
    tab.reveal(index)      bring it into view
    tab.focus(index)       move the keyboard focus to it
    tab.shown()            the tab has just been opened
*/

import {element} from "../dom.js";
import {createDrawing} from "../graph/draw.js";
import {createMinimap} from "../graph/minimap.js";
import {spread} from "../graph/spread.js";
import {createTools} from "./graph_tools.js";

const SIZES = {width: 142, height: 54, gapX: 26, gapY: 16};
const MARGIN = {right: 16, bottom: 52, left: 16};
const BELOW_TOOLS = 20;

export const createGraphTab = (host, model, {icons, choose}) => {
    const stage = element("div", {className: "graph-host"});
    host.append(stage);
    let isPlaced = false;
    let isFitted = false;
    let chosen = null;
    const margin = {...MARGIN, top: 0};

    const vertices = model.tasks.map((_, index) => model.vertex(index));
    const tools = createTools(stage, model, {
        mark: (indexes) => drawing.mark(indexes),
        goTo(index) {
            isFitted = false;
            drawing.centre(index);
            choose(index);
        },
        show(index) {
            isFitted = false;
            drawing.centre(index);
        },
        zoom(factor) {
            isFitted = false;
            drawing.view.zoom(factor ?? 1 / drawing.view.scale);
        },
        fit: () => {
            isFitted = true;
            drawing.fit();
        },
    });
    const drawing = createDrawing(stage, {
        label: "Graph of the run",
        icons,
        choose,
        margin,
        moved() {
            minimap.moved();
            tools.showScale(drawing.view.scale);
        },
    });
    const minimap = createMinimap(stage, drawing.view);

    /* When a panel takes some of the width, a drawing that nobody has moved is fitted again. */
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
        if (!stage.clientWidth) {
            return;
        }
        margin.top = tools.bottom() + BELOW_TOOLS;
        if (isFitted) {
            drawing.open(chosen ?? startOf(model));
        } else {
            minimap.moved();
        }
    }).observe(stage);

    drawing.svg.addEventListener("click", (event) => {
        if (
            drawing.vertexAt(event.target) === null &&
            !drawing.svg.classList.contains("is-dragged")
        ) {
            choose(null);
        }
    });

    const paintEdges = (isWanted) => {
        model.edges.forEach((edge, number) => {
            if (isWanted(edge)) {
                drawing.paintEdge(number, model.edgeKind(edge));
            }
        });
    };

    const showChosen = () => {
        if (isPlaced) {
            drawing.choose(chosen);
            drawing.emphasize(chosen === null ? null : model.relatives(chosen));
        }
    };

    /* Once it is known how much room there is. */
    const place = () => {
        tools.count();
        margin.top = tools.bottom() + BELOW_TOOLS;
        const room = [
            stage.clientWidth - margin.left - margin.right,
            stage.clientHeight - margin.top - margin.bottom,
        ];
        const layout = spread(vertices.length, model.edges, SIZES, room);
        drawing.show(vertices, model.edges, layout);
        paintEdges(() => true);
        minimap.show(layout, (index) => vertices[index].kind);
        isFitted = true;
        drawing.open(startOf(model));
        showChosen();
    };

    return {
        paint(changed) {
            for (const index of changed) {
                vertices[index] = model.vertex(index);
                if (isPlaced) {
                    drawing.paint(index, vertices[index]);
                }
            }
            if (isPlaced) {
                paintEdges(([from]) => changed.has(from));
                minimap.paint();
                tools.count();
            }
        },
        choose(index) {
            if (index !== chosen) {
                chosen = index;
                showChosen();
            }
        },
        /* Two frames later: the panel that opens beside it has made the drawing narrower by then. */
        reveal: (index) =>
            requestAnimationFrame(() =>
                requestAnimationFrame(() => isPlaced && drawing.reveal(index)),
            ),
        focus: (index) => isPlaced && drawing.focus(index),
        shown() {
            if (!isPlaced && !host.hidden) {
                isPlaced = true;
                place();
            }
        },
    };
};

/* Where something happens, for a drawing of which not all can be seen. */
const startOf = (model) => {
    const kinds = ["failed", "running", "approval", "held", "ready", "dispatched", "canceled"];
    for (const kind of kinds) {
        const [first] = model.where((index) => model.kind(index) === kind);
        if (first !== undefined) {
            return first;
        }
    }
    return 0;
};
