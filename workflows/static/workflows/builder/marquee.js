/* Shift and a drag choose all steps that the frame touches: chosen(indexes) is called at the end. */

import {SIZES} from "../graph/layout.js";
import {svgElement} from "../graph/svg.js";

export const addMarquee = (drawing, {places, chosen}) => {
    const {svg, view} = drawing;
    const frame = svgElement("rect", {class: "marquee", rx: 4});

    const touched = ({left, top, right, bottom}) =>
        places().flatMap(({x, y}, index) =>
            x < right && x + SIZES.width > left && y < bottom && y + SIZES.height > top
                ? [index]
                : [],
        );

    svg.addEventListener(
        "pointerdown",
        (down) => {
            if (!down.shiftKey || down.button !== 0 || drawing.vertexAt(down.target) !== null) {
                return;
            }
            down.stopImmediatePropagation(); /* else it would pan */
            down.preventDefault();
            const from = view.at(down);
            let box = null;
            const listening = new AbortController();
            const listen = (type, act) =>
                document.addEventListener(type, act, {signal: listening.signal});
            svg.querySelector("g").append(frame);
            listen("pointermove", (event) => {
                const to = view.at(event);
                const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
                const [top, bottom] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
                box = {left, top, right, bottom};
                frame.setAttribute("x", left);
                frame.setAttribute("y", top);
                frame.setAttribute("width", right - left);
                frame.setAttribute("height", bottom - top);
            });
            const end = () => {
                listening.abort();
                frame.remove();
                frame.removeAttribute("width");
                if (box) {
                    chosen(touched(box));
                }
            };
            listen("pointerup", end);
            listen("pointercancel", end);
        },
        {capture: true},
    );
};
