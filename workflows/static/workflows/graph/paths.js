/*
Questions about a graph, given the neighbours of its vertices (see `neighbours` in layout.js).

    reach(near, vertices)               the set of what can be reached from these vertices, without them
    topologicalOrder(up, down)          the vertices, each after all of its upstream ones
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

export const topologicalOrder = (up, down) => {
    const missing = up.map((list) => list.length);
    const order = [];
    missing.forEach((number, vertex) => {
        if (!number) {
            order.push(vertex);
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
