/*
Buttons without leaving the page: a form is sent, and what comes back is taken over. A question comes
in a dialog; without this file it is a page of its own, and everything else is the same.

    takeOver({done})      done(): something may have happened
*/

import {showTimes} from "../times.js";

const TOKEN = "csrfmiddlewaretoken";
const FORMS = "form.operations-form, form#question";

const send = async (form, button) => {
    const body = new FormData(form, button);
    /* What was drawn since has no token of its own; the page was born with one. */
    if (!body.has(TOKEN)) {
        body.set(TOKEN, document.querySelector(`[name=${TOKEN}]`).value);
    }
    /* Not `form.action`, which is the field of this name. */
    const answer = await fetch(form.getAttribute("action"), {method: "POST", body});
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return {answer, page};
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

const sayRefused = (status) => {
    const page = document.implementation.createHTMLDocument();
    page.body.innerHTML = '<ul class="messagelist"><li class="error"></li></ul>';
    page.querySelector("li").textContent =
        status === 403
            ? "Refused: you may not do this, or the page is too old. Reload it and try again."
            : `The server could not do this (${status}). Reload the page and try again.`;
    showMessages(page);
};

const ask = (content, title) => {
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

export const takeOver = ({done}) => {
    document.addEventListener("submit", async (event) => {
        const form = event.target;
        if (!form.matches(FORMS)) {
            return;
        }
        event.preventDefault();
        const button = event.submitter;
        button?.setAttribute("aria-busy", "true");
        try {
            const {answer, page} = await send(form, button);
            const question = page.querySelector("#question, #preview");
            if (!answer.ok) {
                sayRefused(answer.status);
                return;
            }
            if (question) {
                ask(question, question.dataset.title);
                return;
            }
            document.querySelector("dialog.ask")?.close();
            showMessages(page);
            const kept = page.getElementById("answer");
            if (kept) {
                document.getElementById("answer").replaceWith(document.adoptNode(kept));
            }
            done();
        } catch {
            sayRefused("no answer");
        } finally {
            button?.removeAttribute("aria-busy");
        }
    });
};
