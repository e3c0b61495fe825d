/*
Loads the log of an attempt: its end at once, then backwards what stands before, then what is printed.

    const source = openLog(url, {changed})
    source.lines            see lines.js
    source.size             characters that are known or still to come
    source.isOpen           the attempt may still print
    source.isComplete       everything up to now is known
    source.changedAt        when something was printed last, as this page noticed
    source.close()          asks no more

`changed(what)` takes "end" when the end is there, "before" and "after" when lines have come, "closed" when the
attempt has ended. What is asked for in vain is asked for again, see poll.js.
*/

import {keepAsking} from "../poll.js";
import {createLines} from "./lines.js";

const PAUSE_MS = 1500;

export const openLog = (url, {changed}) => {
    const lines = createLines();
    let [from, to] = [0, null];
    const source = {
        lines,
        size: 0,
        isOpen: true,
        isComplete: false,
        changedAt: Date.now(),
        close: () => poll.stop(),
    };

    /* What comes next, wherever an error cut it off. */
    const query = () => {
        if (to === null) {
            return "";
        }
        return from > 0 ? `?before=${from}` : `?after=${to}`;
    };

    const answered = async (response) => {
        let wanted = query();
        take(wanted, await response.json());
        while (from > 0 && !poll.isStopped) {
            wanted = query();
            take(wanted, await read(url + wanted));
        }
        return source.isOpen ? PAUSE_MS : null;
    };

    const take = (wanted, answer) => {
        if (poll.isStopped) {
            return;
        }
        if (wanted === "") {
            takeEnd(answer);
        } else if (wanted.startsWith("?before")) {
            takeBefore(answer);
        } else {
            takeAfter(answer);
        }
    };

    const takeEnd = (answer) => {
        lines.begin(answer.lines);
        lines.append(answer.pieces);
        [from, to] = [answer.from, answer.to];
        Object.assign(source, {size: to, isOpen: answer.is_open, isComplete: from === 0});
        changed("end");
    };

    const takeBefore = (answer) => {
        lines.prepend(answer.pieces);
        from = answer.pieces.length ? answer.from : 0;
        source.isComplete = from === 0;
        changed("before");
    };

    const takeAfter = (answer) => {
        if (answer.pieces.length) {
            lines.append(answer.pieces);
            to = answer.to;
            Object.assign(source, {size: to, changedAt: Date.now()});
            changed("after");
        } else if (source.isOpen && !answer.is_open) {
            source.isOpen = false;
            changed("closed");
        }
    };

    const poll = keepAsking({url: () => url + query(), every: PAUSE_MS, answered});
    poll.ask();
    return source;
};

const read = async (url) => {
    const response = await fetch(url, {cache: "no-store"});
    if (!response.ok) {
        throw new Error(response.status);
    }
    return response.json();
};
