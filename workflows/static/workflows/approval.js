/* The page of an approval is kept up to date: somebody else may decide, or the run go on, while it is open. */

import {keepAsking} from "./poll.js";
import {showTimes} from "./times.js";

const EVERY_MS = 4000;
const AFTER_NEWS_MS = 10_000;
const page = () => document.querySelector(".decide");
const isOpen = () => "isOpen" in page().dataset;

/* On a phone, the row of boxes is wider than the window. */
const showHere = () =>
    document
        .querySelector(".run-strip .is-here")
        ?.scrollIntoView({block: "nearest", inline: "center"});

/* What somebody is writing stays, as long as there is something to decide. */
const draw = (fresh) => {
    const focused = document.activeElement;
    const form = document.querySelector(".decide-form");
    if (form) {
        fresh.querySelector(".decide-form")?.replaceWith(form);
    }
    document.getElementById("content-main").replaceWith(document.adoptNode(fresh));
    showTimes(fresh);
    showHere();
    if (form?.contains(focused)) {
        focused.focus();
    }
};

const answered = async (response) => {
    if (response.status === 304) {
        return isOpen() ? EVERY_MS : null;
    }
    if (document.querySelector("dialog[open]")) {
        return EVERY_MS;
    }
    const now = await fetch(location.href, {redirect: "error"});
    if (!now.ok) {
        throw new Error(now.status);
    }
    const text = await now.text();
    draw(new DOMParser().parseFromString(text, "text/html").getElementById("content-main"));
    return isOpen() ? AFTER_NEWS_MS : null;
};

if (page()?.dataset.changes) {
    const poll = keepAsking({
        url: () => `${page().dataset.changes}?after=${page().dataset.event}`,
        headers: () => ({"If-None-Match": `"${page().dataset.event}"`}),
        every: EVERY_MS,
        isAsleep: !isOpen(),
        answered,
    });
    document.addEventListener("workflows:drawn", poll.ask);
}
showHere();
