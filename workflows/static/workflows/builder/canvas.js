/*
The drawing that is edited.

    const canvas = createCanvas(host, {icons, choose, chooseEdge, connect, branch, remove})
    canvas.render(steps, problems, selection)

`choose(key, event)` when a step is chosen, `chooseEdge(from, to)` when a dependency is;
`connect(from, to)` when one is drawn, `branch(from)` when it is drawn to where nothing is;
`remove(key)` when Delete is pressed on a step. `say(text)` tells what a line would do while it is
drawn.
*/

import {createDrawing, pathOf, svgElement} from "../graph/draw.js";
import {plan, SIZES} from "../graph/layout.js";
import {connect as connected, cycleIn, edgesOf, spelt} from "./model.js";

const READABLE = 0.6;

export const createCanvas = (host, {icons, choose, chooseEdge, connect, branch, remove, say}) => {
    let steps = [],
        keys = [],
        edges = [],
        indexOf = new Map(),
        signature = null,
        size = "",
        resized = false;
    const drawing = createDrawing(host, {
        label: "Steps of the template. Arrows walk, Enter opens a step, Delete removes it.",
        icons,
        choose: (v, event) => {
            if (typeof keys[v] === "number") {
                choose(keys[v], event);
            }
        },
    });
    const svg = drawing.svg;
    const loose = svgElement("path", {class: "edge edge-loose"});

    const vertex = (key, wrong) => {
        if (typeof key === "string") {
            return {title: key, note: "no such step", kind: "ghost", icon: "wrong"};
        }
        const step = steps.find((each) => each.key === key);
        const title = step.step_id || "(no id)";
        const note = step.title && step.title !== step.step_id ? step.title : noteOf(step);
        const bad = wrong.has(key);
        const more = bad ? "something is wrong" : "";
        return {
            title,
            note,
            kind: bad ? "wrong" : "step",
            icon: bad ? "wrong" : iconOf(step),
            more,
        };
    };

    const dressEdges = (cycle, selection) => {
        const bad = new Set(cycle?.map((key, i) => `${key}>${cycle[(i + 1) % cycle.length]}`));
        edges.forEach(([from, to], e) => {
            const isBad = bad.has(`${from}>${to}`) || from === to || typeof from === "string";
            const isChosen =
                selection?.edge && selection.edge[0] === from && selection.edge[1] === to;
            drawing.paintEdge(e, isBad ? "wrong" : isChosen ? "chosen" : "");
        });
    };

    /* Lines are thin: beside each lies a broad one that nobody sees. */
    const broaden = (paths) => {
        svg.querySelector(".edges").append(
            ...paths.map((points, e) => {
                const made = svgElement("path", {
                    class: "edge-hit",
                    "data-no-pan": "",
                    "data-hit": e,
                    d: pathOf(points),
                });
                const [from, to] = edges[e];
                made.append(svgElement("title", {}, `${name(to)} waits for ${name(from)}`));
                return made;
            }),
        );
    };
    const name = (key) =>
        typeof key === "string" ? key : steps.find((step) => step.key === key)?.step_id;

    const addHandle = (key, v) => {
        if (typeof key === "string") {
            return;
        }
        const handle = svgElement(
            "circle",
            {class: "handle", cx: SIZES.width, cy: SIZES.height / 2, r: 7, "data-no-pan": ""},
            svgElement(
                "title",
                {},
                "Drag to the step that waits for this one, or to an empty place for a new one",
            ),
        );
        handle.addEventListener("pointerdown", (event) => draw(event, key, v));
        drawing.elementOf(v).append(handle);
    };

    const draw = (down, from, v) => {
        if (down.button !== 0) {
            return;
        }
        down.preventDefault();
        const {x, y} = place(v);
        const group = svg.querySelector("g");
        group.append(loose);
        svg.classList.add("is-drawing");
        const under = (event) => {
            const found = document.elementFromPoint(event.clientX, event.clientY);
            return {at: found && drawing.vertexAt(found), inside: found && svg.contains(found)};
        };
        const move = (event) => {
            const to = drawing.view.at(event);
            loose.setAttribute(
                "d",
                pathOf([
                    [x, y],
                    [to.x, to.y],
                ]),
            );
            const {at} = under(event);
            const cycle =
                at !== null && typeof keys[at] === "number" ? wouldClose(from, keys[at]) : null;
            loose.dataset.kind = cycle ? "wrong" : "";
            drawing.mark(new Set(at === null ? [] : [at]));
            dressEdges(cycle, null);
            say(
                cycle
                    ? `This would close a cycle: ${cycle.length > 1 ? spelt(connected(steps, from, keys[at]), cycle) : name(from)}`
                    : at === null
                      ? "Let go for a new step."
                      : `${name(keys[at])} will wait for ${name(from)}.`,
            );
        };
        const end = (event) => {
            document.removeEventListener("pointermove", move);
            document.removeEventListener("pointerup", end);
            document.removeEventListener("pointercancel", end);
            document.removeEventListener("keydown", escape);
            loose.remove();
            svg.classList.remove("is-drawing");
            drawing.mark(new Set());
            dressEdges(cycleIn(steps), null);
            say("");
            if (event.type !== "pointerup") {
                return;
            }
            const {at, inside} = under(event);
            if (at !== null) {
                if (at !== v && typeof keys[at] === "number") {
                    connect(from, keys[at]);
                }
            } else if (inside) {
                branch(from);
            }
        };
        const escape = (event) => {
            if (event.key === "Escape") {
                end(event);
            }
        };
        document.addEventListener("pointermove", move);
        document.addEventListener("pointerup", end);
        document.addEventListener("pointercancel", end);
        document.addEventListener("keydown", escape);
    };
    const wouldClose = (from, to) => (from === to ? [from] : cycleIn(connected(steps, from, to)));
    const place = (v) => {
        const [, x, y] = drawing
            .elementOf(v)
            .getAttribute("transform")
            .match(/translate\(([-\d.]+)[ ,]([-\d.]+)\)/)
            .map(Number);
        return {x: x + SIZES.width, y: y + SIZES.height / 2};
    };

    svg.addEventListener("click", (event) => {
        const hit = event.target.closest("[data-hit]");
        if (hit) {
            chooseEdge(...edges[Number(hit.dataset.hit)]);
        }
    });
    svg.addEventListener("keydown", (event) => {
        const v = drawing.vertexAt(event.target);
        if (
            v !== null &&
            ["Delete", "Backspace"].includes(event.key) &&
            typeof keys[v] === "number"
        ) {
            event.preventDefault();
            remove(keys[v]);
        }
    });

    const show = (vertices) => {
        const hadFocus = svg.contains(document.activeElement);
        const links = edges.map(([from, to]) => [indexOf.get(from), indexOf.get(to)]);
        const layout = plan(keys.length, links);
        drawing.show(vertices, links, layout);
        broaden(layout.paths);
        keys.forEach(addHandle);
        resized = size !== `${layout.width}x${layout.height}`;
        size = `${layout.width}x${layout.height}`;
        if (resized) {
            drawing.fit();
        }
        return hadFocus;
    };

    return {
        render(nextSteps, problems, selection) {
            steps = nextSteps;
            edges = edgesOf(steps);
            const ghosts = new Set(
                edges.map(([from]) => from).filter((from) => typeof from === "string"),
            );
            keys = [...steps.map((step) => step.key), ...ghosts];
            indexOf = new Map(keys.map((key, v) => [key, v]));
            const wrong = new Set(problems.flatMap(({key, cycle}) => cycle ?? key));
            const vertices = keys.map((key) => vertex(key, wrong));
            const next = JSON.stringify([keys, edges]);
            const hadFocus = next === signature ? false : show(vertices);
            if (next === signature) {
                vertices.forEach((each, v) => drawing.paint(v, each));
            }
            signature = next;
            const chosen = indexOf.get(selection?.key) ?? null;
            drawing.choose(chosen);
            /* Of a large drawing, what is being worked at. */
            if (resized && chosen !== null && drawing.view.scale < READABLE) {
                drawing.centre(chosen);
                resized = false;
            }
            if (hadFocus) {
                drawing.focus(chosen ?? 0);
            }
            dressEdges(cycleIn(steps), selection);
        },
        fit: () => drawing.fit(),
        zoom: (factor) => drawing.view.zoom(factor),
        focus: (key) => drawing.focus(indexOf.get(key)),
    };
};

const iconOf = ({requires_approval: approval, payload}) =>
    approval
        ? "approval"
        : "command" in payload
          ? "command"
          : "python" in payload
            ? "function"
            : "step";

const noteOf = ({payload}) => {
    if (Array.isArray(payload.command)) {
        return payload.command.join(" ").slice(0, 80);
    }
    return typeof payload.python === "string" ? payload.python : "";
};
