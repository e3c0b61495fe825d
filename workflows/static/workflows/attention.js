/* The numbers beside the names in the navigation, and a dashboard that keeps up with them.
   Asked for while somebody looks; a hidden page asks for nothing. */

import {showTimes} from "./times.js";

const EVERY_MS = 10_000;
const MEANING = {
    approvals: "waiting for approval",
    attempts: "overdue",
    runners: "refusing or silent",
    runs: "failed or stuck",
};

const navigation = document.getElementById("navigation");
const dashboard = document.getElementById("dashboard");
let event;
let timer;

const show = (counts) => {
    for (const place of navigation.querySelectorAll("[data-count]")) {
        const count = counts[place.dataset.count] ?? 0;
        const meaning = MEANING[place.dataset.count];
        place.hidden = count === 0;
        place.textContent = count;
        place.title = `${count} ${meaning}`;
        place.setAttribute("aria-label", `, ${count} ${meaning}`);
    }
};

/* Draw anew the parts that changed, but none from under somebody's hand. */
const refresh = async () => {
    const answer = await fetch(location.href);
    if (!answer.ok) {
        return;
    }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of dashboard.querySelectorAll(":scope > section[id]")) {
        const now = fresh.getElementById(part.id);
        const isTouched =
            part.contains(document.activeElement) || part.querySelector("details[open]");
        if (now && !isTouched) {
            part.replaceWith(document.adoptNode(now));
        }
    }
    showTimes(dashboard);
};

const ask = async () => {
    clearTimeout(timer);
    if (document.hidden) {
        return;
    }
    try {
        const answer = await fetch(navigation.dataset.attention);
        if (!answer.ok || answer.redirected) {
            return;
        } /* logged out: a reload will say so */
        const counts = await answer.json();
        show(counts);
        if (dashboard && event !== undefined && event !== counts.event) {
            await refresh();
        }
        event = counts.event;
    } catch {
        /* out of reach for the moment */
    }
    timer = setTimeout(ask, EVERY_MS);
};

if (navigation) {
    document.addEventListener("visibilitychange", ask);
    ask();
}
