/*
Where the vertices of a graph stand, drawn from left to right.

    plan(count, edges, sizes?) → {places, paths, width, height}

`count` vertices are numbered from 0, in the order in which people listed them; `edges` are pairs
[from, to]. `places[v]` is {x, y, layer}, the upper left corner of a box of `sizes.width` by
`sizes.height`; `paths[e]` is the polyline of an edge, points [x, y] that come in pairs: from one to
the next of a pair it runs between two columns (draw it as a curve), from pair to pair straight
through a column, where it has a row of its own and so never passes behind a box.

Layers by the longest path; dummy vertices where an edge passes a layer; rows in the order of the
barycentres of their neighbours; heights by weighted isotonic regression, which moves boxes as
little as possible from where their neighbours want them. A layer with more than `sizes.tallest`
boxes folds into several columns, and edges then run straight, behind the boxes. Cycles do no harm:
the edges that close them point backwards.
*/

export const SIZES = {width: 168, height: 44, gapX: 44, gapY: 16, foldedGap: 12, tallest: 48};
const SWEEPS = 8;
const MOST_DUMMIES = 20000;
const DUMMY_HEIGHT = 8;

export const plan = (count, edges, sizes = {}) => {
    const size = {...SIZES, ...sizes};
    const {up, down} = neighbours(count, edges);
    const layerOf = layers(count, up, down);
    const tallest = Math.max(0, ...tally(layerOf));
    return tallest > size.tallest
        ? folded(count, edges, up, down, layerOf, size)
        : straight(count, edges, layerOf, size);
};

/* What is directly before and after each vertex. */
export const neighbours = (count, edges) => {
    const up = Array.from({length: count}, () => []);
    const down = Array.from({length: count}, () => []);
    for (const [from, to] of edges) {
        up[to].push(from);
        down[from].push(to);
    }
    return {up, down};
};

const tally = (layerOf) => {
    const counts = [];
    for (const layer of layerOf) {
        counts[layer] = (counts[layer] ?? 0) + 1;
    }
    return counts;
};

/* The longest way from a source; a source stands just before the first that waits for it. */
const layers = (count, up, down) => {
    const layerOf = new Array(count).fill(0);
    const missing = up.map((list) => list.length);
    const queue = [];
    const seen = new Array(count).fill(false);
    const enter = (v) => {
        seen[v] = true;
        queue.push(v);
    };
    for (let v = 0; v < count; v += 1) {
        if (!missing[v]) {
            enter(v);
        }
    }
    for (let head = 0, next = 0; head < count; head += 1) {
        if (head === queue.length) {
            while (seen[next]) {
                next += 1;
            } /* only cycles are left: break one */
            enter(next);
        }
        const v = queue[head];
        for (const w of down[v]) {
            if (seen[w]) {
                continue;
            }
            layerOf[w] = Math.max(layerOf[w], layerOf[v] + 1);
            missing[w] -= 1;
            if (!missing[w]) {
                enter(w);
            }
        }
    }
    for (let v = 0; v < count; v += 1) {
        if (up[v].length || !down[v].length) {
            continue;
        }
        layerOf[v] = Math.max(
            0,
            down[v].reduce((least, w) => Math.min(least, layerOf[w]), Infinity) - 1,
        );
    }
    return layerOf;
};

const straight = (count, edges, layerOf, size) => {
    const layer = [...layerOf];
    const links = [];
    const chains = edges.map(([from, to]) => {
        const span = layer[to] - layer[from];
        if (span < 1 || layer.length + span - 1 - count > MOST_DUMMIES) {
            return [];
        }
        const chain = [];
        for (let l = layer[from] + 1; l < layer[to]; l += 1) {
            chain.push(layer.push(l) - 1);
        }
        [from, ...chain].forEach((v, i) => links.push([v, chain[i] ?? to]));
        return chain;
    });
    const {up, down} = neighbours(layer.length, links);
    const rows = ordered(layer, up, down);
    const heightOf = (v) => (v < count ? size.height : DUMMY_HEIGHT);
    const middle = heights(rows, up, down, heightOf, (v) => (v < count ? 1 : 3), size.gapY);
    const step = size.width + size.gapX;
    const places = layerOf.map((l, v) => ({x: l * step, y: middle[v] - size.height / 2, layer: l}));
    const paths = edges.map(([from, to], e) => {
        const points = [[places[from].x + size.width, middle[from]]];
        for (const v of chains[e]) {
            points.push([layer[v] * step, middle[v]], [layer[v] * step + size.width, middle[v]]);
        }
        return [...points, [places[to].x, middle[to]]];
    });
    return framed(places, paths, size);
};

const folded = (count, edges, up, down, layerOf, size) => {
    const stepX = size.width + size.foldedGap;
    const stepY = size.height + size.foldedGap;
    const most = Math.max(size.tallest, Math.round(Math.sqrt((count * stepX) / (stepY * 1.8))));
    const rows = ordered(layerOf, up, down);
    const places = new Array(count);
    let x = 0;
    rows.forEach((row, l) => {
        const columns = Math.ceil(row.length / most);
        const perColumn = Math.ceil(row.length / columns);
        row.forEach((v, i) => {
            const y = ((i % perColumn) - (perColumn - 1) / 2) * stepY;
            places[v] = {x: x + Math.floor(i / perColumn) * stepX, y, layer: l};
        });
        x += columns * stepX + size.gapX;
    });
    const paths = edges.map(([from, to]) => [
        [places[from].x + size.width, places[from].y + size.height / 2],
        [places[to].x, places[to].y + size.height / 2],
    ]);
    return framed(places, paths, size);
};

/* The rows of each layer, ordered so that few edges cross. */
const ordered = (layerOf, up, down) => {
    const rows = [];
    layerOf.forEach((l, v) => (rows[l] ??= []).push(v));
    for (let l = 0; l < rows.length; l += 1) {
        rows[l] ??= [];
    }
    const rank = new Array(layerOf.length);
    rows.forEach((row) =>
        row.forEach((v, i) => {
            rank[v] = i;
        }),
    );
    for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
        const forwards = sweep % 2 === 0;
        const near = forwards ? up : down;
        const order = forwards ? rows : [...rows].reverse();
        for (const row of order) {
            const wish = new Map(row.map((v) => [v, mean(near[v], rank) ?? rank[v]]));
            row.sort((v, w) => wish.get(v) - wish.get(w) || rank[v] - rank[w]);
            row.forEach((v, i) => {
                rank[v] = i;
            });
        }
    }
    return rows;
};

const mean = (list, of) => {
    if (!list.length) {
        return null;
    }
    let sum = 0;
    for (const v of list) {
        sum += of[v];
    }
    return sum / list.length;
};

/* The middle of each vertex: near its neighbours, in the order of its row, without overlap. */
const heights = (rows, up, down, heightOf, weightOf, gap) => {
    const middle = [];
    const offsets = rows.map((row) => {
        let at = 0;
        return row.map((v, i) => {
            at += i ? (heightOf(row[i - 1]) + heightOf(v)) / 2 + gap : 0;
            return at;
        });
    });
    rows.forEach((row, l) => {
        const half = (offsets[l].at(-1) ?? 0) / 2;
        row.forEach((v, i) => {
            middle[v] = offsets[l][i] - half;
        });
    });
    for (let pass = 0; pass < SWEEPS; pass += 1) {
        const forwards = pass % 2 === 0;
        for (let i = 0; i < rows.length; i += 1) {
            const l = forwards ? i : rows.length - 1 - i;
            const wishes = rows[l].map((v, j) => {
                const near = pass < SWEEPS - 2 ? (forwards ? up : down)[v] : [...up[v], ...down[v]];
                return (mean(near, middle) ?? middle[v]) - offsets[l][j];
            });
            const settled = isotonic(wishes, rows[l].map(weightOf));
            rows[l].forEach((v, j) => {
                middle[v] = settled[j] + offsets[l][j];
            });
        }
    }
    return middle;
};

/* The non-decreasing numbers nearest to the given ones (pool adjacent violators). */
export const isotonic = (wishes, weights) => {
    const pools = [];
    wishes.forEach((wish, i) => {
        let pool = {value: wish, weight: weights[i], length: 1};
        while (pools.length && pools.at(-1).value > pool.value) {
            const before = pools.pop();
            const weight = before.weight + pool.weight;
            const value = (before.value * before.weight + pool.value * pool.weight) / weight;
            pool = {value, weight, length: before.length + pool.length};
        }
        pools.push(pool);
    });
    return pools.flatMap((pool) => new Array(pool.length).fill(pool.value));
};

/* Everything moved so that the upper left corner is at 0, 0. */
const framed = (places, paths, size) => {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    const stretch = (x, y) => {
        left = Math.min(left, x);
        right = Math.max(right, x);
        top = Math.min(top, y);
        bottom = Math.max(bottom, y);
    };
    for (const {x, y} of places) {
        stretch(x, y);
        stretch(x + size.width, y + size.height);
    }
    for (const path of paths) {
        for (const [x, y] of path) {
            stretch(x, y);
        }
    }
    if (!places.length) {
        return {places, paths, width: 0, height: 0};
    }
    return {
        places: places.map(({x, y, layer}) => ({
            x: Math.round(x - left),
            y: Math.round(y - top),
            layer,
        })),
        paths: paths.map((path) =>
            path.map(([x, y]) => [Math.round(x - left), Math.round(y - top)]),
        ),
        width: right - left,
        height: bottom - top,
    };
};
