/*
Asks what has changed since the last event that this page knows of: soon after a change, more and more rarely
while nothing happens, and no more once the run has ended.

    const live = follow({url, event, changed, hasEnded})
    live.ask()      at once: somebody has just done something

`changed(changes)` takes what has changed; `hasEnded()` says whether that was all.
*/

import {keepAsking} from "../poll.js";

const MIN_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 15000;
const PAUSE_GROWTH = 1.4;

export const follow = ({url, event, changed, hasEnded}) => {
    let since = event;
    let pause = MIN_PAUSE_MS;
    const poll = keepAsking({
        url: () => `${url}?after=${since}`,
        headers: () => ({"If-None-Match": `"${since}"`}),
        every: MIN_PAUSE_MS,
        isAsleep: hasEnded(),
        async answered(response) {
            if (response.status === 304) {
                pause = Math.min(MAX_PAUSE_MS, pause * PAUSE_GROWTH);
            } else {
                const changes = await response.json();
                since = Number(response.headers.get("ETag").match(/\d+/)[0]);
                pause = MIN_PAUSE_MS;
                changed(changes);
            }
            return hasEnded() ? null : pause;
        },
    });
    return {
        ask() {
            pause = MIN_PAUSE_MS;
            poll.ask();
        },
    };
};
