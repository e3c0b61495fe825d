import assert from "node:assert/strict";
import {test} from "node:test";
import {addressOf, placeIn} from "../../workflows/static/workflows/log/address.js";
import {PLAIN, parts, strip, visible} from "../../workflows/static/workflows/log/ansi.js";
import {createFinder} from "../../workflows/static/workflows/log/find.js";
import {levelOf} from "../../workflows/static/workflows/log/levels.js";
import {createLines} from "../../workflows/static/workflows/log/lines.js";

const ESC = "\u001b";

const plain = (lines) => {
    const found = [];
    for (let i = lines.first; i < lines.total; i += 1) {
        found.push(lines.get(i).plain);
    }
    return found;
};

test("colours become classes, never colours", () => {
    const line = `${ESC}[1;31mERROR${ESC}[0m in ${ESC}[48;2;200;0;0;38;5;46mx${ESC}[m.`;
    assert.deepEqual(parts(line, PLAIN), {
        parts: [
            {text: "ERROR", classes: "hue-bad is-bold"},
            {text: " in ", classes: ""},
            {text: "x", classes: "hue-good ground-bad"},
            {text: ".", classes: ""},
        ],
        style: {},
    });
});

test("a colour goes on in the next line until it ends", () => {
    const {style} = parts(`${ESC}[33mslow`, PLAIN);
    assert.deepEqual(parts(`down${ESC}[39m!`, style).parts, [
        {text: "down", classes: "hue-stopped"},
        {text: "!", classes: ""},
    ]);
});

test("what moves the cursor, rings or links is left out", () => {
    const line = `${ESC}]8;;https://example.org${ESC}\\here${ESC}]8;;\u0007${ESC}[2K${ESC}[1A`;
    assert.equal(strip(line), "here");
    assert.equal(visible("10 %\r55 %\r100 %\r"), "100 %");
});

test("errors and warnings are found where they are told", () => {
    const errors = ["ERROR: no", "[error] x", 'level=error msg="x"', "ValueError: x", "npm ERR! x"];
    assert.deepEqual(
        errors.map(levelOf),
        errors.map(() => "error"),
    );
    assert.equal(levelOf("Traceback (most recent call last):"), "error");
    assert.equal(levelOf("WARN  slow commit"), "warning");
    const others = ["0 errors", "no warnings here", "errors.log written", "FAILED: 0", "terror"];
    assert.deepEqual(
        others.map(levelOf),
        others.map(() => ""),
    );
});

test("lines are the same whether the log comes at once or its end first", () => {
    const text = "one\ntwo\nthree ERROR\n\nfive";
    const whole = createLines();
    whole.append([[7, text]]);
    const late = createLines();
    late.begin(2);
    late.append([
        [9, "ree ERR"],
        [9, "OR\n\nfi"],
    ]);
    late.prepend([
        [1, "one\ntw"],
        [2, "o\nth"],
    ]);
    late.append([[11, "ve"]]);
    assert.deepEqual(plain(late), plain(whole));
    assert.deepEqual([late.first, late.total, late.counts.error], [0, 5, 1]);
    assert.deepEqual([late.get(1).at, late.get(2).at, late.get(4).at], [1, 2, 9]);
});

test("a line break at the end begins no line", () => {
    const lines = createLines();
    lines.append([[1, "one\n"]]);
    assert.equal(lines.total, 1);
    lines.append([[2, "two"]]);
    assert.deepEqual([lines.total, lines.get(1).at], [2, 2]);
});

test("hits are found in order, also in lines that come later or before", () => {
    const lines = createLines();
    lines.begin(1);
    lines.append([[1, "b Region\nreg"]]);
    const refusals = [];
    const picky = createFinder(lines, {changed() {}, refused: (text) => refusals.push(text)});
    picky.search({text: "(", isPattern: true, hasCase: false});
    assert.match(refusals.at(-1), /Unterminated group/);
    const quiet = createFinder(lines, {changed() {}, refused() {}});
    quiet.search({text: "region", isPattern: false, hasCase: false});
    lines.append([[2, "ion\n"]]);
    quiet.more();
    lines.prepend([[0, "region\nregion "]]);
    quiet.more();
    assert.deepEqual(
        quiet.hits.map(({line, start, end}) => [line, start, end]),
        [
            [0, 0, 6],
            [1, 0, 6],
            [1, 9, 15],
            [2, 0, 6],
        ],
    );
    quiet.search({text: "Region", isPattern: false, hasCase: true});
    assert.equal(quiet.hits.length, 1);
});

test("addresses lead to a task, an attempt and a line", () => {
    assert.deepEqual(placeIn("#task-12:L45"), {task: 12, attempt: null, line: 45});
    assert.deepEqual(placeIn("#task-12:A1:L45"), {task: 12, attempt: 1, line: 45});
    assert.equal(placeIn("#timeline"), null);
    assert.equal(addressOf({task: 12, attempt: 1, line: 45}), "#task-12:A1:L45");
    assert.equal(addressOf({task: 12, attempt: null, line: null}), "#task-12");
});
