/* The line below a log: what is shown, how fresh it is, the keys; and the pill that leads to new lines. */

import {element} from "../dom.js";
import {relative, zoneName} from "../moments.js";
import {sizeText} from "./bar.js";

const KEYS = {
    find: [["n", "N"], "matches"],
    error: [["e"], "error"],
    full: [["f"], "full screen"],
    close: [["Esc"], "close"],
};

const keyHints = (names) =>
    names
        .map((name) => KEYS[name])
        .map(([keys, meaning]) =>
            element(
                "span",
                {className: "log-key"},
                keys.map((key) => element("kbd", {}, key)),
                meaning,
            ),
        );

export const createFoot = ({actions, isFull, hints}) => {
    const state = element("span", {className: "log-state", role: "status"});
    const place = element("span", {className: "log-place"});
    const address = element("code", {className: "log-address"});
    const zone = element("span", {className: "log-zone"}, zoneName(new Date()));
    const again = element("span", {className: "log-trouble", role: "alert", hidden: true});
    const pill = element("button", {
        type: "button",
        className: "log-pill",
        hidden: true,
        onclick: () => actions.toEnd(),
    });
    const right = isFull ? [zone] : keyHints(hints);

    const stateOf = (pane) => {
        const {source} = pane;
        if (!source.size && source.isComplete) {
            return source.isOpen ? "nothing printed yet" : "No output.";
        }
        if (!source.isComplete) {
            return "loading…";
        }
        if (!source.isOpen) {
            return "ended";
        }
        const since = relative(new Date(source.changedAt));
        return pane.isFollowing ? `following, last line ${since}` : "paused";
    };

    return {
        pill,
        element: element(
            "div",
            {className: "log-foot"},
            again,
            state,
            place,
            address,
            element("span", {className: "log-gap"}),
            right,
        ),
        draw(pane, {address: text}) {
            const {lines, size} = pane.source;
            const now = stateOf(pane);
            if (state.textContent !== now) {
                state.textContent = now;
            }
            state.classList.toggle("is-live", pane.isFollowing);
            const total = lines.total.toLocaleString("en");
            place.textContent =
                pane.chosen === null
                    ? `${total} line${lines.total === 1 ? "" : "s"} · ${sizeText(size)}`
                    : `line ${(pane.chosen + 1).toLocaleString("en")} of ${total}`;
            address.textContent = isFull && pane.chosen !== null ? location.pathname + text : "";
            again.hidden = !pane.trouble;
            if (pane.trouble && again.textContent !== pane.trouble) {
                again.textContent = pane.trouble;
            }
            pill.hidden = !pane.unseen;
            pill.textContent = `${pane.unseen.toLocaleString("en")} new line${pane.unseen === 1 ? "" : "s"} ↓`;
        },
    };
};
