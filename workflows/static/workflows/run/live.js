/*
Polls for what has changed since the last event that this page knows of.

    const live = follow({url, event, changed, failed})
    live.ask()      at once: somebody has just done something

Polls soon after a change, more and more rarely while nothing happens, the more rarely the longer an
answer takes, and not at all while the page is hidden. `changed(changes)` takes what has changed, `failed(text)` what is wrong, "" if nothing is.
*/

const MIN_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 15000;
const PAUSE_GROWTH = 1.4;
const FAILED_PAUSE_MS = 10000;
const PAUSE_PER_ANSWER = 10; /* so many times as long as the answer took: a busy site is asked less */

export const follow = ({url, event, changed, failed}) => {
    let since = event;
    let pause = MIN_PAUSE_MS;
    let timer = null;
    let isAsking = false;
    let isAskedAgain = false;

    const ask = async () => {
        clearTimeout(timer);
        if (isAsking) {
            isAskedAgain = true;
            return;
        }
        if (document.hidden) {
            return;
        }
        isAsking = true;
        const began = performance.now();
        pause = await poll().catch(() => {
            failed("The server cannot be reached; this page keeps trying.");
            return FAILED_PAUSE_MS;
        });
        isAsking = false;
        if (pause === null) {
            return;
        }
        const shortest = PAUSE_PER_ANSWER * (performance.now() - began);
        timer = setTimeout(ask, isAskedAgain ? 0 : Math.max(pause, shortest));
        isAskedAgain = false;
    };

    /* Returns how long to wait before the next poll; null: do not poll any more. */
    const poll = async () => {
        const response = await fetch(`${url}?after=${since}`, {
            headers: {"If-None-Match": `"${since}"`},
            cache: "no-store",
        });
        if (response.redirected || response.status === 403) {
            failed("You have been logged out: reload the page.");
            return null;
        }
        if (response.status !== 304 && !response.ok) {
            throw new Error(response.status);
        }
        failed("");
        if (response.status === 304) {
            return Math.min(MAX_PAUSE_MS, pause * PAUSE_GROWTH);
        }
        const changes = await response.json();
        since = Number(response.headers.get("ETag").match(/\d+/)[0]);
        changed(changes);
        return MIN_PAUSE_MS;
    };

    document.addEventListener("visibilitychange", () => {
        if (!document.hidden) {
            ask();
        }
    });
    timer = setTimeout(ask, pause);
    return {
        ask() {
            pause = MIN_PAUSE_MS;
            ask();
        },
    };
};
