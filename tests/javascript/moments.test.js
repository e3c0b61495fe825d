/* The zone is set by the test that runs these: Europe/Berlin. */
import assert from "node:assert/strict";
import {test} from "node:test";
import {
    exact,
    milliseconds,
    minutes,
    relative,
    seconds,
    zoneName,
} from "../../workflows/static/workflows/moments.js";

const NOW = Date.UTC(2026, 10, 28, 12, 0, 0);
const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];
const ago = (milliseconds) => relative(new Date(NOW - milliseconds), NOW);

test("the last seconds are just now, also on a clock that is a little behind", () => {
    assert.equal(ago(4 * SECOND), "just now");
    assert.equal(ago(-4 * SECOND), "just now");
});

test("times are told in the largest unit that is whole", () => {
    assert.equal(ago(5 * SECOND), "5 sec. ago");
    assert.equal(ago(119 * SECOND), "1 min. ago");
    assert.equal(ago(59 * MINUTE), "59 min. ago");
    assert.equal(ago(23 * HOUR), "23 hr. ago");
    assert.equal(ago(DAY), "yesterday");
    assert.equal(ago(6 * DAY), "6 days ago");
    assert.equal(ago(-2 * HOUR), "in 2 hr.");
});

test("a week ago or more is a date", () => {
    assert.equal(ago(7 * DAY), "2026-11-21");
});

test("the exact moment is in the zone of the reader", () => {
    assert.equal(exact(new Date(NOW)), "2026-11-28 13:00:00");
    assert.equal(exact(new Date(Date.UTC(2026, 6, 1, 12))), "2026-07-01 14:00:00");
    assert.equal(milliseconds(new Date(NOW + 42)), "2026-11-28 13:00:00.042");
    assert.equal(seconds(new Date(NOW)), "13:00:00");
    assert.equal(minutes(new Date(NOW), new Date(NOW + HOUR)), "13:00");
    assert.equal(minutes(new Date(NOW), new Date(NOW + DAY)), "2026-11-28 13:00");
    assert.match(zoneName(new Date(NOW)), /^(CET|GMT\+1)$/);
});
