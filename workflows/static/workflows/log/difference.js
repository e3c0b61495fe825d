/*
Where two logs differ.

    const blocks = yield* differences(older, newer)     of lines, see lines.js
    [{older: [from, to], newer: [from, to]}, …]         from 0, without `to`; one of the two may be empty

Lines that each log has once are paired first, as long as they follow each other in both; then what stands between
two pairs, by itself. Long stretches without such a line are compared place by place: with every other way, the time
would be the square of their length.
*/

import {masked} from "./masks.js";

const LINES_BETWEEN = 500; /* takes a breath after so many lines */
const MOST_CELLS = 250_000; /* of the table of a stretch that is compared line by line */

export const differences = function* (older, newer) {
    const numbers = new Map();
    const one = yield* numbered(older, numbers);
    const other = yield* numbered(newer, numbers);
    return blocksOf(yield* partners(one, other), other.length);
};

/* Equal lines get equal numbers. */
const numbered = function* (lines, numbers) {
    const found = new Int32Array(lines.total);
    for (let i = 0; i < lines.total; i += 1) {
        const text = masked(lines.get(i)?.plain ?? "");
        if (!numbers.has(text)) {
            numbers.set(text, numbers.size);
        }
        found[i] = numbers.get(text);
        if (i % LINES_BETWEEN === 0) {
            yield;
        }
    }
    return found;
};

/* For each line of the one log, which of the other it is equal to; -1 for none. */
const partners = function* (one, other) {
    const found = new Int32Array(one.length).fill(-1);
    const pair = (i, j) => {
        found[i] = j;
    };
    const open = [{one: [0, one.length], other: [0, other.length]}];
    while (open.length) {
        yield;
        const stretch = withoutEqualEnds(open.pop(), one, other, pair);
        const [length, width] = [stretch.one, stretch.other].map(([from, to]) => to - from);
        const anchors = length && width ? yield* anchorsIn(stretch, one, other) : [];
        if (anchors.length) {
            addBetween(anchors, stretch, open);
            for (const [i, j] of anchors) {
                pair(i, j);
            }
        } else if (length * width > MOST_CELLS) {
            pairByPlace(stretch, one, other, pair);
        } else {
            pairMost(stretch, one, other, pair);
        }
    }
    return found;
};

const withoutEqualEnds = (stretch, one, other, pair) => {
    let [[from, to], [begin, end]] = [stretch.one, stretch.other];
    while (from < to && begin < end && one[from] === other[begin]) {
        pair(from, begin);
        from += 1;
        begin += 1;
    }
    while (from < to && begin < end && one[to - 1] === other[end - 1]) {
        to -= 1;
        end -= 1;
        pair(to, end);
    }
    return {one: [from, to], other: [begin, end]};
};

/* The lines that each side has once, as many as are in the same order in both. */
const anchorsIn = function* (stretch, one, other) {
    const places = yield* single(other, stretch.other);
    const mine = yield* single(one, stretch.one);
    const pairs = [];
    for (const [number, i] of mine) {
        const j = places.get(number) ?? -1;
        if (i >= 0 && j >= 0) {
            pairs.push([i, j]);
        }
    }
    return yield* longestIncreasing(pairs);
};

/* Where each line is that is there once; -1 for those that are there more than once. */
const single = function* (numbers, [from, to]) {
    const found = new Map();
    for (let i = from; i < to; i += 1) {
        found.set(numbers[i], found.has(numbers[i]) ? -1 : i);
        if (i % LINES_BETWEEN === 0) {
            yield;
        }
    }
    return found;
};

/* The longest series of pairs, which are in the order of their first, in which the second grows, too. */
const longestIncreasing = function* (pairs) {
    const ends = []; /* the pair with the smallest second at which a series of each length ends */
    const before = [];
    for (const [n, [, second]] of pairs.entries()) {
        let [low, high] = [0, ends.length];
        while (low < high) {
            const middle = (low + high) >> 1;
            [low, high] = pairs[ends[middle]][1] < second ? [middle + 1, high] : [low, middle];
        }
        before[n] = ends[low - 1];
        ends[low] = n;
        if (n % LINES_BETWEEN === 0) {
            yield;
        }
    }
    const series = [];
    for (let n = ends.at(-1); n !== undefined; n = before[n]) {
        series.push(pairs[n]);
    }
    return series.reverse();
};

const addBetween = (anchors, {one, other}, open) => {
    const all = [[one[0] - 1, other[0] - 1], ...anchors, [one[1], other[1]]];
    for (let n = 1; n < all.length; n += 1) {
        const [[i, j], [nextI, nextJ]] = [all[n - 1], all[n]];
        if (i + 1 < nextI || j + 1 < nextJ) {
            open.push({one: [i + 1, nextI], other: [j + 1, nextJ]});
        }
    }
};

const pairByPlace = (stretch, one, other, pair) => {
    const [[from, to], [begin, end]] = [stretch.one, stretch.other];
    for (let n = 0; from + n < to && begin + n < end; n += 1) {
        if (one[from + n] === other[begin + n]) {
            pair(from + n, begin + n);
        }
    }
};

/* The longest common series of lines, by a table of how long it is from each pair of lines on. */
const pairMost = (stretch, one, other, pair) => {
    const [[from, to], [begin, end]] = [stretch.one, stretch.other];
    const width = end - begin + 1;
    const table = new Uint32Array((to - from + 1) * width);
    const at = (i, j) => (i - from) * width + (j - begin);
    for (let i = to - 1; i >= from; i -= 1) {
        for (let j = end - 1; j >= begin; j -= 1) {
            table[at(i, j)] =
                one[i] === other[j]
                    ? table[at(i + 1, j + 1)] + 1
                    : Math.max(table[at(i + 1, j)], table[at(i, j + 1)]);
        }
    }
    let [i, j] = [from, begin];
    while (i < to && j < end) {
        if (one[i] === other[j]) {
            pair(i, j);
            i += 1;
            j += 1;
        } else if (table[at(i + 1, j)] >= table[at(i, j + 1)]) {
            i += 1;
        } else {
            j += 1;
        }
    }
};

/* What is between two lines that are paired and are not neighbours in both logs. */
const blocksOf = (found, width) => {
    const blocks = [];
    let [i, j] = [0, 0];
    const add = (nextI, nextJ) => {
        if (i < nextI || j < nextJ) {
            blocks.push({older: [i, nextI], newer: [j, nextJ]});
        }
        [i, j] = [nextI + 1, nextJ + 1];
    };
    for (let n = 0; n < found.length; n += 1) {
        if (found[n] >= 0) {
            add(n, found[n]);
        }
    }
    add(found.length, width);
    return blocks;
};
