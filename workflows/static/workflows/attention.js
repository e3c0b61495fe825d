/* Keeps the numbers in the navigation up to date, and the dashboard with them.
   A hidden page requests nothing. */

import {showTimes} from "./times.js";

const PAUSE_MS = 10_000;
const MOST_COUNTED = 100;
const MEANING = {
    approvals: "waiting for approval",
    attempts: "overdue",
    runners: "refusing or silent",
    runs: "failed or stuck",
};

const navigation = document.getElementById("navigation");
const dashboard = document.getElementById("dashboard");
let lastEvent;
let timer;

const show = (counts) => {
    for (const place of navigation.querySelectorAll("[data-count]")) {
        const count = counts[place.dataset.count] ?? 0;
        const meaning = MEANING[place.dataset.count];
        const shown = count < MOST_COUNTED ? `${count}` : `${MOST_COUNTED - 1}+`;
        place.hidden = count === 0;
        place.textContent = shown;
        place.title = `${shown} ${meaning}`;
        place.setAttribute("aria-label", `, ${shown} ${meaning}`);
    }
};

/* Draws the sections of the dashboard anew, except one that somebody is using. */
const refresh = async () => {
    const response = await fetch(location.href);
    if (!response.ok) {
        return;
    }
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const part of dashboard.querySelectorAll(":scope > section[id]")) {
        const current = fresh.getElementById(part.id);
        const isInUse =
            part.contains(document.activeElement) || part.querySelector("details[open]");
        if (current && !isInUse) {
            part.replaceWith(document.adoptNode(current));
        }
    }
    showTimes(dashboard);
};

const poll = async () => {
    clearTimeout(timer);
    if (document.hidden) {
        return;
    }
    try {
        const response = await fetch(navigation.dataset.attention);
        if (response.redirected || response.status === 403) {
            return; /* logged out: the next page says so */
        }
        const counts = await response.json(); /* a page, if the database does not answer */
        show(counts);
        if (dashboard && lastEvent !== undefined && lastEvent !== counts.event) {
            await refresh();
        }
        lastEvent = counts.event;
    } catch {
        /* the server cannot be reached at the moment */
    }
    timer = setTimeout(poll, PAUSE_MS);
};

if (navigation) {
    document.addEventListener("visibilitychange", poll);
    poll();
}
