/*
Draws a graph as SVG: boxes with an icon, a title and a note; edges with arrow heads; pan, zoom, fit.

    const drawing = createDrawing(host, {label, icons, choose, moved?, margin?})
    drawing.show(vertices, edges, plan)   draw anew; `plan` is what layout.js returned
    drawing.paint(index, vertex)          a vertex has changed
    drawing.paintEdge(index, kind)        an edge has changed
    drawing.choose(index)                 mark a vertex as the chosen one; null: none
    drawing.emphasize(indexes)            let all but this set of vertices fade; null: none fades
    drawing.mark(indexes)                 mark the vertices that were searched for
    drawing.centre(index)                 bring a vertex to the middle, large enough to read
    drawing.reveal(index)                 the same, unless it can be seen and read where it is
    drawing.focus(index)                  move the keyboard focus to a vertex
    drawing.view                          see view.js; `drawing.fit()` fits the drawing into it
    drawing.open(index)                   show all of it if that can be read, else a part of it
    drawing.svg, drawing.elementOf(index), drawing.vertexAt(target)

A vertex is {title, note, kind, icon, more?, bar?}: `kind` becomes a class (`kind-failed` has a colour in
graph.css), `icon` is a symbol in the file at the address `icons`, `more` is what screen readers say
besides title and note, `bar` is {length, tick}, shares of the longest bar. `moved()` is called when
another part of the drawing is in sight.
`choose(index, event)` is called when somebody chooses a vertex, by a click or by Enter; the arrow
keys walk (see walking.js).

Only what is in sight is in the page, texts and icons once they are large enough to read. Above
MAX_EDGES only the edges of emphasized vertices are: all of them together could not be told apart.
*/

import {createCulling, itemsOfEdges} from "./culling.js";
import {createDetails} from "./details.js";
import {SIZES} from "./layout.js";
import {pathOf, svgElement} from "./svg.js";
import {createView} from "./view.js";
import {createWalk} from "./walking.js";

const MAX_EDGES = 6000;
const MIN_READABLE_SCALE = 0.45;
const MIN_OPENING_SCALE = 0.96; /* at which the smallest text, of 11.5 px, has 11 */

export const createDrawing = (host, {label, icons, choose = () => {}, moved, margin}) => {
    const edgeLayer = svgElement("g", {class: "edges", "aria-hidden": "true"});
    const vertexLayer = svgElement("g", {class: "vertices"});
    const all = svgElement("g", {class: "drawn"}, edgeLayer, vertexLayer);
    const svg = svgElement(
        "svg",
        {class: "graph", role: "group", tabindex: -1, "aria-label": label},
        all,
    );
    host.append(svg);

    let vertices = [];
    let edges = [];
    let plan = {places: [], paths: [], width: 0, height: 0, size: SIZES};
    let boxes = []; /* per vertex: {element, isDetailed, isMarked}, and what culling.js needs */
    let lines = []; /* per edge: its path, once it has been drawn */
    let walk = null;
    let chosen = null;
    let emphasized = null;
    let tabStop = 0;
    const draw = createDetails(svg, icons);
    const culling = createCulling();

    const detail = (index) => {
        const {element, title, note} = draw(vertices[index], plan.size);
        name(index, title, note);
        return element;
    };

    /* The name begins with the visible text, so that voice control understands what people see. */
    const name = (index, shownTitle, shownNote) => {
        const {title, note, more} = vertices[index];
        const {element} = boxes[index];
        const cut = shownTitle === title ? "" : title;
        const texts = new Set([shownTitle, shownNote, cut, more].filter(Boolean));
        element.setAttribute("aria-label", [...texts].join(", "));
        element.firstChild.textContent = [title, note, more].filter(Boolean).join("\n");
    };

    const dress = (index) => {
        const {element, isMarked} = boxes[index];
        const isChosen = index === chosen;
        const classes = {
            "is-chosen": isChosen,
            "is-faint": emphasized && !emphasized.has(index),
            "is-marked": isMarked,
        };
        const names = Object.keys(classes).filter((each) => classes[each]);
        element.setAttribute(
            "class",
            ["vertex", `kind-${vertices[index].kind}`, ...names].join(" "),
        );
        element.setAttribute("aria-pressed", String(isChosen));
    };

    const build = (index) => {
        const {x, y} = plan.places[index];
        const {width, height} = plan.size;
        const element = svgElement(
            "g",
            {transform: `translate(${x} ${y})`, role: "button", tabindex: -1, "data-vertex": index},
            svgElement("title"),
            svgElement("rect", {class: "box", width, height, rx: 8}),
            svgElement("rect", {class: "stripe", x: 0, y: 7, width: 4, height: height - 14}),
        );
        boxes[index] = {
            element,
            layer: vertexLayer,
            box: boxOf(index),
            isDetailed: false,
            isMarked: false,
        };
        name(index, vertices[index].title, vertices[index].note);
        dress(index);
    };

    const boxOf = (index) => {
        const {x, y} = plan.places[index];
        return {left: x, top: y, right: x + plan.size.width, bottom: y + plan.size.height};
    };

    /* Draws what has come into sight. */
    const complete = () => {
        culling.update(view.shown());
        const isFar = view.scale < MIN_READABLE_SCALE;
        svg.classList.toggle("is-far", isFar);
        if (isFar) {
            return;
        }
        boxes.forEach((box, index) => {
            if (!box.isDetailed && box.isShown) {
                box.isDetailed = true;
                box.element.append(detail(index));
            }
        });
    };
    const changed = () => {
        complete();
        moved?.();
    };
    const view = createView(svg, all, changed, margin);

    const line = (index) => {
        lines[index] ??= svgElement("path", {
            "data-edge": index,
            class: "edge",
            d: pathOf(plan.paths[index]),
        });
        return lines[index];
    };
    const isStrong = ([from, to]) => Boolean(emphasized?.has(from) && emphasized.has(to));
    const drawEdges = () => {
        if (edges.length <= MAX_EDGES) {
            edges.forEach((edge, index) => {
                line(index).classList.toggle("is-strong", isStrong(edge));
                line(index).classList.toggle("is-faint", Boolean(emphasized) && !isStrong(edge));
            });
        } else {
            const strong = edges.flatMap((edge, index) => (isStrong(edge) ? [line(index)] : []));
            edgeLayer.replaceChildren(...strong.slice(0, MAX_EDGES));
        }
    };

    /* One vertex at a time can be reached with Tab. */
    const moveTabStop = (index) => {
        boxes[tabStop]?.element.setAttribute("tabindex", -1);
        tabStop = index;
        culling.keep(index);
        boxes[index]?.element.setAttribute("tabindex", 0);
    };

    const vertexAt = (target) => {
        const found = target.closest?.("[data-vertex]");
        return found && svg.contains(found) ? Number(found.dataset.vertex) : null;
    };

    const isInSight = (index) => {
        const {left, top, right, bottom} = view.shown();
        const box = boxOf(index);
        return box.left >= left && box.right <= right && box.top >= top && box.bottom <= bottom;
    };
    const middleOf = (index) => {
        const {left, top, right, bottom} = boxOf(index);
        return [(left + right) / 2, (top + bottom) / 2];
    };

    const onVertex = (type, act) =>
        svg.addEventListener(type, (event) => {
            const index = vertexAt(event.target);
            if (index !== null) {
                act(index, event);
            }
        });
    onVertex("click", (index, event) => choose(index, event));
    onVertex("focusin", moveTabStop);
    onVertex("keydown", (index, event) => {
        if (event.altKey || event.ctrlKey || event.metaKey) {
            return;
        }
        const next = walk(index, event.key);
        if (next !== undefined) {
            event.preventDefault();
            drawing.focus(next);
            if (!isInSight(next)) {
                view.centre(...middleOf(next));
            }
        }
        if (event.key === "Enter" || event.key === " ") {
            event.preventDefault();
            choose(index, event);
        }
    });

    const drawing = {
        svg,
        view,
        show(newVertices, newEdges, newPlan) {
            [vertices, edges, plan] = [newVertices, newEdges, newPlan];
            walk = createWalk(plan.places, edges);
            boxes = [];
            lines = [];
            if (chosen >= vertices.length) {
                chosen = null;
            }
            vertices.forEach((_, index) => {
                build(index);
            });
            vertexLayer.replaceChildren();
            edgeLayer.replaceChildren();
            const drawn = edges.length <= MAX_EDGES ? plan.paths : [];
            culling.reset([...boxes, ...itemsOfEdges(drawn, edgeLayer, line)]);
            moveTabStop(Math.min(tabStop, Math.max(0, vertices.length - 1)));
            complete();
        },
        paint(index, vertex) {
            vertices[index] = vertex;
            dress(index);
            if (boxes[index].isDetailed) {
                boxes[index].element.querySelector(".detail").replaceWith(detail(index));
            } else {
                name(index, vertex.title, vertex.note);
            }
        },
        paintEdge(index, kind) {
            if (edges.length <= MAX_EDGES) {
                line(index).dataset.kind = kind;
            }
        },
        choose(index) {
            const before = chosen;
            chosen = index;
            for (const each of [before, index]) {
                if (boxes[each]) {
                    dress(each);
                }
            }
            if (index !== null) {
                moveTabStop(index);
            }
        },
        emphasize(indexes) {
            emphasized = indexes;
            boxes.forEach((_, index) => {
                dress(index);
            });
            drawEdges();
        },
        mark(indexes) {
            boxes.forEach((box, index) => {
                if (box.isMarked !== indexes.has(index)) {
                    box.isMarked = indexes.has(index);
                    dress(index);
                }
            });
        },
        centre(index) {
            view.centre(...middleOf(index), Math.max(view.scale, MIN_OPENING_SCALE));
        },
        reveal(index) {
            if (!isInSight(index) || view.scale < MIN_READABLE_SCALE) {
                drawing.centre(index);
            }
        },
        fit() {
            view.fit(plan.width, plan.height);
        },
        open(index) {
            const whole = view.fitScale(plan.width, plan.height);
            const scale = whole < MIN_OPENING_SCALE ? 1 : whole;
            const point = plan.places[index] ? middleOf(index) : [0, 0];
            view.open(plan.width, plan.height, point, scale);
        },
        focus(index) {
            moveTabStop(index);
            boxes[index]?.element.focus({preventScroll: true});
        },
        elementOf: (index) => boxes[index]?.element,
        vertexAt,
    };
    return drawing;
};
