/*
Rows that are kept up to date: when something has happened, the list is asked for once more. Cells change where
they stand; nothing moves. New rows, and rows that fit no more, wait behind a button. Ticks and the focus stay.
*/

import {element} from "./dom.js";
import {showTimes} from "./times.js";

let seen;

const rowsOf = (root) => [...root.querySelectorAll("#result_list tbody tr")];
const keyOf = (row) =>
    row.querySelector(".action-select")?.value ?? row.querySelector("a")?.getAttribute("href");

/* What a cell says, whenever it is read. */
const saidBy = (cell) => {
    const copy = cell.cloneNode(true);
    for (const time of copy.querySelectorAll("time")) {
        time.replaceWith(time.dateTime);
    }
    return copy.innerHTML;
};

const update = (row, fresh) => {
    for (const [at, cell] of [...row.cells].entries()) {
        const other = fresh.cells[at];
        const isKept =
            cell.contains(document.activeElement) || cell.querySelector(".action-select");
        if (other && !isKept && saidBy(cell) !== saidBy(other)) {
            cell.replaceChildren(...other.cloneNode(true).childNodes);
            showTimes(cell);
        }
    }
};

const draw = (page) => {
    const ticked = new Set(
        [...document.querySelectorAll("#result_list .action-select:checked")].map(
            (box) => box.value,
        ),
    );
    const body = document.adoptNode(page.querySelector("#result_list tbody"));
    document.querySelector("#result_list tbody").replaceWith(body);
    for (const box of body.querySelectorAll(".action-select")) {
        box.checked = ticked.has(box.value);
    }
    const toggle = document.getElementById("action-toggle");
    if (toggle) {
        toggle.checked = !body.querySelector(".action-select:not(:checked)");
    }
    showTimes(body);
    window.Actions?.(body.querySelectorAll("tr input.action-select")); /* Django counts them */
    button.hidden = true;
};

const button = element("button", {type: "button", className: "new-rows", hidden: true});
const place = element("span", {role: "status", className: "new-rows-place"}, button);

const offer = (added, gone, page) => {
    const parts = [added ? `${added} new` : "", gone ? `${gone} no longer here` : ""];
    button.textContent = `${parts.filter(Boolean).join(", ")}: show`;
    button.onclick = () => draw(page);
    button.hidden = !(added || gone);
};

const ask = async () => {
    const response = await fetch(location.href, {redirect: "manual"});
    if (!response.ok) {
        return; /* the numbers, which are asked for besides, tell why */
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = new Map(rowsOf(page).map((row) => [keyOf(row), row]));
    const shown = rowsOf(document);
    const known = new Set(shown.map(keyOf));
    for (const row of shown) {
        if (fresh.has(keyOf(row))) {
            update(row, fresh.get(keyOf(row)));
        }
    }
    const added = [...fresh.keys()].filter((key) => !known.has(key)).length;
    /* As many of the last ones may stand on the next page now. */
    const near = shown.slice(0, shown.length - added);
    const gone = near.filter((row) => !fresh.has(keyOf(row)));
    for (const row of gone) {
        row.classList.add("is-gone");
    }
    offer(added, gone.length, page);
};

const start = () => {
    button.hidden = true;
    document.querySelector(".list-tools")?.append(place);
};

document.addEventListener("workflows:drawn", start);
document.addEventListener("workflows:counts", ({detail: {event}}) => {
    const isNews = seen !== undefined && event !== seen && !document.hidden;
    if (seen === undefined || isNews) {
        seen = event;
    }
    if (isNews && document.querySelector("#changelist #result_list")) {
        ask().catch(() => {
            seen = null; /* asked again with the next numbers */
        });
    }
});
start();
