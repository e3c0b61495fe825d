/*
Asks again and again what has changed since the last event that this page knows of.

    const live = follow({url, event, taken, troubled})
    live.ask()      now: somebody has just done something

Soon after a change, ever less often while nothing happens, not at all while the page is hidden.
*/

const SOON_MS = 1000,
    LATE_MS = 15000,
    CALM = 1.4,
    TROUBLE_MS = 10000;

export const follow = ({url, event, taken, troubled}) => {
    let since = event,
        pause = SOON_MS,
        timer = null,
        asking = false,
        again = false;

    const ask = async () => {
        clearTimeout(timer);
        if (asking) {
            again = true;
            return;
        }
        if (document.hidden) {
            return;
        }
        asking = true;
        pause = await answer().catch(() => {
            troubled("The page cannot reach the server; it keeps trying.");
            return TROUBLE_MS;
        });
        asking = false;
        if (pause === null) {
            return;
        }
        timer = setTimeout(ask, again ? 0 : pause);
        again = false;
    };

    /* How long to wait before the next question; null for ever. */
    const answer = async () => {
        const got = await fetch(`${url}?after=${since}`, {
            headers: {"If-None-Match": `"${since}"`},
            cache: "no-store",
        });
        if (got.redirected || got.status === 403) {
            troubled("You have been logged out: reload the page.");
            return null;
        }
        if (got.status !== 304 && !got.ok) {
            throw new Error(got.status);
        }
        troubled("");
        if (got.status === 304) {
            return Math.min(LATE_MS, pause * CALM);
        }
        const changes = await got.json();
        since = Number(got.headers.get("ETag").match(/\d+/)[0]);
        taken(changes);
        return SOON_MS;
    };

    document.addEventListener("visibilitychange", () => {
        if (!document.hidden) {
            ask();
        }
    });
    timer = setTimeout(ask, pause);
    return {
        ask() {
            pause = SOON_MS;
            ask();
        },
    };
};
