/*
The live parts of the page, which the server draws: title, sentence, actions.

    const drawPart = createParts()
    drawPart(name, html)      draws a part anew if it has changed
*/

import {showTimes} from "../times.js";
import {duration} from "./duration.js";

const TICK_MS = 1000;

export const createParts = () => {
    const drawn = {};
    setInterval(tick, TICK_MS);
    tick();

    /* The focus stays on the same button or link, and an open menu stays open. */
    return (name, html) => {
        if (drawn[name] === html) {
            return;
        }
        drawn[name] = html;
        const place = document.getElementById(`part-${name}`);
        const focused = place.contains(document.activeElement) ? document.activeElement : null;
        const isOpen = Boolean(place.querySelector("details[open]"));
        const isShown = place.querySelector("[popover]")?.matches(":popover-open");
        place.innerHTML = html;
        place.querySelectorAll("details").forEach((menu) => {
            menu.open = isOpen;
        });
        if (isShown) {
            place.querySelector("[popover]")?.showPopover();
        }
        showTimes(place);
        tick();
        if (focused) {
            [...place.querySelectorAll("button, a, summary")]
                .find((each) => labelOf(each) === labelOf(focused))
                ?.focus();
        }
    };
};

const labelOf = (control) => control.getAttribute("aria-label") ?? control.textContent;

/* What runs has run a second longer: its beginning is known from when the text was drawn. */
const tick = () => {
    const now = performance.now() / 1000;
    for (const place of document.querySelectorAll("[data-seconds]")) {
        place.dataset.since ??= now - Number(place.dataset.seconds);
        const text = duration(now - Number(place.dataset.since));
        const length = place.querySelector(".length");
        if (!document.hidden && length.textContent !== text) {
            length.textContent = text;
        }
    }
};
