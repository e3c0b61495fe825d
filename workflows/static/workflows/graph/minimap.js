/*
All of a drawing, small: where one is in it, and what is elsewhere. Dragging in it moves the view.

    const minimap = createMinimap(host, view)
    minimap.show(plan, kindOf)   draw the vertices anew, each in the colour of its kind
    minimap.paint()              kinds have changed
    minimap.moved()              the view shows another part

It is there while not all of the drawing can be seen.
*/

import {svgElement} from "./svg.js";

const MAX_WIDTH = 200;
const MAX_HEIGHT = 120;
const PADDING = 8;
const TOLERANCE = 4;

export const createMinimap = (host, view) => {
    const vertices = svgElement("g");
    const frame = svgElement("rect", {class: "frame", rx: 2});
    const svg = svgElement("svg", {class: "minimap", "aria-hidden": "true"}, vertices, frame);
    svg.classList.add("is-hidden");
    host.append(svg);
    let plan = null;
    let kindOf = null;
    let scale = 1;
    let isStale = false;

    /* One path for each kind: thousands of vertices cost as much as a few. */
    const draw = () => {
        isStale = false;
        const {width, height} = plan.size;
        const box = `h${width}v${height}h${-width}z`;
        const paths = {};
        plan.places.forEach(({x, y}, index) => {
            const kind = kindOf(index);
            paths[kind] = `${paths[kind] ?? ""}M${x},${y}${box}`;
        });
        vertices.replaceChildren(
            ...Object.entries(paths).map(([kind, d]) =>
                svgElement("path", {class: `kind-${kind}`, d}),
            ),
        );
    };

    const minimap = {
        show(newPlan, newKindOf) {
            [plan, kindOf] = [newPlan, newKindOf];
            scale = Math.min(
                0.2,
                (MAX_WIDTH - 2 * PADDING) / (plan.width || 1),
                (MAX_HEIGHT - 2 * PADDING) / (plan.height || 1),
            );
            svg.setAttribute("width", plan.width * scale + 2 * PADDING);
            svg.setAttribute("height", plan.height * scale + 2 * PADDING);
            const group = `translate(${PADDING} ${PADDING}) scale(${scale})`;
            vertices.setAttribute("transform", group);
            frame.setAttribute("transform", group);
            frame.setAttribute("stroke-width", 1.5 / scale);
            draw();
            minimap.moved();
        },
        paint() {
            isStale = true;
            minimap.moved();
        },
        moved() {
            if (!plan) {
                return;
            }
            const {left, top, right, bottom} = view.shown();
            const sees = left <= TOLERANCE && top <= TOLERANCE;
            const isWhole =
                !plan.width ||
                (sees && right >= plan.width - TOLERANCE && bottom >= plan.height - TOLERANCE);
            svg.classList.toggle("is-hidden", isWhole);
            host.classList.toggle("has-minimap", !isWhole);
            if (isWhole) {
                return;
            }
            if (isStale) {
                draw();
            }
            const [x, y] = [Math.max(0, left), Math.max(0, top)];
            frame.setAttribute("x", x);
            frame.setAttribute("y", y);
            frame.setAttribute("width", Math.max(0, Math.min(plan.width, right) - x));
            frame.setAttribute("height", Math.max(0, Math.min(plan.height, bottom) - y));
        },
    };

    const goTo = (event) => {
        const box = svg.getBoundingClientRect();
        view.centre(
            (event.clientX - box.left - PADDING) / scale,
            (event.clientY - box.top - PADDING) / scale,
        );
    };
    svg.addEventListener("pointerdown", (event) => {
        svg.setPointerCapture(event.pointerId);
        goTo(event);
    });
    svg.addEventListener("pointermove", (event) => {
        if (svg.hasPointerCapture(event.pointerId)) {
            goTo(event);
        }
    });
    return minimap;
};
