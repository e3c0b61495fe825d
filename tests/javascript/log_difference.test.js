import assert from "node:assert/strict";
import {test} from "node:test";
import {beside} from "../../workflows/static/workflows/log/both.js";
import {differences} from "../../workflows/static/workflows/log/difference.js";
import {createLines} from "../../workflows/static/workflows/log/lines.js";
import {masked} from "../../workflows/static/workflows/log/masks.js";

const linesOf = (texts) => {
    const lines = createLines();
    lines.append([[null, texts.map((text) => `${text}\n`).join("")]]);
    return lines;
};

const ended = (work) => {
    let step = work.next();
    while (!step.done) {
        step = work.next();
    }
    return step.value;
};

const compared = (older, newer) => ended(differences(linesOf(older), linesOf(newer)));

const numbered = (count, text = (n) => `line ${n}`) =>
    Array.from({length: count}, (_, n) => text(n));

test("times and ids are left out, as on the page that compares two runs", () => {
    const same = [
        ["2026-11-25T02:30:01.123Z start", "2026-11-26T02:30:07Z start"],
        ["02:30:01 start", "02:41:59 start"],
        ["run 3f2a9c10-1111-4222-8333-444455556666", "run 9b2a9c10-7777-4222-8333-444455556666"],
        ["commit 3f2a9c1", "commit 88ab3d0"],
        ["took 3.2 s", "took 41 ms"],
        ["order 88123 of pid=41", "order 90817 of pid=7"],
        ["at 0x7f3a", "at 0x12bc"],
    ];
    for (const [older, newer] of same) {
        assert.equal(masked(older), masked(newer));
        assert.deepEqual(compared([older], [newer]), []);
    }
    for (const [older, newer] of [
        ["5 migrations", "7 migrations"],
        ["a feed", "a face"],
        ["exit code 1", "exit code 2"],
    ]) {
        assert.notEqual(masked(older), masked(newer));
    }
});

test("lines that were added, removed and changed are blocks of their own", () => {
    const older = ["a", "b", "c", "d", "e", "old", "f"];
    const newer = ["first", "a", "b", "d", "e", "new", "newer", "f"];
    assert.deepEqual(compared(older, newer), [
        {older: [0, 0], newer: [0, 1]},
        {older: [2, 3], newer: [3, 3]},
        {older: [5, 6], newer: [5, 7]},
    ]);
    assert.deepEqual(compared([], ["a"]), [{older: [0, 0], newer: [0, 1]}]);
});

test("lines that occur again and again are paired, too", () => {
    const older = ["ok", "ok", "x", "ok", "ok", "y", "ok"];
    const newer = ["ok", "x", "ok", "ok", "y", "x", "ok"];
    assert.deepEqual(compared(older, newer), [
        {older: [1, 2], newer: [1, 1]},
        {older: [6, 6], newer: [5, 6]},
    ]);
});

test("200,000 lines are compared within a time that grows with their number alone", () => {
    const older = numbered(200_000, (n) => `${n % 1000} of part ${n % 777}`);
    const newer = [...older.slice(0, 150_000), "one more", ...older.slice(150_000, -1), "another"];
    const began = performance.now();
    assert.deepEqual(compared(older, newer), [
        {older: [150_000, 150_000], newer: [150_000, 150_001]},
        {older: [199_999, 200_000], newer: [200_000, 200_001]},
    ]);
    const noise = numbered(20_000, (n) => `${n % 7} ${"x".repeat(n % 11)}`);
    const other = numbered(20_000, (n) => `${n % 5} ${"y".repeat(n % 13)}`);
    assert.notEqual(compared(noise, other).length, 0);
    assert.ok(performance.now() - began < 10_000);
});

test("every place of a log has its place in the other one", () => {
    const blocks = [
        {older: [2, 2], newer: [2, 5]},
        {older: [10, 14], newer: [13, 14]},
    ];
    const places = [0, 2, 5, 10, 12, 14, 20.5];
    assert.deepEqual(
        places.map((place) => beside(blocks, "older", place)),
        [0, 5, 8, 13, 14, 14, 20.5],
    );
    assert.deepEqual(
        [1, 3, 5, 13.5, 14].map((place) => beside(blocks, "newer", place)),
        [1, 2, 2, 10.5, 14],
    );
});
