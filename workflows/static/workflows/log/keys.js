/* The keys of the log viewer; `keyed(event, …)` returns true if a key stands for something. */

import {areOn} from "../keys.js";

export const keyed = (event, {bar, actions}) => {
    if (event.ctrlKey || event.metaKey || event.altKey) {
        return false;
    }
    const isTyping = event.target.matches?.("input, textarea, select");
    if (isTyping) {
        return event.target === bar.input && inSearch(event, {bar, actions});
    }
    const does = areOn() && {
        "/": () => bar.input.select(),
        n: () => actions.step(1),
        N: () => actions.step(-1),
        e: () => actions.level("error"),
        d: () => actions.difference(1),
        D: () => actions.difference(-1),
        w: () => actions.toggle("wrap"),
        t: () => actions.toggle("times"),
        f: () => actions.full(),
        End: () => actions.toEnd(),
    };
    const act = does?.[event.key];
    act?.();
    return Boolean(act);
};

const inSearch = (event, {bar, actions}) => {
    if (event.key === "Enter") {
        actions.step(event.shiftKey ? -1 : 1);
        return true;
    }
    if (event.key === "Escape" && bar.input.value) {
        bar.fill({text: ""});
        return true;
    }
    return false;
};
