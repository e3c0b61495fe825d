import assert from "node:assert/strict";
import {test} from "node:test";
import {isotonic, neighbours, plan, SIZES} from "../../workflows/static/workflows/graph/layout.js";

const columnsOf = ({places}) => places.map(({layer}) => layer);

const overlap = (one, other) =>
    Math.abs(one.x - other.x) < SIZES.width && Math.abs(one.y - other.y) < SIZES.height;

const assertNoOverlap = ({places}) => {
    places.forEach((one, i) => {
        for (const other of places.slice(i + 1)) {
            assert.ok(!overlap(one, other), `${JSON.stringify(one)} ${JSON.stringify(other)}`);
        }
    });
};

test("a graph without vertices has no size", () => {
    const {places, paths, width, height} = plan(0, []);

    assert.deepEqual({places, paths, width, height}, {places: [], paths: [], width: 0, height: 0});
});

test("a vertex stands behind the longest path to it", () => {
    //  0 ─ 1 ─ 2 ─ 3
    //  └───────────┘
    const drawn = plan(4, [
        [0, 1],
        [1, 2],
        [2, 3],
        [0, 3],
    ]);

    assert.deepEqual(columnsOf(drawn), [0, 1, 2, 3]);
});

test("a source stands just before the first vertex that follows it", () => {
    //  0 ─ 1 ─ 2
    //      3 ──┘
    const drawn = plan(4, [
        [0, 1],
        [1, 2],
        [3, 2],
    ]);

    assert.deepEqual(columnsOf(drawn), [0, 1, 2, 1]);
});

test("a long edge passes above or below the boxes of the layers between", () => {
    const edges = [
        [0, 1],
        [1, 2],
        [0, 2],
    ];
    const {places, paths} = plan(3, edges);
    const long = paths[2];

    assert.equal(long.length, 4); // from 0, into and out of the layer of 1, to 2
    const [[left, top], [right]] = [long[1], long[2]];
    assert.deepEqual([left, right], [places[1].x, places[1].x + SIZES.width]);
    assert.ok(top < places[1].y || top > places[1].y + SIZES.height);
});

test("edges begin and end at the middle of the sides of their boxes", () => {
    const {places, paths} = plan(2, [[0, 1]]);

    assert.deepEqual(paths[0], [
        [places[0].x + SIZES.width, places[0].y + SIZES.height / 2],
        [places[1].x, places[1].y + SIZES.height / 2],
    ]);
});

test("rows are ordered so that edges do not cross", () => {
    // listed in the opposite order of their upstream vertices
    const {places} = plan(4, [
        [0, 3],
        [1, 2],
    ]);

    assert.equal(places[0].y < places[1].y, places[3].y < places[2].y);
});

test("boxes of a wide graph do not overlap and it begins at 0, 0", () => {
    const edges = [];
    for (let vertex = 1; vertex <= 30; vertex += 1) {
        edges.push([0, vertex], [vertex, 31]);
    }
    const drawn = plan(32, edges);

    assertNoOverlap(drawn);
    assert.equal(Math.min(...drawn.places.map(({x}) => x)), 0);
    assert.equal(Math.min(...drawn.places.map(({y}) => y)), 0);
});

test("a layer that is too tall is folded into columns", () => {
    const edges = [];
    for (let vertex = 1; vertex <= 100; vertex += 1) {
        edges.push([0, vertex]);
    }
    const drawn = plan(101, edges);
    const columns = new Set(drawn.places.slice(1).map(({x}) => x));

    assert.ok(columns.size > 1);
    assertNoOverlap(drawn);
    assert.ok(drawn.height <= 60 * (SIZES.height + SIZES.foldedGap));
});

test("a cycle is drawn with an edge that points backwards", () => {
    const {places, paths} = plan(2, [
        [0, 1],
        [1, 0],
    ]);

    assert.ok(places[0].x < places[1].x);
    assert.ok(paths[1][0][0] > paths[1].at(-1)[0]);
});

test("a graph of nothing but cycles and loops is drawn", () => {
    const {places} = plan(3, [
        [0, 0],
        [1, 2],
        [2, 1],
    ]);

    assert.equal(places.length, 3);
});

test("neighbours are listed in the order of the edges", () => {
    const edges = [
        [0, 2],
        [1, 2],
        [0, 1],
    ];

    assert.deepEqual(neighbours(3, edges), {up: [[], [0], [0, 1]], down: [[2, 1], [2], []]});
});

test("isotonic moves numbers that would decrease to their weighted mean", () => {
    assert.deepEqual(isotonic([1, 2, 3], [1, 1, 1]), [1, 2, 3]);
    assert.deepEqual(isotonic([3, 1], [1, 1]), [2, 2]);
    assert.deepEqual(isotonic([4, 0, 5], [1, 3, 1]), [1, 1, 5]);
    assert.deepEqual(isotonic([3, 2, 1], [1, 1, 1]), [2, 2, 2]);
});
