/* The tables of the page, which the server has drawn, follow what happens. */

import {showTimes} from "../times.js";

const MOST_ROWS = 100,
    BETWEEN_MS = 3000;

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
/*
The tables of tasks, drawn anew by the server while they can be seen, and not from under somebody's
hands.

    const tables = createTables(tab)
    tables.changed()    something has happened
    tables.shown()      they may have been opened
*/
export const createTables = (tab) => {
    let stale = false,
        waits = false;
    const refresh = async () => {
        if (!stale || waits || !tab || tab.hidden || tab.contains(document.activeElement)) {
            return;
        }
        [stale, waits] = [false, true];
        setTimeout(() => {
            waits = false;
            refresh();
        }, BETWEEN_MS);
        const answer = await fetch(location.pathname + location.search).catch(() => null);
        if (!answer?.ok) {
            return;
        }
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById(tab.id);
        if (!fresh || tab.contains(document.activeElement)) {
            stale = true;
            return;
        }
        tab.replaceChildren(...document.adoptNode(fresh).childNodes);
        showTimes(tab);
    };
    return {
        changed() {
            stale = true;
            refresh();
        },
        shown: refresh,
    };
};

/* The newest events come first, as the server lists them. */
export const addEvents = (events, {eventUrl, taskUrl, nameOf}) => {
    const body = document.getElementById("event-rows");
    if (!body) {
        return;
    }
    for (const [id, at, type, task, actor, reason] of events) {
        if (body.querySelector(`[data-event="${id}"]`)) {
            continue;
        }
        const row = document.createElement("tr");
        row.dataset.event = id;
        row.append(
            cell(link(eventUrl, id, time(at))),
            cell(type),
            cell(...(task ? [link(taskUrl, task, nameOf(task))] : [])),
            cell(actor),
            cell(reason),
        );
        body.prepend(row);
    }
    body.querySelectorAll("tr:not([data-event])").forEach((row) => row.remove());
    while (body.rows.length > MOST_ROWS) {
        body.lastElementChild.remove();
    }
    showTimes(body);
};
