import assert from "node:assert/strict";
import {test} from "node:test";
import {parse, parseObject, same} from "../../workflows/static/workflows/builder/json.js";
import {
    amountOf,
    jsonOf,
    secondsIn,
    textOf,
    typeOf,
} from "../../workflows/static/workflows/builder/values.js";

test("numbers keep the digits that were typed", () => {
    for (const text of ["1.0", "12345678901234567", "1e3", '{"a":[0.10]}']) {
        assert.equal(JSON.stringify(parse(text)), text);
    }
});

test("typed values are JSON where they can be and text otherwise", () => {
    assert.deepEqual(["5", "true", "null", "[1]", "five", '"5"', ""].map(jsonOf), [
        5,
        true,
        null,
        [1],
        "five",
        "5",
        "",
    ]);
});

test("a value is shown so that typing it gives the same value", () => {
    for (const value of [5, true, null, [1], {a: 1}, "five", "5", "true", "", '"', "[1]"]) {
        assert.deepEqual(jsonOf(textOf(value)), value);
    }
    assert.equal(textOf("five"), "five");
    assert.equal(textOf("5"), '"5"');
});

test("types have words that people know", () => {
    const values = ["a", 5, parse("1.0"), true, null, [1], {a: 1}];

    assert.deepEqual(values.map(typeOf), [
        "text",
        "number",
        "number",
        "yes/no",
        "null",
        "list",
        "object",
    ]);
});

test("only an object is accepted as an object and an empty text is one", () => {
    assert.deepEqual(parseObject('{"a": 1}'), {value: {a: 1}});
    assert.deepEqual(parseObject("  "), {value: {}});
    for (const text of ["[]", "5", "1.0", "null", '"a"']) {
        assert.match(parseObject(text).error, /^This must be an object/);
    }
});

test("an error of JSON names the line", () => {
    assert.match(parseObject('{"a": 1,\n "b" 2}').error, /^Not valid JSON: .*line 2/);
});

test("equal data is the same", () => {
    assert.ok(same({a: [1]}, {a: [1]}));
    assert.ok(!same({a: [1]}, {a: [2]}));
});

test("amounts of time are read as people write them", () => {
    const amounts = {"": null, 90: 90, "90 s": 90, "15 min": 900, "2 h": 7200, "1h 30m": 5400};

    for (const [text, seconds] of Object.entries(amounts)) {
        assert.equal(secondsIn(text), seconds, text);
    }
    for (const wrong of ["soon", "5 days", "-3", "1.5 h", "min"]) {
        assert.equal(secondsIn(wrong), 0, wrong);
    }
    for (const seconds of [1, 59, 60, 900, 3661, 86400]) {
        assert.equal(secondsIn(amountOf(seconds)), seconds);
    }
});
