import assert from "node:assert/strict";
import {test} from "node:test";
import {fitted} from "../../workflows/static/workflows/graph/fitting.js";
import {pathOf} from "../../workflows/static/workflows/graph/svg.js";
import {createWalk} from "../../workflows/static/workflows/graph/walking.js";

const widthOf = (text) => text.length;

test("a text that fits is left as it is", () => {
    assert.equal(fitted("extract", 7, widthOf), "extract");
});

test("a text that is too long keeps as much as fits before the ellipsis", () => {
    assert.equal(fitted("extract", 6, widthOf), "extra…");
    assert.equal(fitted("extract", 1, widthOf), "…");
});

test("arrow keys walk along edges and through a column", () => {
    //       ┌─ 1
    //  0 ───┤
    //       └─ 2     listed below 1, but drawn above it
    const places = [
        {x: 0, y: 20},
        {x: 100, y: 40},
        {x: 100, y: 0},
    ];
    const nextOf = createWalk(places, [
        [0, 1],
        [0, 2],
    ]);

    assert.equal(nextOf(0, "ArrowRight"), 1);
    assert.equal(nextOf(1, "ArrowUp"), 2);
    assert.equal(nextOf(2, "ArrowDown"), 1);
    assert.equal(nextOf(2, "ArrowLeft"), 0);
    assert.equal(nextOf(2, "Home"), 0);
    assert.equal(nextOf(0, "End"), 2);
});

test("keys that lead nowhere give no vertex", () => {
    const nextOf = createWalk([{x: 0, y: 0}], []);

    for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "x"]) {
        assert.equal(nextOf(0, key), undefined);
    }
});

test("an edge is one curve per pair of points with a line between pairs and an arrow head", () => {
    const path = pathOf([
        [0, 0],
        [100, 50],
        [200, 50],
        [300, 0],
    ]);

    assert.equal(path, "M0,0C50,0 50,50 100,50L200,50C250,50 250,0 300,0M295,-5L300,0L295,5");
});
