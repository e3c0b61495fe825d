/*
How old the page is: beside the name of the reader, and above the content if something is wrong.

`showFreshness(polls, {trouble, isOver, askAll})` is called each second and after each answer; see poll.js.
*/

import {button, element} from "./dom.js";
import {loginLink} from "./session.js";

const SHOWN_AFTER_S = 15; /* without an answer; what is shorter mends itself before it is read */
const OLD_S = 60;
const CLOCK = new Intl.DateTimeFormat("en", {hour: "2-digit", minute: "2-digit", hour12: false});

export const showFreshness = (polls, {trouble, isOver, askAll}) => {
    const main = polls.filter((poll) => !poll.beside);
    const asked = main.filter((poll) => !poll.isAsleep);
    const at = Math.min(...(asked.length ? asked : polls).map((poll) => poll.answeredAt));
    const age = (Date.now() - at) / 1000;
    const isTold = trouble !== "live" && (trouble !== "unreachable" || age >= SHOWN_AFTER_S);
    if (main.length) {
        showAge(isOver ? "ended" : isTold || age >= OLD_S ? "old" : "live", age);
    }
    const nextAt = Math.min(...polls.filter((poll) => poll.failures).map((poll) => poll.nextAt));
    showBanner(isTold ? trouble : null, {at, age, nextAt, askAll});
};

const AGES = {
    ended: () => ["ended", " · no polling"],
    live: (age) => ["live · ", told(age), " ago"],
    old: (age) => [`${told(age)} old`],
};

const showAge = (kind, age) => {
    const place = agePlace();
    place.hidden = false;
    place.dataset.age = kind;
    const text = AGES[kind](age);
    if (place.textContent !== text.join("")) {
        place.replaceChildren(...text.map((part) => element("span", {}, part)));
    }
};

/* The frame of another project has no place for it: then it stands above the content. */
const agePlace = () => {
    let place = document.getElementById("freshness");
    if (!place) {
        place = element("p", {id: "freshness", className: "freshness"});
        document.getElementById("content").prepend(place);
    }
    return place;
};

const told = (seconds) => {
    if (seconds < OLD_S) {
        return `${Math.floor(seconds)} s`;
    }
    const minutes = Math.floor(seconds / 60);
    return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

const SENTENCES = {
    unreachable: ({at}) => `Cannot reach the site; this is from ${CLOCK.format(at)}`,
    "logged out": () => "You are logged out. Nothing is lost; the page goes on where it was.",
    gone: () => "The site does not show this any more: it was removed, or you may not see it.",
};
const CURES = {
    unreachable: ({askAll}) => button("Try now", askAll),
    "logged out": loginLink,
    gone: () => button("Reload", () => location.reload()),
};

/* The sentence is told once; what changes each second is for the eyes alone. */
const showBanner = (trouble, state) => {
    const shown = document.getElementById("connection");
    if (!trouble) {
        shown?.remove();
        return;
    }
    if (shown?.dataset.trouble !== trouble) {
        shown?.remove();
        drawBanner(trouble, state);
    }
    if (trouble === "unreachable") {
        const wait = Math.max(0, Math.ceil((state.nextAt - Date.now()) / 1000));
        document.getElementById("connection-age").textContent =
            `, ${told(state.age)} ago. ${wait ? `Next try in ${wait} s.` : "Trying…"}`;
    }
};

const drawBanner = (trouble, state) => {
    const banner = element(
        "div",
        {id: "connection", className: "connection"},
        element("span", {
            className: `icon icon-${trouble === "unreachable" ? "deadlocked" : "info"}`,
        }),
        element(
            "p",
            {role: "alert"},
            SENTENCES[trouble](state),
            element("span", {id: "connection-age", "aria-hidden": "true"}),
        ),
        CURES[trouble](state),
    );
    banner.dataset.trouble = trouble;
    document.getElementById("content").prepend(banner);
};
