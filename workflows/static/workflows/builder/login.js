/*
Asks people to log in, in another tab, and waits until they have; what they draw stays on the page.

    await loggedOut(isBack)     isBack() asks whether somebody is logged in again
*/

import {closeDialog, openDialog} from "../dialog.js";
import {button, element} from "../dom.js";
import {loggedIn, loginLink} from "../session.js";

const EVERY_MS = 2000;
let open = null; /* several requests wait for one dialog */
let look = () => {};

loggedIn(() => look());

const wait = (isBack) =>
    new Promise((resolve) => {
        let isThere = false;
        const dialog = openDialog({
            title: "You are logged out",
            content: element(
                "div",
                {},
                element(
                    "p",
                    {},
                    "Nothing is lost: your draft is kept in this browser. Log in, in another tab; saving then goes on here by itself.",
                ),
                element(
                    "p",
                    {className: "answers"},
                    button("Not now", closeDialog, {"data-close": ""}),
                    loginLink(),
                ),
            ),
        });
        look = async () => {
            isThere ||= await isBack();
            if (isThere && dialog.open) {
                closeDialog();
            }
        };
        const timer = setInterval(() => look(), EVERY_MS);
        dialog.addEventListener("close", () => {
            clearInterval(timer);
            resolve(isThere);
        });
    });

export const loggedOut = async (isBack) => {
    open ??= wait(isBack);
    try {
        return await open;
    } finally {
        open = null;
    }
};
