/*
Forms that the browser sends itself, as that of a runner or of a new run, get a token of now before they go.
Who is logged out stays on the page: what was typed is lost no more than what was drawn.
*/

import {needLogin} from "./poll.js";
import {freshToken, LoggedOut} from "./session.js";
import {toast} from "./toast.js";

const TEXT = "You are logged out, and nothing was sent. Log in, then send it again.";
const checked = new WeakSet();

const check = async (form, button) => {
    try {
        await freshToken();
    } catch (error) {
        if (error instanceof LoggedOut) {
            const told = toast(TEXT, {level: "error"});
            needLogin().then(() => told.remove());
            return;
        }
        /* Whatever else is wrong, the site itself will say. */
    }
    checked.add(form);
    form.requestSubmit(button);
    checked.delete(form);
};

/* Last of all listeners, so that forms which scripts send are left to them. */
window.addEventListener("submit", (event) => {
    const form = event.target;
    const isOurs = form.elements.namedItem("csrfmiddlewaretoken") && !checked.has(form);
    if (event.defaultPrevented || !isOurs || form.id === "login-form") {
        return;
    }
    event.preventDefault();
    check(form, event.submitter);
});
