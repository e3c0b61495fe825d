/*
Loads the log of an attempt: its end at once, then backwards what stands before, then what is printed.

    const source = openLog(url, {changed, failed})
    source.lines            see lines.js
    source.size             characters that are known or still to come
    source.isOpen           the attempt may still print
    source.isComplete       everything up to now is known
    source.changedAt        when something was printed last, as this page noticed
    source.close()          asks no more

`changed(what)` takes "end" when the end is there, "before" and "after" when lines have come, "closed" when the
attempt has ended; `failed(text)` takes what is wrong, "" if nothing is. What is asked for in vain is asked for
again, with growing pauses.
*/

import {createLines} from "./lines.js";

const PAUSE_MS = 1500;
const FIRST_RETRY_MS = 2000;
const LONGEST_RETRY_MS = 60_000;

export const openLog = (url, {changed, failed}) => {
    const lines = createLines();
    const source = {
        lines,
        size: 0,
        isOpen: true,
        isComplete: false,
        changedAt: Date.now(),
        close,
    };
    let [from, to] = [0, null];
    let timer = null;
    let isAsking = false;
    let isClosed = false;
    let failures = 0;

    function close() {
        isClosed = true;
        clearTimeout(timer);
        removeEventListener("focus", goOn);
        removeEventListener("online", goOn);
        document.removeEventListener("visibilitychange", goOn);
    }

    const ask = async (query) => {
        const response = await fetch(url + query, {cache: "no-store"});
        if (response.redirected || response.status === 403) {
            throw new Error("You may not read this log, or are logged out.");
        }
        if (!response.ok) {
            throw new Error(`The site could not read this log (${response.status}).`);
        }
        return response.json();
    };

    /* Returns how long to wait before the next step; null: nothing more will come. */
    const step = async () => {
        if (to === null) {
            await loadEnd();
        } else if (from > 0) {
            await loadBefore();
        } else {
            return follow();
        }
        return from > 0 || source.isOpen ? 0 : null;
    };

    const loadEnd = async () => {
        const answer = await ask("");
        lines.begin(answer.lines);
        lines.append(answer.pieces);
        [from, to] = [answer.from, answer.to];
        Object.assign(source, {size: to, isOpen: answer.is_open, isComplete: from === 0});
        changed("end");
    };

    const loadBefore = async () => {
        const answer = await ask(`?before=${from}`);
        if (isClosed) {
            return;
        }
        lines.prepend(answer.pieces);
        from = answer.pieces.length ? answer.from : 0;
        source.isComplete = from === 0;
        changed("before");
    };

    const follow = async () => {
        const answer = await ask(`?after=${to}`);
        if (isClosed) {
            return null;
        }
        if (answer.pieces.length) {
            lines.append(answer.pieces);
            to = answer.to;
            Object.assign(source, {size: to, changedAt: Date.now()});
            changed("after");
            return answer.is_open ? PAUSE_MS : 0;
        }
        if (source.isOpen && !answer.is_open) {
            source.isOpen = false;
            changed("closed");
        }
        return source.isOpen ? PAUSE_MS : null;
    };

    const run = async () => {
        if (isAsking || isClosed || (document.hidden && to !== null)) {
            return;
        }
        isAsking = true;
        const pause = await step().then(wentWell, wentWrong);
        isAsking = false;
        if (pause !== null && !isClosed) {
            timer = setTimeout(run, pause);
        }
    };

    const wentWell = (pause) => {
        failures = 0;
        failed("");
        return pause;
    };

    const wentWrong = (error) => {
        failures += 1;
        failed(error instanceof TypeError ? "The site cannot be reached." : error.message);
        const pause = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
        return pause * (0.9 + 0.2 * Math.random());
    };

    /* At once, when the page is seen again or is online again. */
    function goOn() {
        if (source.isOpen || !source.isComplete || failures) {
            clearTimeout(timer);
            run();
        }
    }

    addEventListener("focus", goOn);
    addEventListener("online", goOn);
    document.addEventListener("visibilitychange", goOn);
    run();
    return source;
};
