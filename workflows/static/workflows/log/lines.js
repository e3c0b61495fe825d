/*
The lines of a log, of which the end is known first and the beginning comes later.

    const lines = createLines()
    lines.append(pieces)        text that was printed after what is known
    lines.prepend(pieces)       text that stands before
    lines.begin(n)              so many lines end before what is appended first
    lines.first, lines.total    the lines that are known have the numbers first … total - 1, from 0
    lines.get(i)                {raw, plain, at, level}, or null if it is not known yet
    lines.counts                {error, warning}: how many lines tell of one
    lines.longest               the characters of the longest line

A piece is [when it was printed, text]: seconds since 1970, or null. A line may begin in one and end in another.
*/

import {strip, visible} from "./ansi.js";
import {levelOf} from "./levels.js";

const LOOKED_AT = 2000; /* characters of a line that may tell of an error */

export const createLines = () => {
    let known = [];
    let first = 0;
    let longest = 0;
    const counts = {error: 0, warning: 0};

    const made = (raw, at) => {
        const plain = strip(visible(raw));
        const level = levelOf(plain.slice(0, LOOKED_AT));
        longest = Math.max(longest, plain.length);
        if (level) {
            counts[level] += 1;
        }
        return {raw, plain, at, level};
    };

    const forget = (line) => {
        if (line.level) {
            counts[line.level] -= 1;
        }
    };

    /* Adds text to lines, of which the last is not complete. */
    const addTo = (lines, [at, text]) => {
        const [rest, ...others] = text.split("\n");
        if (lines.length) {
            const last = lines.pop();
            forget(last);
            lines.push(made(last.raw + rest, last.raw ? last.at : at));
        } else {
            lines.push(made(rest, at));
        }
        for (const each of others) {
            lines.push(made(each, at));
        }
    };

    const addAll = (lines, pieces) => {
        for (const piece of pieces) {
            addTo(lines, piece);
        }
    };

    return {
        get first() {
            return first;
        },
        get total() {
            return first + known.length - (known.at(-1)?.raw === "" ? 1 : 0);
        },
        get longest() {
            return longest;
        },
        counts,
        get: (i) => known[i - first] ?? null,
        begin(lines) {
            first = lines;
        },
        append: (pieces) => addAll(known, pieces),
        prepend(pieces) {
            const before = [];
            addAll(before, pieces);
            const torn = before.pop();
            const [next] = known;
            forget(torn);
            forget(next);
            known[0] = made(torn.raw + next.raw, torn.raw ? torn.at : next.at);
            first -= before.length;
            known = before.concat(known);
        },
    };
};
