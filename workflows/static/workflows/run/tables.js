/* The tables of the page, which the server has drawn, follow what happens. */

import {showTimes} from "../times.js";

const MOST_ROWS = 100;

const cell = (...children) => {
    const made = document.createElement("td");
    made.append(...children);
    return made;
};
const link = (pattern, id, text) => {
    const made = document.createElement("a");
    made.href = pattern.replace("/0/", `/${id}/`);
    made.append(text);
    return made;
};
const time = (moment) => {
    const made = document.createElement("time");
    made.dateTime = moment;
    made.textContent = moment;
    return made;
};
const badge = (kind, text) => {
    const made = document.createElement("span");
    made.className = `badge badge-${kind}`;
    made.textContent = text;
    return made;
};

/* The rows of tasks that are on this page of the table. */
export const updateTasks = (model, changed) => {
    for (const v of changed) {
        const row = document.querySelector(`tr[data-task="${model.id(v)}"]`);
        if (!row) { continue; }
        const [, state, , attempts, dispatched, started, finished] = model.rows[v];
        const cells = (name) => row.querySelector(`[data-cell="${name}"]`);
        const word = model.word(v);
        cells("state").replaceChildren(badge(state, state), ...word === state || word === "ready" ? [] : [" ", badge("by-hand", word)]);
        cells("attempts").textContent = attempts;
        for (const [name, at] of Object.entries({dispatched, started, finished})) {
            cells(name).replaceChildren(at ? time(new Date(at * 1000).toISOString()) : "–");
        }
        showTimes(row);
    }
};

/* The newest events come first, as the server lists them. */
export const addEvents = (events, {eventUrl, taskUrl, nameOf}) => {
    const body = document.getElementById("event-rows");
    if (!body) { return; }
    for (const [id, at, type, task, actor, reason] of events) {
        if (body.querySelector(`[data-event="${id}"]`)) { continue; }
        const row = document.createElement("tr");
        row.dataset.event = id;
        row.append(cell(link(eventUrl, id, time(at))), cell(type),
            cell(...task ? [link(taskUrl, task, nameOf(task))] : []), cell(actor), cell(reason));
        body.prepend(row);
    }
    body.querySelectorAll("tr:not([data-event])").forEach((row) => row.remove());
    while (body.rows.length > MOST_ROWS) { body.lastElementChild.remove(); }
    showTimes(body);
};
