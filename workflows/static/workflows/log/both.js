/*
Two logs side by side: they scroll together, equal lines beside each other, and differences are marked in both.

    const both = createBoth([older, newer], {changed})      two panes, see pane.js
    both.more()             lines have come in one of them
    both.step(1 or -1)      to the next or previous difference
    both.isBusy             not everything has been read and compared
    both.count, both.place  how many differences there are, and which one is gone to, from 1; 0 if none
    both.close()

Logs are compared when both are known as a whole, and again when more has been printed. `changed()` is called then.
*/

import {differences} from "./difference.js";
import {inSlices} from "./slices.js";

const SIDES = ["older", "newer"];
const SIGNS = {older: "−", newer: "+"};

export const createBoth = (panes, {changed}) => {
    let blocks = [];
    let compared = ""; /* how much of each log is compared */
    let stop = null;
    const expected = [null, null];
    const both = {isBusy: true, count: 0, place: 0, more, step, close: () => stop?.()};

    const totals = () => panes.map(({source}) => source.lines.total).join();

    function more() {
        const isKnown = panes.every(({source}) => source.isComplete);
        if (!stop && isKnown && totals() !== compared) {
            compared = totals();
            const [older, newer] = panes.map(({source}) => source.lines);
            stop = inSlices(differences(older, newer), found);
        }
    }

    const found = (all) => {
        const isFirst = both.isBusy;
        const isUntouched = panes.every(({rows}) => rows.isAtEnd);
        stop = null;
        blocks = all;
        Object.assign(both, {isBusy: false, count: all.length});
        both.place = Math.min(both.place, all.length);
        mark();
        if (isFirst && isUntouched && all.length) {
            step(1);
        }
        changed();
        more();
    };

    const mark = () => {
        for (const [n, side] of SIDES.entries()) {
            const ranges = blocks.map((block) => block[side]).filter(([from, to]) => from < to);
            const differs = (line) => (isIn(ranges, line) ? SIGNS[side] : "");
            panes[n].differ({ranges, differs});
            panes[n].rows.loosen();
        }
    };

    function step(by) {
        if (!blocks.length) {
            return;
        }
        const at = both.place ? both.place - 1 + by : Math.min(0, by);
        both.place = ((at + blocks.length) % blocks.length) + 1;
        const block = blocks[both.place - 1];
        for (const [n, side] of SIDES.entries()) {
            scroll(n, block[side][0]);
        }
        changed();
    }

    /* Brings a line to where somebody looks. */
    const scroll = (n, line) => {
        const {rows} = panes[n];
        rows.top = line - rows.anchor;
        expected[n] = rows.scroller.scrollTop;
    };

    const sync = (n) => {
        const {rows} = panes[n];
        const {scrollTop, scrollLeft} = rows.scroller;
        if (scrollTop !== expected[n]) {
            expected[n] = scrollTop;
            scroll(1 - n, beside(blocks, SIDES[n], rows.top + rows.anchor));
        }
        panes[1 - n].rows.scroller.scrollLeft = scrollLeft;
    };

    for (const [n, {rows}] of panes.entries()) {
        rows.scroller.addEventListener("scroll", () => sync(n));
    }
    return both;
};

/* The last of the ranges, which are in order, that does not begin after a line. */
const lastBefore = (ranges, line, startOf) => {
    let [low, high] = [0, ranges.length];
    while (low < high) {
        const middle = (low + high) >> 1;
        [low, high] = startOf(ranges[middle]) <= line ? [middle + 1, high] : [low, middle];
    }
    return ranges[low - 1];
};

const isIn = (ranges, line) => line < (lastBefore(ranges, line, ([from]) => from)?.[1] ?? 0);

/* Where in the other log a place of one log belongs: within a difference, as far from its beginning. */
export const beside = (blocks, side, place) => {
    const block = lastBefore(blocks, place, (each) => each[side][0]);
    if (!block) {
        return place;
    }
    const [from, to] = block[side];
    const [begin, end] = block[side === "older" ? "newer" : "older"];
    return place < to ? Math.min(begin + place - from, end) : end + place - to;
};
