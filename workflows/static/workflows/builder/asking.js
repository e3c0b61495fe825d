/* A question in a dialog: `await ask({title, text, act, keep})` → true if people are sure. */

import {closeDialog, openDialog} from "../dialog.js";
import {button, element} from "../dom.js";

export const ask = ({title, text, act, keep}) =>
    new Promise((resolve) => {
        let isSure = false;
        const agree = () => {
            isSure = true;
            closeDialog();
        };
        const dialog = openDialog({
            title,
            isDestructive: true,
            content: element(
                "div",
                {},
                element("p", {}, text),
                element(
                    "p",
                    {className: "answers"},
                    button(keep, closeDialog, {"data-close": ""}),
                    button(act, agree, {className: "button danger"}),
                ),
            ),
        });
        dialog.addEventListener("close", () => resolve(isSure));
    });
