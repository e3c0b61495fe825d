/*
The ruler at the scroll bar: where in the log errors, hits of the search and differences are.

    const ruler = createRuler(host, {lines, finder, go})
    ruler.draw()        soon; `go(line)` is called when somebody clicks it
    ruler.mark(ranges)  [[from, to], …]: lines that the log beside does not have
*/

import {svgElement} from "../graph/svg.js";

const PLACES = 400; /* so many marks at most: neighbours share one */
const HEIGHT = 2;
const DRAW_AFTER_MS = 100; /* there may be a hundred thousand hits, and more to come */

export const createRuler = (host, {lines, finder, go}) => {
    const drawing = svgElement("svg", {
        class: "log-ruler",
        viewBox: `0 0 10 ${PLACES}`,
        preserveAspectRatio: "none",
        "aria-hidden": "true",
    });
    host.append(drawing);
    drawing.addEventListener("click", (event) => {
        const box = drawing.getBoundingClientRect();
        go(Math.floor(((event.clientY - box.top) / box.height) * lines.total));
    });

    const placeOf = (line) => Math.floor((line / Math.max(1, lines.total)) * (PLACES - HEIGHT));

    let timer = null;
    let different = [];
    let levelled = {total: -1, first: -1, places: new Map()};

    /* Where errors and warnings are: looked up again when lines have come. */
    const levels = () => {
        if (levelled.total !== lines.total || levelled.first !== lines.first) {
            const places = new Map();
            for (let i = lines.first; i < lines.total; i += 1) {
                const level = lines.get(i)?.level;
                if (level === "error") {
                    places.set(placeOf(i), level);
                }
            }
            levelled = {total: lines.total, first: lines.first, places};
        }
        return levelled.places;
    };

    const draw = () => {
        timer = null;
        const places = new Map(different.map(([from]) => [placeOf(from), "different"]));
        for (const {line} of finder.hits) {
            places.set(placeOf(line), "hit");
        }
        for (const [place, level] of levels()) {
            places.set(place, level);
        }
        drawing.replaceChildren(
            ...[...places].map(([y, kind]) =>
                svgElement("rect", {class: `mark-${kind}`, x: 0, y, width: 10, height: HEIGHT}),
            ),
        );
    };

    const drawSoon = () => {
        if (timer === null) {
            timer = setTimeout(draw, DRAW_AFTER_MS);
        }
    };

    return {
        draw: drawSoon,
        mark(ranges) {
            different = ranges;
            drawSoon();
        },
    };
};
