/*
Shows a large drawing in a small window: pan, zoom, fit.

    const view = createView(svg, group, changed, margin?)
    view.fit(width, height)       show all of a drawing of this size, at most at its own scale
    view.fitScale(width, height)  the scale at which that is
    view.open(width, height, [x, y], scale)   at this scale, with a point of the drawing in sight
    view.centre(x, y, scale?)     bring a point of the drawing to the middle
    view.zoom(factor)             about the middle
    view.pan(dx, dy)              by pixels of the screen
    view.scale                    how large a unit of the drawing is on the screen
    view.shown()                  {left, top, right, bottom} of the drawing's visible part
    view.at(event)                where a pointer is, in units of the drawing

Dragging pans, unless it begins on something with `data-no-pan`. The wheel zooms while Ctrl or ⌘ is
held, which is also what touch pads send for a pinch; otherwise it scrolls the page.
`changed()` is called when another part is shown, or more of it, at most once per frame.
*/

const MIN_SCALE = 0.02;
const MAX_SCALE = 2.5;
const MARGIN = {top: 24, right: 24, bottom: 24, left: 24};
const CLICK_RADIUS = 4; /* a pointer that moved no further has clicked, not dragged */

export const createView = (svg, group, changed = () => {}, margin = MARGIN) => {
    let x = 0;
    let y = 0;
    let scale = 1;
    let isFrameRequested = false;

    const apply = () => {
        /* By whole pixels: between them, all of it is painted anew in each frame. */
        const [px, py] = [Math.round(x), Math.round(y)];
        group.style.transform = `translate(${px}px, ${py}px) scale(${scale})`;
        tell();
    };
    const tell = () => {
        if (isFrameRequested) {
            return;
        }
        isFrameRequested = true;
        requestAnimationFrame(() => {
            isFrameRequested = false;
            changed();
        });
    };
    const zoomAbout = (px, py, factor) => {
        const next = Math.min(MAX_SCALE, Math.max(MIN_SCALE, scale * factor));
        x = px - ((px - x) * next) / scale;
        y = py - ((py - y) * next) / scale;
        scale = next;
        apply();
    };
    const room = () => [
        svg.clientWidth - margin.left - margin.right,
        svg.clientHeight - margin.top - margin.bottom,
    ];
    const place = (event) => {
        const box = svg.getBoundingClientRect();
        return [event.clientX - box.left, event.clientY - box.top];
    };

    const view = {
        get scale() {
            return scale;
        },
        fitScale(width, height) {
            const [w, h] = room();
            return Math.max(MIN_SCALE, Math.min(1, w / (width || 1), h / (height || 1)));
        },
        fit(width, height) {
            view.open(width, height, [0, 0], view.fitScale(width, height));
        },
        open(width, height, [cx, cy], at) {
            const [w, h] = room();
            if (w <= 0 || !width) {
                return;
            }
            scale = at;
            x = margin.left + offset(w, width * scale, cx * scale);
            y = margin.top + offset(h, height * scale, cy * scale);
            apply();
        },
        centre(cx, cy, at = scale) {
            scale = at;
            x = svg.clientWidth / 2 - cx * scale;
            y = svg.clientHeight / 2 - cy * scale;
            apply();
        },
        zoom(factor) {
            zoomAbout(svg.clientWidth / 2, svg.clientHeight / 2, factor);
        },
        pan(dx, dy) {
            x += dx;
            y += dy;
            apply();
        },
        shown() {
            const [w, h] = [svg.clientWidth, svg.clientHeight];
            return {
                left: -x / scale,
                top: -y / scale,
                right: (w - x) / scale,
                bottom: (h - y) / scale,
            };
        },
        at(event) {
            const [px, py] = place(event);
            return {x: (px - x) / scale, y: (py - y) / scale};
        },
    };

    new ResizeObserver(tell).observe(svg); /* more of the drawing may be in sight */
    svg.addEventListener(
        "wheel",
        (event) => {
            if (!event.ctrlKey && !event.metaKey) {
                return;
            }
            event.preventDefault();
            zoomAbout(...place(event), Math.exp(-event.deltaY / 300));
        },
        {passive: false},
    );

    svg.addEventListener("pointerdown", (down) => {
        if (down.button !== 0 || down.target.closest("[data-no-pan]")) {
            return;
        }
        let [lastX, lastY] = [down.clientX, down.clientY];
        let isDragged = false;
        const move = (event) => {
            const distance = Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY);
            if (!isDragged && distance < CLICK_RADIUS) {
                return;
            }
            if (!isDragged) {
                isDragged = true;
                svg.setPointerCapture(down.pointerId);
            }
            svg.classList.add("is-dragged");
            view.pan(event.clientX - lastX, event.clientY - lastY);
            [lastX, lastY] = [event.clientX, event.clientY];
        };
        const end = () => {
            svg.removeEventListener("pointermove", move);
            svg.removeEventListener("pointerup", end);
            svg.removeEventListener("pointercancel", end);
            svg.classList.remove("is-dragged");
        };
        svg.addEventListener("pointermove", move);
        svg.addEventListener("pointerup", end);
        svg.addEventListener("pointercancel", end);
    });
    return view;
};

/* Where a line of this length begins in a room: in its middle if it fits, else with a point in sight. */
const offset = (room, length, point) =>
    length <= room ? (room - length) / 2 : Math.max(room - length, Math.min(0, room / 2 - point));
