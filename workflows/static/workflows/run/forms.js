/*
Sends the forms of the page without leaving it, and shows the messages of the answer. A question
opens in a dialog. Without this file a question is a page of its own; everything else is the same.

    interceptForms({done})      done(): something may have happened
*/

import {showTimes} from "../times.js";

const TOKEN = "csrfmiddlewaretoken";
const FORMS = "form.operations-form, form#question";

const send = async (form, button) => {
    const body = new FormData(form, button);
    /* Forms that were drawn later have no token of their own; the page came with one. */
    if (!body.has(TOKEN)) {
        body.set(TOKEN, document.querySelector(`[name=${TOKEN}]`).value);
    }
    /* Not `form.action`, which would be the field of this name. */
    const response = await fetch(form.getAttribute("action"), {method: "POST", body});
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return {response, page};
};

const showMessages = (page) => {
    const fresh = page.querySelector("ul.messagelist");
    const shown = document.querySelector("ul.messagelist");
    if (!fresh) {
        shown?.remove();
        return;
    }
    fresh.setAttribute("role", "status");
    const adopted = document.adoptNode(fresh);
    if (shown) {
        shown.replaceWith(adopted);
    } else {
        document.getElementById("content").before(adopted);
    }
};

const showRefusal = (status) => {
    const page = document.implementation.createHTMLDocument();
    page.body.innerHTML = '<ul class="messagelist"><li class="error"></li></ul>';
    page.querySelector("li").textContent =
        status === 403
            ? "Refused: you don't have permission, or this page is too old. Reload it and try again."
            : `The server could not do this (${status}). Reload the page and try again.`;
    showMessages(page);
};

const openDialog = (content, title) => {
    document.querySelector("dialog.ask")?.remove();
    const dialog = document.createElement("dialog");
    const heading = document.createElement("h2");
    dialog.className = "ask";
    heading.id = "ask-title";
    heading.textContent = title;
    dialog.setAttribute("aria-labelledby", heading.id);
    dialog.append(heading, document.adoptNode(content));
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("click", (event) => {
        if (!event.target.closest("[data-close]")) {
            return;
        }
        event.preventDefault();
        dialog.close();
    });
    document.body.append(dialog);
    showTimes(dialog);
    dialog.showModal();
    const field = dialog.querySelector("textarea, input:not([type=hidden])");
    (field ?? dialog.querySelector("button"))?.focus();
};

export const interceptForms = ({done}) => {
    document.addEventListener("submit", async (event) => {
        const form = event.target;
        if (!form.matches(FORMS)) {
            return;
        }
        event.preventDefault();
        const button = event.submitter;
        button?.setAttribute("aria-busy", "true");
        try {
            const {response, page} = await send(form, button);
            if (response.ok) {
                show(page, done);
            } else {
                showRefusal(response.status);
            }
        } catch {
            showRefusal("no answer");
        } finally {
            button?.removeAttribute("aria-busy");
        }
    });
};

/* Shows what the server answered: a question, or the outcome of an operation. */
const show = (page, done) => {
    const question = page.querySelector("#question, #preview");
    if (question) {
        openDialog(question, question.dataset.title);
        return;
    }
    document.querySelector("dialog.ask")?.close();
    showMessages(page);
    for (const fresh of page.querySelectorAll("#answer, #said")) {
        document.getElementById(fresh.id).replaceWith(document.adoptNode(fresh));
    }
    showTimes(document.getElementById("said"));
    done();
};
