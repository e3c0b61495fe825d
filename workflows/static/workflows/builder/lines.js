/*
Draws a line from the dot of a step: to a step that shall wait for it, or to an empty place.

    const lines = createLines(drawing, {steps, places, keyAt, editor, paintEdges, branch, say})
    lines.start(pointerdown, key, index)
    lines.cycle()       the cycle that it would close; undefined while no line is drawn

While it is drawn, `say` tells what releasing it would do; Escape gives it up.
*/

import {SIZES} from "../graph/layout.js";
import {pathOf, svgElement} from "../graph/svg.js";
import {connect as connected, cycleIn, spellCycle, stepOf} from "./model.js";

const isMissing = (key) => typeof key === "string";

export const createLines = (drawing, {editor, placeOf, keyAt, paintEdges, branch, say}) => {
    const {svg} = drawing;
    let drawn; /* the cycle that the line would close, while one is drawn */
    const loose = svgElement("path", {class: "edge edge-loose"});

    const targetOf = (event) => {
        const found = document.elementFromPoint(event.clientX, event.clientY);
        return {
            index: found && drawing.vertexAt(found),
            isInside: Boolean(found && svg.contains(found)),
        };
    };
    const cycleWith = (from, to) =>
        from === to ? [from] : cycleIn(connected(editor.steps, from, to));

    const effectOf = (from, to, cycle) => {
        if (cycle?.length > 1) {
            return `This would close a cycle: ${spellCycle(connected(editor.steps, from, to), cycle)}`;
        }
        if (cycle) {
            return "A step cannot wait for itself.";
        }
        if (to === undefined) {
            return "Release to add a new step.";
        }
        const name = (key) => (isMissing(key) ? key : stepOf(editor.steps, key).step_id);
        return `${name(to)} will wait for ${name(from)}.`;
    };

    const start = (down, from, fromIndex) => {
        if (down.button !== 0) {
            return;
        }
        down.preventDefault();
        const {x, y} = placeOf(fromIndex);
        const begin = [x + SIZES.width, y + SIZES.height / 2];
        svg.querySelector("g").append(loose);
        svg.classList.add("is-drawing");
        const listening = new AbortController();

        const move = (event) => {
            const end = drawing.view.at(event);
            loose.setAttribute("d", pathOf([begin, [end.x, end.y]]));
            const {index} = targetOf(event);
            const to = index === null ? undefined : keyAt(index);
            const cycle = index === null || isMissing(to) ? null : cycleWith(from, to);
            loose.dataset.kind = cycle ? "wrong" : "";
            drawing.mark(new Set(index === null ? [] : [index]));
            drawn = cycle;
            paintEdges(cycle);
            say(effectOf(from, to, cycle));
        };
        const stop = () => {
            drawn = undefined;
            listening.abort();
            loose.remove();
            svg.classList.remove("is-drawing");
            drawing.mark(new Set());
            paintEdges(cycleIn(editor.steps));
            say("");
        };
        const release = (event) => {
            stop();
            const {index, isInside} = targetOf(event);
            if (index === null && isInside) {
                branch(from);
            } else if (index !== null && index !== fromIndex && !isMissing(keyAt(index))) {
                editor.connect(from, keyAt(index));
            }
        };
        const listen = (type, act) =>
            document.addEventListener(type, act, {signal: listening.signal});
        listen("pointermove", move);
        listen("pointerup", release);
        listen("pointercancel", stop);
        listen("keydown", (event) => {
            if (event.key === "Escape") {
                event.stopPropagation();
                stop();
            }
        });
    };
    return {start, cycle: () => drawn};
};
