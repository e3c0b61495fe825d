/* The dashboard: drawn anew when something has happened, told in the tab of the browser. */

import {showInTab} from "./browser_tab.js";
import {showTimes} from "./times.js";

const POINTING_MS = 3000;
const dashboard = document.getElementById("dashboard");
let pointedAt = 0;

export const isDashboard = dashboard !== null;

/* Nothing moves under a pointer that somebody is moving, nor behind a question: its button gets the focus back. */
export const isInUse = () =>
    performance.now() - pointedAt < POINTING_MS || document.querySelector("dialog[open]") !== null;

/* Returns whether it shows what is counted by now: not if a question was opened meanwhile. */
export const drawDashboard = async (counts) => {
    showInTab(tabOf(counts));
    const isShown = dashboard.dataset.event === String(counts.event); /* the page came with it */
    if (!isShown) {
        const fresh = await fetched();
        if (isInUse()) {
            return false;
        }
        draw(fresh);
    }
    delete dashboard.dataset.event;
    return true;
};

/* What runs becomes late by itself, each minute. */
export const minuteShown = () =>
    dashboard?.querySelector(".running") ? Math.floor(Date.now() / 60_000) : 0;

const fetched = async () => {
    const response = await fetch(location.href, {redirect: "error"});
    if (!response.ok) {
        throw new Error(response.status);
    }
    return new DOMParser().parseFromString(await response.text(), "text/html");
};

/* How much needs somebody, and the worst of it as a colour. */
const tabOf = ({runs = 0, runners = 0, approvals = 0, attempts = 0}) => {
    const number = runs + runners + approvals + attempts;
    const hue = runs || runners ? "bad" : attempts ? "stopped" : approvals ? "waiting" : "good";
    return {text: number ? `(${number}) Dashboard` : "Dashboard", hue};
};

/* What is open stays open, and what has the focus keeps it. */
const draw = (fresh) => {
    for (const part of dashboard.querySelectorAll(":scope > section[id]")) {
        const current = fresh.getElementById(part.id);
        if (current) {
            const focused = part.contains(document.activeElement) ? document.activeElement : null;
            const place = controlsOf(part).indexOf(focused);
            const isOpen = part.querySelector("details[open]") !== null;
            part.replaceWith(document.adoptNode(current));
            current.querySelector("details")?.toggleAttribute("open", isOpen);
            if (focused) {
                focusLike(current, focused, place);
            }
        }
    }
    showTimes(dashboard);
};

const controlsOf = (section) => [...section.querySelectorAll("a, button, summary")];

/* The same control of the same line; if that line has gone, the one that now stands in its place. */
const focusLike = (section, focused, place) => {
    const controls = controlsOf(section);
    const same = controls.find((each) => signOf(each) === signOf(focused));
    (same ?? controls[Math.min(place, controls.length - 1)])?.focus();
};

const signOf = (control) => {
    const rows = control.form ? new FormData(control.form).getAll("_selected_action") : [];
    return [control.textContent, control.href, control.value, ...rows].join();
};

if (isDashboard) {
    dashboard.addEventListener("pointermove", () => {
        pointedAt = performance.now();
    });
    document.addEventListener("workflows:done", async (event) => {
        event.preventDefault();
        const {page} = event.detail;
        /* The answer is the dashboard of all; somebody may look at their own. */
        const isSame = page.getElementById("dashboard") && !location.search;
        draw(isSame ? page : await fetched());
    });
}
