/*
A graph as SVG: boxes with an icon, a title and a note; edges with arrow heads; pan, zoom and fit.

    const drawing = createDrawing(host, {label, icons, choose})
    drawing.show(vertices, edges, plan)   draw anew; `plan` is what layout.js returned
    drawing.paint(v, vertex)              a vertex has changed
    drawing.paintEdge(e, kind)            an edge has changed
    drawing.choose(v)                     mark a vertex as the chosen one; null: none
    drawing.emphasize(vertices)           let all but this set of vertices recede; null: nothing
    drawing.mark(vertices)                vertices that were searched for
    drawing.centre(v)                     bring a vertex to the middle, large enough to read
    drawing.reveal(v)                     the same, unless it can be seen and read where it is
    drawing.focus(v)                      give it the keyboard
    drawing.view                          see view.js; `drawing.fit()` fits the drawing into it
    drawing.svg, drawing.elementOf(v), drawing.vertexAt(target)

A vertex is {title, note, kind, icon, more?}: `kind` is a class (`kind-failed` has a colour in
graph.css), `icon` a symbol of the file at the address `icons`, `more` what screen readers say
besides title and note.
`choose(v, event)` is called when somebody chooses a vertex; with the keyboard, arrows walk along
the edges (left, right) and through the column (up, down), Enter chooses.

Titles and icons are drawn once they are in sight and large enough to read, so that thousands of
vertices are thousands of rectangles, no more. Above MOST_EDGES, only those of the emphasized
vertices are drawn: all of them together would be a blot.
*/

import {neighbours, SIZES} from "./layout.js";
import {createView} from "./view.js";

const MOST_EDGES = 6000;
const READABLE = 0.45;
const HEAD = 5;
const SVG = "http://www.w3.org/2000/svg";

export const svgElement = (name, attributes = {}, ...children) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) {
        made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
};

/* The polyline of an edge as curves between the columns, with an open arrow head. */
export const pathOf = (points) => {
    const text = [`M${points[0]}`];
    for (let i = 0; i + 1 < points.length; i += 2) {
        const [[x, y], [x2, y2]] = [points[i], points[i + 1]];
        const bend = Math.max(24, Math.abs(x2 - x) / 2);
        text.push(`C${x + bend},${y} ${x2 - bend},${y2} ${x2},${y2}`);
        if (points[i + 2]) {
            text.push(`L${points[i + 2]}`);
        }
    }
    const [x, y] = points.at(-1);
    return `${text.join("")}M${x - HEAD},${y - HEAD}L${x},${y}L${x - HEAD},${y + HEAD}`;
};

const pen = document.createElement("canvas").getContext("2d");

/* As much of a text as there is room for. */
const fitted = (text, font, room) => {
    pen.font = font;
    if (pen.measureText(text).width <= room) {
        return text;
    }
    let [least, most] = [0, text.length];
    while (least < most) {
        const middle = Math.ceil((least + most) / 2);
        if (pen.measureText(`${text.slice(0, middle)}…`).width <= room) {
            least = middle;
        } else {
            most = middle - 1;
        }
    }
    return `${text.slice(0, least)}…`;
};

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

    let vertices = [],
        edges = [],
        plan = {places: [], paths: [], width: 0, height: 0};
    let near = {up: [], down: []},
        boxes = [],
        lines = [],
        columns = new Map();
    let chosen = null,
        emphasized = null,
        stop = 0;
    const fonts = {};

    const detail = (v) => {
        const {title, note, icon} = vertices[v];
        const room = SIZES.width - 44;
        fonts.title ??= `600 13px ${getComputedStyle(svg).fontFamily}`;
        fonts.note ??= `11px ${getComputedStyle(svg).fontFamily}`;
        const shown = [fitted(title, fonts.title, room), fitted(note ?? "", fonts.note, room)];
        name(v, shown);
        return svgElement(
            "g",
            {class: "detail"},
            svgElement("use", {href: `${icons}#${icon}`, x: 12, y: 14, width: 16, height: 16}),
            svgElement("text", {class: "title", x: 36, y: note ? 19 : 26}, shown[0]),
            " ",
            svgElement("text", {class: "note", x: 36, y: 34}, shown[1]),
        );
    };

    /* What is heard begins with what is seen, so that it can be said to a voice control. */
    const name = (v, shown) => {
        const {title, note, more} = vertices[v];
        const cut = shown[0] === title ? "" : title;
        boxes[v].element.setAttribute(
            "aria-label",
            [...shown, cut, more].filter(Boolean).join(", "),
        );
        boxes[v].element.firstChild.textContent = [title, note, more].filter(Boolean).join("\n");
    };

    const dress = (v) => {
        const box = boxes[v],
            {kind} = vertices[v];
        const classes = ["vertex", `kind-${kind}`];
        if (v === chosen) {
            classes.push("is-chosen");
        }
        if (emphasized && !emphasized.has(v)) {
            classes.push("is-faint");
        }
        if (box.marked) {
            classes.push("is-marked");
        }
        box.element.setAttribute("class", classes.join(" "));
        box.element.setAttribute("aria-pressed", String(v === chosen));
    };

    const build = (v) => {
        const {x, y} = plan.places[v];
        const element = svgElement(
            "g",
            {transform: `translate(${x} ${y})`, role: "button", tabindex: -1, "data-vertex": v},
            svgElement("title"),
            svgElement("rect", {class: "box", width: SIZES.width, height: SIZES.height, rx: 8}),
            svgElement("rect", {
                class: "stripe",
                x: 0,
                y: 8,
                width: 4,
                height: SIZES.height - 16,
                rx: 2,
            }),
        );
        boxes[v] = {element, detailed: false, marked: false};
        name(v, [vertices[v].title, vertices[v].note]);
        dress(v);
        return element;
    };

    /* What came into sight gets its texts. */
    const complete = () => {
        svg.classList.toggle("is-far", view.scale < READABLE);
        if (view.scale < READABLE) {
            return;
        }
        const {left, top, right, bottom} = view.shown();
        plan.places.forEach(({x, y}, v) => {
            const seen =
                x < right && x + SIZES.width > left && y < bottom && y + SIZES.height > top;
            if (!seen || boxes[v].detailed) {
                return;
            }
            boxes[v].detailed = true;
            boxes[v].element.append(detail(v));
        });
    };
    const view = createView(svg, all, complete);

    const line = (e) =>
        (lines[e] ??= svgElement("path", {
            "data-edge": e,
            class: "edge",
            d: pathOf(plan.paths[e]),
        }));
    const isStrong = ([from, to]) => emphasized?.has(from) && emphasized.has(to);
    const drawEdges = () => {
        if (edges.length <= MOST_EDGES) {
            edges.forEach((edge, e) => {
                line(e).classList.toggle("is-strong", Boolean(isStrong(edge)));
                line(e).classList.toggle("is-faint", Boolean(emphasized && !isStrong(edge)));
            });
        } else {
            const wanted = edges.flatMap((edge, e) => (isStrong(edge) ? [line(e)] : []));
            edgeLayer.replaceChildren(...wanted.slice(0, MOST_EDGES));
        }
    };

    const stopAt = (v) => {
        boxes[stop]?.element.setAttribute("tabindex", -1);
        stop = v;
        boxes[v]?.element.setAttribute("tabindex", 0);
    };

    const step = (v, key) => {
        const column = columns.get(plan.places[v].x);
        const at = column.indexOf(v);
        return {
            ArrowLeft: near.up[v][0],
            ArrowRight: near.down[v][0],
            ArrowUp: column[at - 1],
            ArrowDown: column[at + 1],
            Home: 0,
            End: vertices.length - 1,
        }[key];
    };

    const vertexAt = (target) => {
        const found = target.closest?.("[data-vertex]");
        return found && svg.contains(found) ? Number(found.dataset.vertex) : null;
    };

    const isInSight = (v) => {
        const {left, top, right, bottom} = view.shown();
        const {x, y} = plan.places[v];
        return x >= left && y >= top && x + SIZES.width <= right && y + SIZES.height <= bottom;
    };

    /* The window follows the keyboard. */
    const keepInSight = (v) => {
        const {x, y} = plan.places[v];
        if (!isInSight(v)) {
            view.centre(x + SIZES.width / 2, y + SIZES.height / 2);
        }
    };

    svg.addEventListener("click", (event) => {
        const v = vertexAt(event.target);
        if (v !== null) {
            choose(v, event);
        }
    });
    svg.addEventListener("focusin", (event) => {
        const v = vertexAt(event.target);
        if (v !== null) {
            stopAt(v);
        }
    });
    svg.addEventListener("keydown", (event) => {
        const v = vertexAt(event.target);
        if (v === null || event.altKey || event.ctrlKey || event.metaKey) {
            return;
        }
        const next = step(v, event.key);
        if (next !== undefined) {
            drawing.focus(next);
            keepInSight(next);
        }
        if (event.key === "Enter" || event.key === " ") {
            choose(v, event);
        }
        if (next !== undefined || event.key === "Enter" || event.key === " ") {
            event.preventDefault();
        }
    });

    const drawing = {
        svg,
        view,
        show(newVertices, newEdges, newPlan) {
            [vertices, edges, plan] = [newVertices, newEdges, newPlan];
            near = neighbours(vertices.length, edges);
            boxes = [];
            lines = [];
            columns = new Map();
            if (chosen >= vertices.length) {
                chosen = null;
            }
            plan.places.forEach(({x}, v) => {
                columns.get(x)?.push(v) ?? columns.set(x, [v]);
            });
            columns.forEach((column) => column.sort((v, w) => plan.places[v].y - plan.places[w].y));
            vertexLayer.replaceChildren(...vertices.map((_, v) => build(v)));
            edgeLayer.replaceChildren(
                ...(edges.length <= MOST_EDGES ? edges.map((_, e) => line(e)) : []),
            );
            stopAt(Math.min(stop, Math.max(0, vertices.length - 1)));
            complete();
        },
        paint(v, vertex) {
            vertices[v] = vertex;
            dress(v);
            if (boxes[v].detailed) {
                boxes[v].element.querySelector(".detail").replaceWith(detail(v));
            } else {
                name(v, [vertex.title, vertex.note]);
            }
        },
        paintEdge(e, kind) {
            if (edges.length <= MOST_EDGES) {
                line(e).dataset.kind = kind;
            }
        },
        choose(v) {
            const before = chosen;
            chosen = v;
            for (const each of [before, v]) {
                if (boxes[each]) {
                    dress(each);
                }
            }
            if (v !== null) {
                stopAt(v);
            }
        },
        emphasize(set) {
            emphasized = set;
            boxes.forEach((_, v) => dress(v));
            drawEdges();
        },
        mark(set) {
            boxes.forEach((box, v) => {
                if (box.marked === set.has(v)) {
                    return;
                }
                box.marked = set.has(v);
                dress(v);
            });
        },
        centre(v) {
            const {x, y} = plan.places[v];
            view.centre(x + SIZES.width / 2, y + SIZES.height / 2, Math.max(view.scale, 0.8));
        },
        reveal(v) {
            if (!isInSight(v) || view.scale < READABLE) {
                drawing.centre(v);
            }
        },
        fit() {
            view.fit(plan.width, plan.height);
        },
        focus(v) {
            stopAt(v);
            boxes[v]?.element.focus({preventScroll: true});
        },
        elementOf: (v) => boxes[v]?.element,
        vertexAt,
    };
    return drawing;
};
