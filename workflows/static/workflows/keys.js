/*
Keys without Ctrl, on every page: `?` lists them, `/` goes to the search, `g` and a letter to a page; in lists
j and k go from row to row, x ticks one, Enter opens it; r, c and a on the pages of runs and approvals ask first. They
act on nothing by themselves, and can be switched off; a part of a page that has keys of its own calls preventDefault()
for them.
*/

import {openDialog} from "./dialog.js";
import {element} from "./dom.js";

const STORED = "workflows-keys";
const OFF = "off";
const SEQUENCE_MS = 1500;
const TYPED = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const SEARCH = "#searchbar, #content input[type=search]";
const PLACES = {d: "Dashboard", r: "Runs", t: "Templates", a: "Approvals"};
const HELP = [
    [["Ctrl", "K"], "find runs, templates, pages, and what can be done"],
    [["Ctrl", "Enter"], "in a question that is not red: do it"],
    [["?"], "these keys"],
    [["/"], "search on this page"],
    ...Object.entries(PLACES).map(([key, name]) => [["g", key], `go to ${name.toLowerCase()}`]),
    [["j"], "next row of a list"],
    [["k"], "row before"],
    [["x"], "tick the row"],
    [["Enter"], "open the row"],
    [["r"], "on the page of a run: ask to retry what failed; of an approval: ask to reject"],
    [["c"], "on the page of a run: compare it with an earlier one"],
    [["a"], "on the page of an approval: go to Approve, which Enter presses"],
];

let startedAt = Number.NEGATIVE_INFINITY;

export const areOn = () => localStorage.getItem(STORED) !== OFF;

const rows = () => [...document.querySelectorAll("#result_list tbody tr")];
const opener = (row) => row.querySelector("th a") ?? row.querySelector("a");
const current = () => document.activeElement.closest("#result_list tbody tr");

const step = (by) => {
    const all = rows();
    const at = current() ? all.indexOf(current()) + by : 0;
    const link = all[at] && opener(all[at]);
    link?.focus({focusVisible: true});
    link?.scrollIntoView({block: "nearest"});
    return Boolean(link);
};

/* A click, so that the page counts it as one. */
const tick = () => {
    const box = current()?.querySelector(".action-select");
    box?.click();
    return Boolean(box);
};

const search = () => {
    const field = document.querySelector(SEARCH);
    field?.focus();
    field?.select();
    return Boolean(field);
};

/* The site knows where that is. */
const go = (key) => {
    const address = document.querySelector("[data-palette]")?.dataset.palette;
    const isKnown = Boolean(address && PLACES[key]);
    if (isKnown) {
        location.assign(`${address}?go=${key}`);
    }
    return isKnown;
};

const help = () => {
    const keys = HELP.map(([names, text]) =>
        element(
            "tr",
            {},
            element("th", {scope: "row"}, ...names.map((name) => element("kbd", {}, name))),
            element("td", {}, text),
        ),
    );
    const box = element("input", {type: "checkbox", checked: areOn()});
    box.addEventListener("change", () => localStorage.setItem(STORED, box.checked ? "on" : OFF));
    const close = element(
        "button",
        {type: "button", className: "button", "data-close": ""},
        "Close",
    );
    openDialog({
        title: "Keys",
        content: element(
            "div",
            {className: "keys"},
            element("table", {}, element("tbody", {}, ...keys)),
            element("label", {}, box, " Keys without Ctrl do something (kept in this browser)"),
            element("p", {className: "answers"}, close),
        ),
    });
    return true;
};

/* What these press opens a page or asks its question. */
const RETRY = ".verdict :is([value=retry_failed], [value=retry]), .decide-form .leads-to-danger";
const press = (target) => {
    const found = document.querySelector(target);
    found?.click();
    return Boolean(found);
};

const approve = () => {
    const button = document.querySelector(".decide-form .good");
    button?.focus({focusVisible: true});
    return Boolean(button);
};

const ACTS = {
    "?": help,
    "/": search,
    j: () => step(1),
    k: () => step(-1),
    x: tick,
    r: () => press(RETRY),
    c: () => press("#run .compare"),
    a: approve,
};

const isOurs = (event) =>
    !(event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) &&
    !event.target.closest?.(TYPED) &&
    !document.querySelector("dialog[open]");

/* The second key of two, before any part of the page takes it for one of its own. */
document.addEventListener(
    "keydown",
    (event) => {
        if (isOurs(event) && event.timeStamp - startedAt < SEQUENCE_MS) {
            startedAt = Number.NEGATIVE_INFINITY;
            if (go(event.key)) {
                event.preventDefault();
                event.stopPropagation();
            }
        }
    },
    {capture: true},
);
document.addEventListener("keydown", (event) => {
    if (!isOurs(event) || (!areOn() && event.key !== "?")) {
        return;
    }
    if (event.key === "g") {
        startedAt = event.timeStamp;
    } else if (ACTS[event.key]?.()) {
        event.preventDefault();
    }
});
for (const button of document.querySelectorAll("[data-keys]")) {
    button.hidden = false;
    button.addEventListener("click", help);
}
