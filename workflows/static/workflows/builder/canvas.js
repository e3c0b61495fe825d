/*
The drawing of the template that is edited.

    const canvas = createCanvas(host, {icons, choose, chooseEdge, connect, branch, remove, say})
    canvas.render(steps, problems, selection)
    canvas.fit(), canvas.zoom(factor), canvas.focus(key)

`choose(key, event)` is called when a step is chosen, `chooseEdge(from, to)` when a dependency is;
`connect(from, to)` when a line is drawn from one step to another, `branch(from)` when it is drawn to
an empty place; `remove(key)` when Delete is pressed on a step. `say(text)` tells what a line would do
while it is being drawn.

A vertex stands for a step, known by its key (a number), or for a step that is missing, known by the
id that others wait for (a text).
*/

import {createDrawing} from "../graph/draw.js";
import {plan, SIZES} from "../graph/layout.js";
import {pathOf, svgElement} from "../graph/svg.js";
import {connect as connected, cycleIn, edgesOf, spellCycle, stepOf} from "./model.js";

const MIN_READABLE_SCALE = 0.6;

const isMissing = (key) => typeof key === "string";

export const createCanvas = (host, {icons, choose, chooseEdge, connect, branch, remove, say}) => {
    let steps = [];
    let keys = []; /* by index of the vertex */
    let edges = [];
    let indexOf = new Map();
    let signature = null;
    let layout = plan(0, []);
    let isResized = false;
    const drawing = createDrawing(host, {
        label: "Steps of the template. Arrow keys walk, Enter opens a step, Delete removes it.",
        icons,
        choose: (index, event) => {
            if (!isMissing(keys[index])) {
                choose(keys[index], event);
            }
        },
    });
    const svg = drawing.svg;
    const looseLine = svgElement("path", {class: "edge edge-loose"});
    const name = (key) => (isMissing(key) ? key : stepOf(steps, key)?.step_id);

    const vertex = (key, wrong) => {
        if (isMissing(key)) {
            return {title: key, note: "no such step", kind: "ghost", icon: "wrong"};
        }
        const step = stepOf(steps, key);
        const {step_id: id, title} = step;
        const isWrong = wrong.has(key);
        return {
            title: id || "(no id)",
            note: title && title !== id ? title : noteOf(step),
            kind: isWrong ? "wrong" : "step",
            icon: isWrong ? "wrong" : iconOf(step),
            more: isWrong ? "something is wrong" : "",
        };
    };

    const paintEdges = (cycle, chosen) => {
        const wrong = new Set(cycle?.map((key, i) => `${key}>${cycle[(i + 1) % cycle.length]}`));
        edges.forEach(([from, to], index) => {
            const isWrong = wrong.has(`${from}>${to}`) || from === to || isMissing(from);
            const isChosen = chosen?.[0] === from && chosen[1] === to;
            drawing.paintEdge(index, isWrong ? "wrong" : isChosen ? "chosen" : "");
        });
    };

    /* Lines are thin: over each lies an invisible broad one that is easier to hit. */
    const addHitLines = (paths) => {
        const lines = paths.map((points, index) => {
            const [from, to] = edges[index];
            return svgElement(
                "path",
                {class: "edge-hit", "data-no-pan": "", "data-hit": index, d: pathOf(points)},
                svgElement("title", {}, `${name(to)} waits for ${name(from)}`),
            );
        });
        svg.querySelector(".edges").append(...lines);
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
        handle.addEventListener("pointerdown", (event) => startLine(event, key, index));
        drawing.elementOf(index).append(handle);
    };

    /* Draws a line from a step until the pointer is released; Escape gives it up. */
    const startLine = (down, from, fromIndex) => {
        if (down.button !== 0) {
            return;
        }
        down.preventDefault();
        const {x, y} = layout.places[fromIndex];
        const start = [x + SIZES.width, y + SIZES.height / 2];
        svg.querySelector("g").append(looseLine);
        svg.classList.add("is-drawing");
        const listening = new AbortController();

        const move = (event) => {
            const end = drawing.view.at(event);
            looseLine.setAttribute("d", pathOf([start, [end.x, end.y]]));
            const {index} = targetOf(event);
            const to = keys[index];
            const cycle = index === null || isMissing(to) ? null : cycleWith(from, to);
            looseLine.dataset.kind = cycle ? "wrong" : "";
            drawing.mark(new Set(index === null ? [] : [index]));
            paintEdges(cycle, null);
            say(effectOf(from, to, cycle));
        };
        const stop = () => {
            listening.abort();
            looseLine.remove();
            svg.classList.remove("is-drawing");
            drawing.mark(new Set());
            paintEdges(cycleIn(steps), null);
            say("");
        };
        const release = (event) => {
            stop();
            const {index, isInside} = targetOf(event);
            if (index === null && isInside) {
                branch(from);
            } else if (index !== null && index !== fromIndex && !isMissing(keys[index])) {
                connect(from, keys[index]);
            }
        };
        const listen = (type, act) =>
            document.addEventListener(type, act, {signal: listening.signal});
        listen("pointermove", move);
        listen("pointerup", release);
        listen("pointercancel", stop);
        listen("keydown", (event) => {
            if (event.key === "Escape") {
                stop();
            }
        });
    };

    const targetOf = (event) => {
        const found = document.elementFromPoint(event.clientX, event.clientY);
        return {
            index: found && drawing.vertexAt(found),
            isInside: Boolean(found && svg.contains(found)),
        };
    };

    const cycleWith = (from, to) => (from === to ? [from] : cycleIn(connected(steps, from, to)));

    const effectOf = (from, to, cycle) => {
        if (cycle?.length > 1) {
            return `This would close a cycle: ${spellCycle(connected(steps, from, to), cycle)}`;
        }
        if (cycle) {
            return "A step cannot wait for itself.";
        }
        return to === undefined
            ? "Release to add a new step."
            : `${name(to)} will wait for ${name(from)}.`;
    };

    svg.addEventListener("click", (event) => {
        const hit = event.target.closest("[data-hit]");
        if (hit) {
            chooseEdge(...edges[Number(hit.dataset.hit)]);
        }
    });
    svg.addEventListener("keydown", (event) => {
        const index = drawing.vertexAt(event.target);
        const isDelete = ["Delete", "Backspace"].includes(event.key);
        if (index !== null && isDelete && !isMissing(keys[index])) {
            event.preventDefault();
            remove(keys[index]);
        }
    });

    const show = (vertices) => {
        const links = edges.map(([from, to]) => [indexOf.get(from), indexOf.get(to)]);
        const {width, height} = layout;
        layout = plan(keys.length, links);
        drawing.show(vertices, links, layout);
        addHitLines(layout.paths);
        keys.forEach(addHandle);
        isResized = layout.width !== width || layout.height !== height;
        if (isResized) {
            drawing.fit();
        }
    };

    /* Of a drawing that has become too large to read, the step that is being edited. */
    const showChosen = (index) => {
        if (isResized && index !== null && drawing.view.scale < MIN_READABLE_SCALE) {
            drawing.centre(index);
            isResized = false;
        }
    };

    return {
        render(nextSteps, problems, selection) {
            steps = nextSteps;
            edges = edgesOf(steps);
            const missing = new Set(edges.map(([from]) => from).filter(isMissing));
            keys = [...steps.map((step) => step.key), ...missing];
            indexOf = new Map(keys.map((key, index) => [key, index]));
            const wrong = new Set(problems.flatMap(({key, cycle}) => cycle ?? key));
            const vertices = keys.map((key) => vertex(key, wrong));
            const chosen = indexOf.get(selection?.key) ?? null;
            const shown = JSON.stringify([keys, edges]);
            const isNew = shown !== signature;
            const hadFocus = isNew && svg.contains(document.activeElement);
            signature = shown;
            if (isNew) {
                show(vertices);
            } else {
                vertices.forEach((each, index) => {
                    drawing.paint(index, each);
                });
            }
            drawing.choose(chosen);
            showChosen(chosen);
            if (hadFocus) {
                drawing.focus(chosen ?? 0);
            }
            paintEdges(cycleIn(steps), selection?.edge);
        },
        fit: () => drawing.fit(),
        zoom: (factor) => drawing.view.zoom(factor),
        focus: (key) => drawing.focus(indexOf.get(key)),
    };
};

const iconOf = ({requires_approval: isGate, payload}) => {
    if (isGate) {
        return "approval";
    }
    if ("command" in payload) {
        return "command";
    }
    return "python" in payload ? "function" : "step";
};

const noteOf = ({payload}) => {
    if (Array.isArray(payload.command)) {
        return payload.command.join(" ").slice(0, 80);
    }
    return typeof payload.python === "string" ? payload.python : "";
};
