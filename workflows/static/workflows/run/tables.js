/*
The tables of the page, which the server has drawn, follow what happens.

    const tables = createTables(tab)
    tables.changed()    something has happened
    tables.shown()      the tab may have been opened

    addEvents(events, {eventUrl, taskUrl, nameOf})
*/

import {showTimes} from "../times.js";

const MAX_EVENTS = 100;
const PAUSE_MS = 3000;

/* The tables of tasks come anew from the server while they can be seen, but not while the keyboard
   focus is in them. */
export const createTables = (tab) => {
    let isStale = false;
    let isPausing = false;
    const hasFocus = () => tab.contains(document.activeElement);

    const refresh = async () => {
        if (!tab || !isStale || isPausing || tab.hidden || hasFocus()) {
            return;
        }
        isStale = false;
        isPausing = true;
        setTimeout(() => {
            isPausing = false;
            refresh();
        }, PAUSE_MS);
        const response = await fetch(location.pathname + location.search).catch(() => null);
        if (!response?.ok) {
            return;
        }
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const fresh = page.getElementById(tab.id);
        if (!fresh || hasFocus()) {
            isStale = true;
            return;
        }
        tab.replaceChildren(...document.adoptNode(fresh).childNodes);
        showTimes(tab);
    };
    return {
        changed() {
            isStale = true;
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
    for (const {id, at, type, task, actor, reason} of events) {
        if (body.querySelector(`[data-event="${id}"]`)) {
            continue;
        }
        const row = document.createElement("tr");
        row.dataset.event = id;
        const taskLink = task ? [link(taskUrl, task, nameOf(task))] : [];
        row.append(
            cell(link(eventUrl, id, time(at))),
            cell(type),
            cell(...taskLink),
            cell(actor),
            cell(reason),
        );
        body.prepend(row);
    }
    for (const empty of body.querySelectorAll("tr:not([data-event])")) {
        empty.remove();
    }
    while (body.rows.length > MAX_EVENTS) {
        body.lastElementChild.remove();
    }
    showTimes(body);
};

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
    made.dataset.form = "milliseconds";
    made.dateTime = moment;
    made.textContent = moment;
    return made;
};
