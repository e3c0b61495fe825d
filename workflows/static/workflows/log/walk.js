/* From one difference of two logs to the next: `walk.draw(both)`, see both.js; null if there is one log. */

import {element} from "../dom.js";
import {tool} from "./tools.js";

export const createWalk = (actions) => {
    const told = element("span", {className: "log-differences", role: "status"});
    const previous = tool("up", "Previous difference (D)", () => actions.difference(-1));
    const next = tool("down", "Next difference (d)", () => actions.difference(1));
    const group = element(
        "div",
        {className: "log-walk", role: "group", "aria-label": "Differences", hidden: true},
        told,
        previous,
        next,
    );
    return {
        element: group,
        draw(both) {
            group.hidden = !both;
            const text = both ? textOf(both) : "";
            if (told.textContent !== text) {
                told.textContent = text;
            }
            previous.disabled = next.disabled = !both?.count;
        },
    };
};

const textOf = ({isBusy, count, place}) => {
    if (isBusy) {
        return "comparing…";
    }
    if (!count) {
        return "no difference but times and ids";
    }
    const number = count.toLocaleString("en");
    if (place) {
        return `${place.toLocaleString("en")} of ${number} difference${count === 1 ? "" : "s"}`;
    }
    return `${number} difference${count === 1 ? "" : "s"}`;
};
