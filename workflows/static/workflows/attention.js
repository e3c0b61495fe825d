/* Keeps the numbers beside the lists up to date, and the dashboard with them: on pages that say where
   they are. */

import {drawDashboard, isDashboard, isInUse, minuteShown} from "./dashboard.js";
import {keepAsking} from "./poll.js";
import {isWatching, tellWatched, watchedQuery} from "./watching.js";

const PAUSE_MS = 8000;
const HIDDEN_PAUSE_MS = 30_000;
const MOST_COUNTED = 100;
const MEANING = {
    approvals: "waiting for approval",
    attempts: "overdue",
    runners: "refusing or silent",
    runs: "failed or stuck",
};
/* The rows of Django's side bar, which know no numbers. */
const ROWS = {
    approvals: "approval",
    attempts: "taskattempt",
    runners: "runner",
    runs: "workflowrun",
};

const source = document.querySelector("[data-attention]");
let drawn;

const addPlaces = () => {
    for (const [name, model] of Object.entries(ROWS)) {
        const link = document.querySelector(`#nav-sidebar .model-${model} a[href]`);
        if (link && !link.querySelector("[data-count]")) {
            const place = document.createElement("span");
            [place.className, place.hidden] = ["number", true];
            place.dataset.count = name;
            link.append(" ", place);
        }
    }
};

const show = (counts) => {
    for (const place of document.querySelectorAll("[data-count]")) {
        const count = counts[place.dataset.count] ?? 0;
        const meaning = MEANING[place.dataset.count];
        const shown = count < MOST_COUNTED ? `${count}` : `${MOST_COUNTED - 1}+`;
        place.hidden = count === 0;
        place.textContent = shown;
        place.title = `${shown} ${meaning}`;
        place.setAttribute("aria-label", `, ${shown} ${meaning}`);
    }
};

const answered = async (response) => {
    const {watched, ...counts} = await response.json();
    show(counts);
    document.dispatchEvent(new CustomEvent("workflows:counts", {detail: counts}));
    tellWatched(watched ?? []);
    const now = JSON.stringify([counts, minuteShown()]);
    if (isDashboard && drawn !== now && !isInUse() && (await drawDashboard(counts))) {
        drawn = now;
    }
    return document.hidden ? HIDDEN_PAUSE_MS : PAUSE_MS;
};

if (source) {
    addPlaces();
    const poll = keepAsking({
        url: () => source.dataset.attention + watchedQuery(),
        every: PAUSE_MS,
        beside: !isDashboard,
        whileHidden: isWatching,
        answered,
    });
    poll.ask();
    document.addEventListener("workflows:done", poll.ask);
}
