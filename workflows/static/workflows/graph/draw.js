/*
Draws a graph as SVG: boxes with an icon, a title and a note; edges with arrow heads; pan, zoom, fit.

    const drawing = createDrawing(host, {label, icons, choose})
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
    drawing.svg, drawing.elementOf(index), drawing.vertexAt(target)

A vertex is {title, note, kind, icon, more?}: `kind` becomes a class (`kind-failed` has a colour in
graph.css), `icon` is a symbol in the file at the address `icons`, `more` is what screen readers say
besides title and note.
`choose(index, event)` is called when somebody chooses a vertex, by a click or by Enter; the arrow
keys walk (see walking.js).

Texts and icons are drawn once a vertex is in sight and large enough to read, so that thousands of
vertices cost thousands of rectangles and no more. Above MAX_EDGES only the edges of emphasized
vertices are drawn: all of them together could not be told apart.
*/

import {fitted} from "./fitting.js";
import {SIZES} from "./layout.js";
import {pathOf, svgElement} from "./svg.js";
import {createView} from "./view.js";
import {createWalk} from "./walking.js";

const MAX_EDGES = 6000;
const MIN_READABLE_SCALE = 0.45;
const MIN_CENTRE_SCALE = 0.8;
const TEXT_LEFT = 36;
const TEXT_WIDTH = SIZES.width - TEXT_LEFT - 8;

export const createDrawing = (host, {label, icons, choose = () => {}}) => {
    const edgeLayer = svgElement("g", {class: "edges", "aria-hidden": "true"});
    const vertexLayer = svgElement("g", {class: "vertices"});
    const all = svgElement("g", {}, edgeLayer, vertexLayer);
    const svg = svgElement(
        "svg",
        {class: "graph", role: "group", tabindex: -1, "aria-label": label},
        all,
    );
    host.append(svg);

    let vertices = [];
    let edges = [];
    let plan = {places: [], paths: [], width: 0, height: 0};
    let boxes = []; /* per vertex: {element, isDetailed, isMarked} */
    let lines = []; /* per edge: its path, once it has been drawn */
    let walk = null;
    let chosen = null;
    let emphasized = null;
    let tabStop = 0;
    const pen = document.createElement("canvas").getContext("2d");
    const fonts = {};

    const widthIn = (font) => (text) => {
        pen.font = font;
        return pen.measureText(text).width;
    };

    const detail = (index) => {
        const {title, note, icon} = vertices[index];
        fonts.title ??= `600 13px ${getComputedStyle(svg).fontFamily}`;
        fonts.note ??= `11px ${getComputedStyle(svg).fontFamily}`;
        const shownTitle = fitted(title, TEXT_WIDTH, widthIn(fonts.title));
        const shownNote = fitted(note ?? "", TEXT_WIDTH, widthIn(fonts.note));
        name(index, shownTitle, shownNote);
        return svgElement(
            "g",
            {class: "detail"},
            svgElement("use", {href: `${icons}#${icon}`, x: 12, y: 14, width: 16, height: 16}),
            svgElement("text", {class: "title", x: TEXT_LEFT, y: note ? 19 : 26}, shownTitle),
            " ",
            svgElement("text", {class: "note", x: TEXT_LEFT, y: 34}, shownNote),
        );
    };

    /* The name begins with the visible text, so that voice control understands what people see. */
    const name = (index, shownTitle, shownNote) => {
        const {title, note, more} = vertices[index];
        const {element} = boxes[index];
        const cut = shownTitle === title ? "" : title;
        const texts = [shownTitle, shownNote, cut, more];
        element.setAttribute("aria-label", texts.filter(Boolean).join(", "));
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
        const {width, height} = SIZES;
        const element = svgElement(
            "g",
            {transform: `translate(${x} ${y})`, role: "button", tabindex: -1, "data-vertex": index},
            svgElement("title"),
            svgElement("rect", {class: "box", width, height, rx: 8}),
            svgElement("rect", {class: "stripe", x: 0, y: 8, width: 4, height: height - 16, rx: 2}),
        );
        boxes[index] = {element, isDetailed: false, isMarked: false};
        name(index, vertices[index].title, vertices[index].note);
        dress(index);
        return element;
    };

    /* Draws the texts of the vertices that have come into sight. */
    const complete = () => {
        const isFar = view.scale < MIN_READABLE_SCALE;
        svg.classList.toggle("is-far", isFar);
        if (isFar) {
            return;
        }
        const {left, top, right, bottom} = view.shown();
        plan.places.forEach(({x, y}, index) => {
            const isInColumn = x < right && x + SIZES.width > left;
            const isSeen = isInColumn && y < bottom && y + SIZES.height > top;
            if (isSeen && !boxes[index].isDetailed) {
                boxes[index].isDetailed = true;
                boxes[index].element.append(detail(index));
            }
        });
    };
    const view = createView(svg, all, complete);

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
        boxes[index]?.element.setAttribute("tabindex", 0);
    };

    const vertexAt = (target) => {
        const found = target.closest?.("[data-vertex]");
        return found && svg.contains(found) ? Number(found.dataset.vertex) : null;
    };

    const isInSight = (index) => {
        const {left, top, right, bottom} = view.shown();
        const {x, y} = plan.places[index];
        return x >= left && y >= top && x + SIZES.width <= right && y + SIZES.height <= bottom;
    };
    const middleOf = (index) => {
        const {x, y} = plan.places[index];
        return [x + SIZES.width / 2, y + SIZES.height / 2];
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
            vertexLayer.replaceChildren(...vertices.map((_, index) => build(index)));
            edgeLayer.replaceChildren(
                ...(edges.length <= MAX_EDGES ? edges.map((_, index) => line(index)) : []),
            );
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
            view.centre(...middleOf(index), Math.max(view.scale, MIN_CENTRE_SCALE));
        },
        reveal(index) {
            if (!isInSight(index) || view.scale < MIN_READABLE_SCALE) {
                drawing.centre(index);
            }
        },
        fit() {
            view.fit(plan.width, plan.height);
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
