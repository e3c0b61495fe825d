/*
Looking at a large drawing through a small window: pan, zoom, fit.

    const view = createView(svg, group, changed)
    view.fit(width, height)       show all of a drawing of this size, at most at its own scale
    view.centre(x, y, scale?)     bring a point of the drawing to the middle
    view.zoom(factor)             about the middle
    view.scale                    how large a unit of the drawing is on the screen
    view.shown()                  {left, top, right, bottom} of the drawing's visible part
    view.at(event)                where a pointer is, in units of the drawing

Dragging pans (unless the pointer goes down on something with `data-no-pan`), the wheel zooms with
Ctrl or ⌘ held, which is also what touch pads send for a pinch; without, it scrolls the page.
`changed()` is called at most once a frame.
*/

const LEAST = 0.02,
    MOST = 2.5,
    MARGIN = 24;

export const createView = (svg, group, changed = () => {}) => {
    let x = 0,
        y = 0,
        scale = 1,
        asked = false;

    const apply = () => {
        group.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
        if (asked) {
            return;
        }
        asked = true;
        requestAnimationFrame(() => {
            asked = false;
            changed();
        });
    };
    const about = (px, py, factor) => {
        const next = Math.min(MOST, Math.max(LEAST, scale * factor));
        x = px - ((px - x) * next) / scale;
        y = py - ((py - y) * next) / scale;
        scale = next;
        apply();
    };
    const place = (event) => {
        const box = svg.getBoundingClientRect();
        return [event.clientX - box.left, event.clientY - box.top];
    };

    const view = {
        get scale() {
            return scale;
        },
        fit(width, height) {
            const [w, h] = [svg.clientWidth, svg.clientHeight];
            if (!w || !width) {
                return;
            }
            scale = Math.min(1, (w - 2 * MARGIN) / width, (h - 2 * MARGIN) / height);
            scale = Math.max(LEAST, scale);
            x = (w - width * scale) / 2;
            y = (h - height * scale) / 2;
            apply();
        },
        centre(cx, cy, at = scale) {
            scale = at;
            x = svg.clientWidth / 2 - cx * scale;
            y = svg.clientHeight / 2 - cy * scale;
            apply();
        },
        zoom(factor) {
            about(svg.clientWidth / 2, svg.clientHeight / 2, factor);
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

    svg.addEventListener(
        "wheel",
        (event) => {
            if (!event.ctrlKey && !event.metaKey) {
                return;
            }
            event.preventDefault();
            about(...place(event), Math.exp(-event.deltaY / 300));
        },
        {passive: false},
    );

    svg.addEventListener("pointerdown", (down) => {
        if (down.button !== 0 || down.target.closest("[data-no-pan]")) {
            return;
        }
        let [lastX, lastY] = [down.clientX, down.clientY];
        let dragged = false;
        const move = (event) => {
            /* A click that trembles is a click. */
            if (
                !dragged &&
                Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) < 4
            ) {
                return;
            }
            if (!dragged) {
                dragged = true;
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
