/*
A short word on what has just happened, at the bottom of the window.

    toast("2 steps retried.", {href: "/…/7/change/", label: "Run 7", level: "success"})     returns its element
    toastMessages(page)     shows the messages of a page that a script has fetched

It goes after six seconds, not while the pointer or the focus is on it; what went wrong stays until it is closed.
The messages of a page that was loaded become toasts, too; warnings and errors about the page itself stay there.
*/

import {openDialog} from "./dialog.js";
import {button, element} from "./dom.js";

const STAYS_MS = 6000;
const ICONS = {success: "success", info: "info", warning: "silent", error: "failed"};
const STAYING = ["error", "warning"];

export const toast = (text, {href, label, level = "success"} = {}) =>
    show([element("p", {}, text), href ? see(href, label) : null], level);

export const toastMessages = (page) => {
    for (const item of page.querySelectorAll("ul.messagelist > li")) {
        showMessage(document.adoptNode(item));
    }
};

const see = (href, label = "See it") => element("a", {href, className: "see"}, label);

const show = (parts, level) => {
    const close = () => shown.remove();
    const shown = element(
        "div",
        {className: `toast toast-${level}`},
        element("span", {className: `icon icon-${ICONS[level] ?? "info"}`, "aria-hidden": "true"}),
        ...parts,
        element(
            "button",
            {type: "button", className: "close", "aria-label": "Close", onclick: close},
            element("span", {className: "icon icon-close", "aria-hidden": "true"}),
        ),
    );
    toasts().append(shown);
    if (!STAYING.includes(level)) {
        goInTime(shown);
    }
    return shown;
};

/* One live region for all of them, there before the first: else nothing is read aloud. */
const toasts = () =>
    document.getElementById("toasts") ??
    document.body.appendChild(element("div", {id: "toasts", className: "toasts", role: "status"}));

const goInTime = (shown) => {
    let timer;
    const wait = () => {
        clearTimeout(timer);
        timer = setTimeout(() => {
            if (shown.matches(":hover, :focus-within")) {
                wait();
            } else {
                shown.remove();
            }
        }, STAYS_MS);
    };
    shown.addEventListener("pointerleave", wait);
    shown.addEventListener("focusout", wait);
    wait();
};

const levelOf = (item) =>
    Object.keys(ICONS).find((level) => item.classList.contains(level)) ?? "info";

/* A link of class `see` stands apart; the outcomes of many rows are a dialog away. */
const showMessage = (item) => {
    const outcome = item.querySelector(".outcome");
    const link = item.querySelector("a.see");
    link?.remove();
    const isHere = link?.pathname === location.pathname;
    const text = element("p", {});
    text.append(...(outcome?.querySelector("p") ?? item).childNodes);
    const each = outcome && button("Each row", () => showOutcome(text, outcome));
    show([text, isHere ? null : link, each], levelOf(item));
};

const showOutcome = (text, outcome) => {
    const content = element(
        "div",
        {className: "outcome"},
        outcome.querySelector(".scroll").cloneNode(true),
        element("div", {className: "answers"}, button("Close", null, {"data-close": ""})),
    );
    openDialog({title: text.textContent.trim().replace(/\s+/g, " "), content});
};

toasts();
for (const item of document.querySelectorAll("ul.messagelist > li")) {
    if (!STAYING.includes(levelOf(item)) || item.matches(".outcomes")) {
        showMessage(item);
        item.remove();
    }
}
for (const list of document.querySelectorAll("ul.messagelist")) {
    list.hidden = !list.children.length;
    list.classList.add("remarks"); /* what stays is about the page; see console.css */
}
