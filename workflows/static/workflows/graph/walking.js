/*
Where the keys lead in a drawing: left and right along the edges, up and down through a column.

    const nextOf = createWalk(places, edges)
    nextOf(vertex, "ArrowUp") → another vertex, or undefined
*/

import {neighbours} from "./layout.js";

export const createWalk = (places, edges) => {
    const {up, down} = neighbours(places.length, edges);
    const columns = new Map();
    places.forEach(({x}, vertex) => {
        if (!columns.has(x)) {
            columns.set(x, []);
        }
        columns.get(x).push(vertex);
    });
    for (const column of columns.values()) {
        column.sort((one, other) => places[one].y - places[other].y);
    }

    return (vertex, key) => {
        const column = columns.get(places[vertex].x);
        const position = column.indexOf(vertex);
        return {
            ArrowLeft: up[vertex][0],
            ArrowRight: down[vertex][0],
            ArrowUp: column[position - 1],
            ArrowDown: column[position + 1],
            Home: 0,
            End: places.length - 1,
        }[key];
    };
};
