/*
Places the vertices of a graph that is drawn from left to right.

    plan(count, edges, sizes?) → {places, paths, width, height, size}

`count` vertices are numbered from 0, in the order in which people listed them; `edges` are pairs
[from, to]. `places[vertex]` is {x, y, layer}, the upper left corner of a box of `sizes.width` by
`sizes.height`, which are `size` of the plan, too. `paths[edge]` is the polyline of an edge: points [x, y] that come in pairs. Between
the two points of a pair the edge runs between two columns (draw it as a curve); from pair to pair
it runs straight through a column, in a row of its own, so that it never passes behind a box.

How it is done (after Sugiyama): the layer of a vertex is the length of the longest path to it; an
edge that passes a layer gets a dummy vertex there; the rows of a layer are ordered by the
barycentres of their neighbours; heights come from a weighted isotonic regression, which moves boxes
as little as possible from where their neighbours want them. A layer of more than `sizes.tallest`
boxes is folded into several columns; then edges run straight, behind the boxes. Cycles are allowed:
the edges that close them point backwards.
*/

export const SIZES = {width: 168, height: 44, gapX: 44, gapY: 16, foldedGap: 12, tallest: 48};
const SWEEPS = 8;
const MAX_DUMMIES = 20000;
const DUMMY_HEIGHT = 8;
const DUMMY_WEIGHT = 3; /* a straight edge is worth moving boxes for */

export const plan = (count, edges, sizes = {}) => {
    const size = {...SIZES, ...sizes};
    const {up, down} = neighbours(count, edges);
    const layerOf = layers(count, up, down);
    const tallest = Math.max(0, ...countPerLayer(layerOf));
    return tallest > size.tallest
        ? planFolded(count, edges, up, down, layerOf, size)
        : planRouted(count, edges, layerOf, size);
};

/* The vertices directly before (`up`) and after (`down`) each vertex. */
export const neighbours = (count, edges) => {
    const up = Array.from({length: count}, () => []);
    const down = Array.from({length: count}, () => []);
    for (const [from, to] of edges) {
        up[to].push(from);
        down[from].push(to);
    }
    return {up, down};
};

const countPerLayer = (layerOf) => {
    const counts = [];
    for (const layer of layerOf) {
        counts[layer] = (counts[layer] ?? 0) + 1;
    }
    return counts;
};

/* The longest path to each vertex; a source stands just before the first vertex that follows it. */
const layers = (count, up, down) => {
    const layerOf = longestPaths(count, up, down);
    for (let vertex = 0; vertex < count; vertex += 1) {
        if (!up[vertex].length && down[vertex].length) {
            const nearest = down[vertex].reduce(
                (least, next) => Math.min(least, layerOf[next]),
                Infinity,
            );
            layerOf[vertex] = Math.max(0, nearest - 1);
        }
    }
    return layerOf;
};

const longestPaths = (count, up, down) => {
    const layerOf = new Array(count).fill(0);
    const missing = up.map((list) => list.length);
    const entered = new Array(count).fill(false);
    const queue = [];
    const enter = (vertex) => {
        entered[vertex] = true;
        queue.push(vertex);
    };
    up.forEach((list, vertex) => {
        if (!list.length) {
            enter(vertex);
        }
    });
    for (let head = 0; head < count; head += 1) {
        if (head === queue.length) {
            enter(entered.indexOf(false)); /* only cycles are left: break one */
        }
        const vertex = queue[head];
        for (const next of down[vertex]) {
            if (entered[next]) {
                continue;
            }
            layerOf[next] = Math.max(layerOf[next], layerOf[vertex] + 1);
            missing[next] -= 1;
            if (!missing[next]) {
                enter(next);
            }
        }
    }
    return layerOf;
};

/* Long edges pass each layer through a dummy vertex. */
const planRouted = (count, edges, layerOf, size) => {
    const {layer, links, chains} = withDummies(count, edges, layerOf);
    const {up, down} = neighbours(layer.length, links);
    const isDummy = (vertex) => vertex >= count;
    const middle = heights(orderedRows(layer, up, down), up, down, {
        heightOf: (vertex) => (isDummy(vertex) ? DUMMY_HEIGHT : size.height),
        weightOf: (vertex) => (isDummy(vertex) ? DUMMY_WEIGHT : 1),
        gap: size.gapY,
    });
    const left = (vertex) => layer[vertex] * (size.width + size.gapX);
    const places = layerOf.map((own, vertex) => ({
        x: left(vertex),
        y: middle[vertex] - size.height / 2,
        layer: own,
    }));
    const paths = edges.map(([from, to], edge) => {
        const points = [[left(from) + size.width, middle[from]]];
        for (const dummy of chains[edge]) {
            points.push([left(dummy), middle[dummy]], [left(dummy) + size.width, middle[dummy]]);
        }
        return [...points, [left(to), middle[to]]];
    });
    return framed(places, paths, size);
};

/* `chains[edge]` are the dummies of an edge, `links` the edges between neighbouring layers. */
const withDummies = (count, edges, layerOf) => {
    const layer = [...layerOf];
    const links = [];
    const chains = edges.map(([from, to]) => {
        const span = layer[to] - layer[from];
        if (span < 1 || layer.length + span - 1 - count > MAX_DUMMIES) {
            return [];
        }
        const chain = [];
        for (let passed = layer[from] + 1; passed < layer[to]; passed += 1) {
            chain.push(layer.push(passed) - 1);
        }
        const stops = [from, ...chain, to];
        for (let i = 1; i < stops.length; i += 1) {
            links.push([stops[i - 1], stops[i]]);
        }
        return chain;
    });
    return {layer, links, chains};
};

/* Layers of several columns, each column with at most `perColumn` boxes. */
const planFolded = (count, edges, up, down, layerOf, size) => {
    const stepX = size.width + size.foldedGap;
    const stepY = size.height + size.foldedGap;
    const most = Math.max(size.tallest, Math.round(Math.sqrt((count * stepX) / (stepY * 1.8))));
    const places = new Array(count);
    let x = 0;
    orderedRows(layerOf, up, down).forEach((row, layer) => {
        const columns = Math.ceil(row.length / most);
        const perColumn = Math.ceil(row.length / columns);
        row.forEach((vertex, i) => {
            const y = ((i % perColumn) - (perColumn - 1) / 2) * stepY;
            places[vertex] = {x: x + Math.floor(i / perColumn) * stepX, y, layer};
        });
        x += columns * stepX + size.gapX;
    });
    const paths = edges.map(([from, to]) => [
        [places[from].x + size.width, places[from].y + size.height / 2],
        [places[to].x, places[to].y + size.height / 2],
    ]);
    return framed(places, paths, size);
};

/* The vertices of each layer, ordered so that few edges cross. */
const orderedRows = (layerOf, up, down) => {
    const rows = Array.from(countPerLayer(layerOf), () => []);
    layerOf.forEach((layer, vertex) => {
        rows[layer].push(vertex);
    });
    const rank = new Array(layerOf.length);
    const number = (row) => {
        row.forEach((vertex, i) => {
            rank[vertex] = i;
        });
    };
    rows.forEach(number);
    for (let sweep = 0; sweep < sweepsOf(layerOf.length); sweep += 1) {
        const isForwards = sweep % 2 === 0;
        const near = isForwards ? up : down;
        for (const row of isForwards ? rows : [...rows].reverse()) {
            const wish = new Map(
                row.map((vertex) => [vertex, mean(near[vertex], rank) ?? rank[vertex]]),
            );
            row.sort((one, other) => wish.get(one) - wish.get(other) || rank[one] - rank[other]);
            number(row);
        }
    }
    return rows;
};

/* A large graph should be there at once. */
const sweepsOf = (count) => (count > 1000 ? SWEEPS / 2 : SWEEPS);

/* The mean of the numbers of some vertices; null if there are none. */
const mean = (vertices, numbers) =>
    vertices.length
        ? vertices.reduce((sum, vertex) => sum + numbers[vertex], 0) / vertices.length
        : null;

/* The middle of each vertex: near its neighbours, in the order of its row, without overlap. */
const heights = (rows, up, down, {heightOf, weightOf, gap}) => {
    const middle = [];
    const offsets = rows.map((row) => stacked(row, heightOf, gap));
    rows.forEach((row, layer) => {
        const half = (offsets[layer].at(-1) ?? 0) / 2;
        row.forEach((vertex, i) => {
            middle[vertex] = offsets[layer][i] - half;
        });
    });
    const sweeps = sweepsOf(up.length);
    for (let sweep = 0; sweep < sweeps; sweep += 1) {
        const isForwards = sweep % 2 === 0;
        const near = isForwards ? up : down;
        const isLast = sweep >= sweeps - 2;
        for (let i = 0; i < rows.length; i += 1) {
            const layer = isForwards ? i : rows.length - 1 - i;
            const wishes = rows[layer].map((vertex, j) => {
                const wanted = isLast ? [...up[vertex], ...down[vertex]] : near[vertex];
                return (mean(wanted, middle) ?? middle[vertex]) - offsets[layer][j];
            });
            const settled = isotonic(wishes, rows[layer].map(weightOf));
            rows[layer].forEach((vertex, j) => {
                middle[vertex] = settled[j] + offsets[layer][j];
            });
        }
    }
    return middle;
};

/* The middles of a row's vertices if they stand as close as they may, the first at 0. */
const stacked = (row, heightOf, gap) => {
    let at = 0;
    return row.map((vertex, i) => {
        at += i ? (heightOf(row[i - 1]) + heightOf(vertex)) / 2 + gap : 0;
        return at;
    });
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

/* Moves everything so that the upper left corner is at 0, 0. */
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
        return {places, paths, width: 0, height: 0, size};
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
        size,
    };
};
