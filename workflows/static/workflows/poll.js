/*
Asks the site again and again, and never stops silently: after an error it goes on with growing pauses.

    const poll = keepAsking({url, every, answered})
        url         a text, or () => a text
        every       milliseconds from one answer to the next question; at once when the page is seen again,
                    has the focus again or is online again; never while it is hidden
        answered    async (response) => milliseconds until the next question instead of `every`, or
                    null: nothing will change by itself (a run that has ended), so only those moments ask.
                    The status is 200 or 304; an error is not its business
        headers     () => the headers of the question
        beside      true: what it asks for is beside the matter of the page (the numbers of the navigation).
                    The age that the header tells is not its age, and it ends with what the page is about
        isAsleep    true: nothing will change by itself, from the beginning
        whileHidden () => true: goes on though nobody looks (somebody waits for a notification)
    poll.ask()      at once: somebody has just done something
    poll.stop()     for good; poll.isStopped

How old the answers are, that the site cannot be reached, and that somebody is logged out is shown by
freshness.js; a page has nothing to do for it. Who is logged out sees *Log in…*, which opens the login of the
site in a tab; then all questions are asked again, and each form of the page has a token of the new session.

For pages that keep something which must not be lost, such as a draft: document gets `workflows:connection`
with detail "live", "unreachable", "gone" or "logged out" whenever that changes, and `freshToken()` of session.js,
before each POST, throws `LoggedOut`: keep the draft, call `needLogin()` of this file, and when its promise is
fulfilled, send it.
*/

import {showFreshness} from "./freshness.js";
import {freshToken, isLoginPage, LoggedOut, loggedIn} from "./session.js";

const FIRST_RETRY_MS = 2000;
const LONGEST_PAUSE_MS = 60_000;
const JITTER = 0.2; /* of each pause: pages that were cut off together do not come back together */
const PAUSE_PER_ANSWER = 10; /* so many times as long as the site took: a busy site is asked less */
const GONE = [403, 404, 410];

const polls = new Set();
let connection = "live";

class Gone extends Error {}

export const keepAsking = (options) => {
    const poll = {
        every: 10_000,
        headers: () => ({}),
        whileHidden: () => false,
        isAsleep: false,
        ...options,
        answeredAt: Date.now(),
        nextAt: Date.now(),
        tookMs: 0,
        failures: 0,
        trouble: "live",
        isAsking: false,
        isAskedAgain: false,
        isStopped: false,
        ask: () => ask(poll),
        stop() {
            clearTimeout(poll.timer);
            polls.delete(poll);
            poll.isStopped = true;
        },
    };
    polls.add(poll);
    if (!poll.isAsleep) {
        schedule(poll, poll.every);
    }
    return poll;
};

/* Fulfilled when somebody is logged in: at once, or after they have pressed *Log in…*. */
export const needLogin = () =>
    new Promise((fulfil) => {
        const poll = keepAsking({
            url: document.querySelector("[data-session]").dataset.session,
            headers: () => ({Accept: "application/json"}),
            beside: true,
            answered() {
                poll.stop();
                fulfil();
            },
        });
        poll.ask();
    });

const ask = async (poll) => {
    clearTimeout(poll.timer);
    if (poll.isStopped || (document.hidden && !poll.whileHidden())) {
        return;
    }
    if (poll.isAsking) {
        poll.isAskedAgain = true;
        return;
    }
    poll.isAsking = true;
    const pause = await outcome(poll);
    poll.isAsking = false;
    if (poll.isStopped) {
        return;
    }
    poll.isAsleep = pause === null || (poll.beside && isOver());
    show();
    if (poll.isAskedAgain) {
        poll.isAskedAgain = false;
        ask(poll);
    } else if (!poll.isAsleep) {
        schedule(poll, Math.max(pause, Math.min(LONGEST_PAUSE_MS, PAUSE_PER_ANSWER * poll.tookMs)));
    }
};

/* Returns how long to wait; null: until somebody looks again. */
const outcome = async (poll) => {
    const began = performance.now();
    let response;
    try {
        response = await fetched(poll);
    } catch (error) {
        return failed(poll, error);
    } finally {
        poll.tookMs = performance.now() - began;
    }
    Object.assign(poll, {answeredAt: Date.now(), failures: 0, trouble: "live"});
    try {
        const pause = await poll.answered(response);
        return pause === undefined ? poll.every : pause;
    } catch (error) {
        return failed(poll, error); /* cut off in the middle, or no JSON */
    }
};

const fetched = async (poll) => {
    const response = await fetch(typeof poll.url === "function" ? poll.url() : poll.url, {
        redirect: "manual",
        cache: "no-store",
        headers: poll.headers(),
    });
    if (isLoginPage(response)) {
        throw new LoggedOut();
    }
    if (GONE.includes(response.status)) {
        await freshToken(); /* throws if this is so because nobody is logged in */
        throw new Gone();
    }
    if (!response.ok && response.status !== 304) {
        throw new Error(response.status);
    }
    return response;
};

const failed = (poll, error) => {
    poll.failures += 1;
    poll.trouble = "unreachable";
    if (error instanceof LoggedOut) {
        poll.trouble = "logged out";
    } else if (error instanceof Gone) {
        poll.trouble = "gone";
        return null;
    }
    return Math.min(LONGEST_PAUSE_MS, FIRST_RETRY_MS * 2 ** (poll.failures - 1));
};

const schedule = (poll, pause) => {
    const jittered = pause * (1 + JITTER * (Math.random() - 0.5));
    poll.nextAt = Date.now() + jittered;
    poll.timer = setTimeout(() => ask(poll), jittered);
};

const main = () => [...polls].filter((poll) => !poll.beside);

/* What the page is about has ended. */
const isOver = () => main().length > 0 && main().every((poll) => poll.isAsleep);

const askAll = () => {
    for (const poll of polls) {
        ask(poll);
    }
};

const TROUBLES = ["logged out", "unreachable", "gone"];

const show = () => {
    const now =
        TROUBLES.find((trouble) => [...polls].some((poll) => poll.trouble === trouble)) ?? "live";
    showFreshness([...polls], {trouble: now, isOver: isOver(), askAll});
    if (now === connection) {
        return;
    }
    if (connection === "logged out" && now === "live") {
        freshToken().catch(() => {}); /* for the forms of the page; who posts asks again */
    }
    connection = now;
    document.dispatchEvent(new CustomEvent("workflows:connection", {detail: now}));
};

setInterval(() => {
    if (!document.hidden && polls.size) {
        show();
    }
}, 1000);
loggedIn(askAll);
window.addEventListener("online", askAll);
window.addEventListener("focus", askAll);
document.addEventListener("visibilitychange", askAll);
