import assert from "node:assert/strict";
import {test} from "node:test";
import {neighbours} from "../../workflows/static/workflows/graph/layout.js";
import {reach, topologicalOrder} from "../../workflows/static/workflows/graph/paths.js";

//      ┌─ 1 ─┐
//  0 ──┤     3 ── 4
//      └─ 2 ─┘
const {up, down} = neighbours(5, [
    [0, 1],
    [0, 2],
    [1, 3],
    [2, 3],
    [3, 4],
]);

test("reach finds everything downstream without the vertices themselves", () => {
    assert.deepEqual([...reach(down, [1])].sort(), [3, 4]);
    assert.deepEqual([...reach(down, [1, 3])].sort(), [4]);
    assert.deepEqual([...reach(up, [3])].sort(), [0, 1, 2]);
    assert.deepEqual([...reach(down, [4])], []);
});

test("topological order puts each vertex after its upstream ones", () => {
    const order = topologicalOrder(up, down);

    assert.equal(order.length, 5);
    for (const [vertex, before] of up.entries()) {
        for (const each of before) {
            assert.ok(order.indexOf(each) < order.indexOf(vertex));
        }
    }
});

test("topological order leaves out a cycle and what follows it", () => {
    const cyclic = neighbours(4, [
        [0, 1],
        [1, 2],
        [2, 1],
        [2, 3],
    ]);

    assert.deepEqual(topologicalOrder(cyclic.up, cyclic.down), [0]);
});
