/*
The drawing of the template that is edited.

    const canvas = createCanvas(host, {icons, editor, open, branch, scaled, say})
    canvas.render(problems)         what is edited, or chosen, or wrong, has changed
    canvas.begin()                  shows the beginning, large enough to read
    canvas.fit(), canvas.zoom(factor), canvas.reveal(key), canvas.focus(key)
    canvas.order()                  the keys of the steps as they are drawn, by column
    canvas.find(text)               marks the steps with a text in id or title; returns their keys

`open(key, event)` is called when a step is opened, `branch(key)` when a line is drawn to an empty
place, `scaled(scale)` when the drawing is shown larger or smaller.

A vertex stands for a step, known by its key (a number), or for a step that is missing, known by the
id that others wait for (a text).
*/

import {createDrawing} from "../graph/draw.js";
import {plan, SIZES} from "../graph/layout.js";
import {createMinimap} from "../graph/minimap.js";
import {pathOf, svgElement} from "../graph/svg.js";
import {createLines} from "./lines.js";
import {addMarquee} from "./marquee.js";
import {cycleIn, edgesOf} from "./model.js";
import {WORDS, workOf} from "./work.js";

const MIN_READABLE_SCALE = 0.8;
const MOST_HIT_LINES = 1500; /* of more, dependencies are removed in the drawer */
const MARGIN = 24;
const BARS = 64; /* at the top and at the bottom, where buttons float */

const isMissing = (key) => typeof key === "string";

export const createCanvas = (host, {icons, editor, open, branch, scaled, say}) => {
    let keys = []; /* by index of the vertex */
    let edges = [];
    let indexOf = new Map();
    let stepBy = new Map(); /* the steps by key */
    let shown = []; /* the vertices as they are drawn, as texts */
    let kinds = []; /* the edges as they are drawn */
    let signature = null;
    let layout = plan(0, []);
    const drawing = createDrawing(host, {
        label: "Steps of the template. Arrow keys walk, Enter opens a step, Delete removes it.",
        icons,
        moved() {
            minimap.moved();
            scaled(view.scale);
        },
        choose(index, event) {
            if (isMissing(keys[index])) {
                return;
            }
            if (event.shiftKey) {
                editor.toggle(keys[index]);
            } else {
                open(keys[index], event);
            }
        },
    });
    const {svg, view} = drawing;
    const minimap = createMinimap(host, view);
    const name = (key) => (isMissing(key) ? key : stepBy.get(key)?.step_id);

    const vertex = (key, marks) => {
        if (isMissing(key)) {
            return {title: key, note: "no such step", kind: "ghost", icon: "wrong"};
        }
        const {step_id: id, title, payload, requires_approval: isGate} = stepBy.get(key);
        const mark = marks.get(key);
        const work = workOf(payload);
        const isAlso = editor.keys.length > 1 && editor.keys.includes(key);
        return {
            title: id || "(no id)",
            note: mark?.brief ?? (title && title !== id ? title : WORDS[work]),
            kind: `${mark ? (mark.cycle ? "wrong" : "warn") : "step"}${isAlso ? " is-chosen-too" : ""}`,
            icon: mark ? "wrong" : isGate ? "approval" : work,
            more: [isGate ? "asks for approval" : "", isAlso ? "chosen" : ""]
                .filter(Boolean)
                .join(", "),
        };
    };

    const paintEdges = (cycle) => {
        const wrong = new Set(cycle?.map((key, i) => `${key}>${cycle[(i + 1) % cycle.length]}`));
        const {edge} = editor;
        edges.forEach(([from, to], index) => {
            const isWrong = wrong.has(`${from}>${to}`) || from === to || isMissing(from);
            const isChosen = edge?.[0] === from && edge[1] === to;
            const isNear = editor.chosen && [from, to].includes(editor.chosen.key);
            const kind = isWrong ? "wrong" : isChosen ? "chosen" : isNear ? "near" : "";
            if (kinds[index] !== kind) {
                kinds[index] = kind;
                drawing.paintEdge(index, kind);
            }
        });
    };
    const lines = createLines(drawing, {
        editor,
        placeOf: (index) => layout.places[index],
        keyAt: (index) => keys[index],
        paintEdges,
        branch,
        say,
    });
    addMarquee(drawing, {
        places: () => layout.places,
        chosen: (indexes) =>
            editor.chooseAll(indexes.map((index) => keys[index]).filter((key) => !isMissing(key))),
    });

    /* Lines are thin: over each lies an invisible broad one that is easier to hit. */
    const addHitLines = (paths) => {
        const broad = paths.map((points, index) => {
            const [from, to] = edges[index];
            return svgElement(
                "path",
                {class: "edge-hit", "data-no-pan": "", "data-hit": index, d: pathOf(points)},
                svgElement("title", {}, `${name(to)} waits for ${name(from)}`),
            );
        });
        svg.querySelector(".edges").append(...broad);
    };

    const addHandle = (key, index) => {
        if (isMissing(key)) {
            return;
        }
        const help =
            "Drag to the step that waits for this one, or to an empty place for a new step";
        const handle = svgElement(
            "circle",
            {class: "handle", cx: SIZES.width, cy: SIZES.height / 2, r: 7, "data-no-pan": ""},
            svgElement("title", {}, help),
        );
        handle.addEventListener("pointerdown", (event) => lines.start(event, key, index));
        drawing.elementOf(index).append(handle);
    };

    svg.addEventListener("click", (event) => {
        const hit = event.target.closest("[data-hit]");
        if (hit) {
            editor.chooseEdge(...edges[Number(hit.dataset.hit)]);
        }
    });
    svg.addEventListener("keydown", (event) => {
        const index = drawing.vertexAt(event.target);
        const isDelete = ["Delete", "Backspace"].includes(event.key);
        if (index !== null && isDelete && !isMissing(keys[index])) {
            event.preventDefault();
            const isOneOfMany = editor.keys.includes(keys[index]);
            editor.remove(isOneOfMany ? editor.keys : [keys[index]]);
        }
    });
    host.addEventListener(
        "wheel",
        (event) => {
            if (!event.ctrlKey && !event.metaKey) {
                event.preventDefault();
                const isSideways = event.shiftKey && !event.deltaX;
                view.pan(
                    -(isSideways ? event.deltaY : event.deltaX),
                    isSideways ? 0 : -event.deltaY,
                );
            }
        },
        {passive: false},
    );

    const redraw = (vertices) => {
        const links = edges.map(([from, to]) => [indexOf.get(from), indexOf.get(to)]);
        layout = plan(keys.length, links);
        drawing.show(vertices, links, layout);
        kinds = edges.map(() => "");
        if (edges.length <= MOST_HIT_LINES) {
            addHitLines(layout.paths);
        }
        keys.forEach(addHandle);
    };
    const paintChanged = (vertices) => {
        vertices.forEach((each, index) => {
            if (JSON.stringify(each) !== shown[index]) {
                drawing.paint(index, each);
            }
        });
    };
    const kindFor = (key, {kind}) =>
        editor.keys.includes(key) ? "chosen" : kind.replace(" is-chosen-too", "");

    const inSight = (index) => {
        const {left, top, right, bottom} = view.shown();
        const {x, y} = layout.places[index];
        return x >= left && y >= top && x + SIZES.width <= right && y + SIZES.height <= bottom;
    };
    const room = () => [svg.clientWidth - 2 * MARGIN, svg.clientHeight - 2 * BARS];
    /* Shows the beginning at a scale: in the middle what fits, else from the left and the top. */
    const showAt = (scale) => {
        const [w, h] = room();
        const {width, height} = layout;
        const x = width * scale > w ? w / 2 / scale : width / 2;
        const y = height * scale > h ? h / 2 / scale : height / 2;
        view.centre(x, y, scale);
    };
    const fitting = () => {
        const [w, h] = room();
        return Math.min(1, w / Math.max(1, layout.width), h / Math.max(1, layout.height));
    };

    return {
        render(problems) {
            stepBy = new Map(editor.steps.map((step) => [step.key, step]));
            edges = edgesOf(editor.steps);
            const missing = new Set(edges.map(([from]) => from).filter(isMissing));
            const before = keys;
            keys = [...editor.steps.map((step) => step.key), ...missing];
            indexOf = new Map(keys.map((key, index) => [key, index]));
            const marks = marksOf(problems);
            const vertices = keys.map((key) => vertex(key, marks));
            const drawn = JSON.stringify([keys, edges]);
            const isNew = drawn !== signature;
            const hadFocus = isNew && svg.contains(document.activeElement);
            signature = drawn;
            isNew ? redraw(vertices) : paintChanged(vertices);
            if (isNew && !before.some((key) => indexOf.has(key))) {
                showAt(1); /* all of it is another one, as when a text is taken over */
            }
            shown = vertices.map((each) => JSON.stringify(each));
            const chosen = indexOf.get(editor.chosen?.key) ?? null;
            drawing.choose(chosen);
            if (chosen !== null && isNew && !inSight(chosen)) {
                drawing.centre(chosen);
            }
            if (hadFocus) {
                drawing.focus(chosen ?? 0);
            }
            paintEdges(lines.cycle() === undefined ? cycleIn(editor.steps) : lines.cycle());
            minimap.show(layout, (index) => kindFor(keys[index], vertices[index]));
        },
        begin: () => showAt(1),
        fit: () => showAt(fitting()),
        zoom: (factor) => view.zoom(factor),
        get scale() {
            return view.scale;
        },
        reveal(key) {
            const index = indexOf.get(key);
            if (index !== undefined && (!inSight(index) || view.scale < MIN_READABLE_SCALE)) {
                drawing.centre(index);
            }
        },
        focus: (key) => drawing.focus(indexOf.get(key)),
        order: () =>
            layout.places
                .map(({x, y}, index) => ({x, y, key: keys[index]}))
                .sort((one, other) => one.x - other.x || one.y - other.y)
                .map(({key}) => key),
        find(text) {
            const wanted = text.trim().toLowerCase();
            const isFound = ({step_id: id, title}) =>
                `${id}\n${title}`.toLowerCase().includes(wanted);
            const found = wanted ? editor.steps.filter(isFound).map(({key}) => key) : [];
            drawing.mark(new Set(found.map((key) => indexOf.get(key))));
            return found;
        },
        svg,
    };
};

/* The first problem of each step, and each step of a cycle. */
const marksOf = (problems) => {
    const marks = new Map();
    for (const problem of problems) {
        for (const key of problem.cycle ?? [problem.key]) {
            if (key !== undefined && !marks.has(key)) {
                marks.set(key, problem);
            }
        }
    }
    return marks;
};
