/*
Sends the forms of operations without leaving the page: a question opens as a dialog, what happened is a toast.

Every `form.operations-form` of any page takes part, and every link to a question: `a.deletelink`, `a[data-asks]`.
Without this file a question is a page of its own, and the same messages stand on the page after it. What is asked with
`data-leaves` ends this page, so that its answer is the next one. When something may have happened, document gets the cancelable event
`workflows:done` with detail {page, address}: the page that the site answered with. Pages that draw themselves
call its preventDefault(); of others what is in #content-main is drawn anew, which `workflows:drawn` tells.
*/

import {closeDialog, openDialog, tellInDialog} from "./dialog.js";
import {needLogin} from "./poll.js";
import {freshToken, LoggedOut, loggedIn, loginLink} from "./session.js";
import {showTimes} from "./times.js";
import {toast, toastMessages} from "./toast.js";

const FORMS = "form.operations-form, #question, #question form";

/* A proxy has lost the site while it worked: it may have done what it was asked for. */
const FROM_PROXIES = [502, 503, 504];

class Refused extends Error {}

document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches(FORMS) || form.matches("[data-leaves]")) {
        return;
    }
    event.preventDefault();
    const button = event.submitter;
    if (button?.hasAttribute("aria-busy")) {
        return; /* pressed twice */
    }
    button?.setAttribute("aria-busy", "true");
    try {
        await show(await send(form, button), button);
    } catch (error) {
        tell(error);
    } finally {
        button?.removeAttribute("aria-busy");
    }
});

document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("a.deletelink, a[data-asks]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) {
        return;
    }
    event.preventDefault();
    const response = await fetch(link.href).catch(() => null);
    const page = response?.ok ? parsed(await response.text()) : null;
    if (page?.querySelector("#question")) {
        ask(page);
    } else {
        location.href = link.href; /* a login, or why not */
    }
});

const ask = (page) => {
    const content = page.querySelector("#question, #preview");
    const {title, icon, destructive} = content.dataset;
    openDialog({title, icon, content, isDestructive: destructive !== undefined});
};

const send = async (form, button) => {
    const token = await freshToken().catch((error) => {
        throw error instanceof LoggedOut ? error : new Refused(UNREACHED);
    });
    const body = new FormData(form, button);
    body.set("csrfmiddlewaretoken", token);
    /* Not `form.action`, which would be the field of this name. */
    const action = form.getAttribute("action") || location.href;
    const response = await fetch(action, {method: "POST", body});
    const page = parsed(await response.text());
    if (!response.ok) {
        const why = page.querySelector(".refused p")?.textContent;
        if (!why && FROM_PROXIES.includes(response.status)) {
            throw new Error(response.status);
        }
        throw new Refused(why ?? `The site could not do this (${response.status}).`);
    }
    return {page, address: response.url};
};

const parsed = (text) => new DOMParser().parseFromString(text, "text/html");

/* Shows what the site answered: a question, or the outcome of an operation. */
const show = async ({page, address}, pressed) => {
    if (page.querySelector("#question, #preview")) {
        ask(page);
        return;
    }
    if (
        new URL(address).pathname !== location.pathname &&
        !page.querySelector(".messagelist > li")
    ) {
        location.href = address; /* nothing was done: it led elsewhere */
        return;
    }
    closeDialog();
    toastMessages(page);
    const detail = {page, address};
    const event = new CustomEvent("workflows:done", {cancelable: true, detail});
    if (document.dispatchEvent(event)) {
        await redraw(detail, pressed);
    }
};

const redraw = async ({page, address}, pressed) => {
    const place = document.getElementById("content-main");
    const isHere = new URL(address).pathname === location.pathname;
    const fresh = isHere ? page : parsed(await (await fetch(location.href)).text());
    const drawn = fresh.getElementById("content-main");
    if (!place || !drawn) {
        location.reload();
        return;
    }
    place.replaceWith(document.adoptNode(drawn));
    showTimes(drawn);
    document.dispatchEvent(new CustomEvent("workflows:drawn"));
    const rows = drawn.querySelectorAll("tr input.action-select");
    if (rows.length) {
        window.Actions?.(rows); /* Django's counter of what is selected */
    }
    const label = pressed?.textContent;
    const again = [...drawn.querySelectorAll("button")].find((each) => each.textContent === label);
    (again ?? drawn.querySelector("button, a"))?.focus();
};

const UNREACHED = "The site cannot be reached, and nothing was done. Try again.";
const UNKNOWN =
    "The site did not answer. Whether this was done is not known: look before you do it again.";

const tell = (error) => {
    if (error instanceof LoggedOut) {
        const text = "You are logged out, and nothing was done. ";
        if (!tellInDialog(text, loginLink())) {
            const told = toast(text, {level: "error"});
            needLogin().then(() => told.remove());
        }
        return;
    }
    const text = error instanceof Refused ? error.message : UNKNOWN;
    if (!tellInDialog(text)) {
        toast(text, {level: "error"});
    }
};

loggedIn(() => document.querySelector(".dialog-trouble")?.remove());
