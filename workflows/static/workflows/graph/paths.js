/*
Questions about a graph whose neighbours are known (see `neighbours` in layout.js).

    reach(near, vertices)             everything that can be reached from some vertices, without them
    longest(order, up, secondsOf)     the heaviest way through the graph: {seconds, path}
    topological(up, down)             the vertices, each after all of its upstream ones
*/

export const reach = (near, vertices) => {
    const found = new Set();
    const stack = [...vertices];
    while (stack.length) {
        for (const next of near[stack.pop()]) {
            if (!found.has(next)) {
                found.add(next);
                stack.push(next);
            }
        }
    }
    for (const vertex of vertices) {
        found.delete(vertex);
    }
    return found;
};

export const topological = (up, down) => {
    const missing = up.map((list) => list.length);
    const order = [];
    missing.forEach((n, v) => {
        if (!n) {
            order.push(v);
        }
    });
    for (let head = 0; head < order.length; head += 1) {
        for (const next of down[order[head]]) {
            missing[next] -= 1;
            if (!missing[next]) {
                order.push(next);
            }
        }
    }
    return order;
};

export const longest = (order, up, secondsOf) => {
    const total = [];
    const before = [];
    let last = null;
    for (const v of order) {
        before[v] = up[v].reduce(
            (best, u) => (best === null || total[u] > total[best] ? u : best),
            null,
        );
        total[v] = secondsOf(v) + (before[v] === null ? 0 : total[before[v]]);
        if (last === null || total[v] > total[last]) {
            last = v;
        }
    }
    const path = [];
    for (let v = last; v !== null; v = before[v]) {
        path.unshift(v);
    }
    return {seconds: last === null ? 0 : total[last], path};
};
