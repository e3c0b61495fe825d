/*
Uses the room that a graph has: boxes become wider, columns and rows move apart as far as they fit.

    spread(count, edges, sizes, [width, height]) → a plan, see layout.js
*/

import {plan} from "./layout.js";

const MAX_WIDTH = 190;
const MAX_GAP_X = 72;
const MAX_GAP_Y = 52;
const MOST_VERTICES = 600; /* the plan is made twice */

export const spread = (count, edges, sizes, [width, height]) => {
    const tight = plan(count, edges, sizes);
    if (count > MOST_VERTICES) {
        return tight;
    }
    const {gapX, gapY, width: box} = tight.size;
    const columns = new Set(tight.places.map(({x}) => x)).size;
    const rows = Math.round((tight.height + gapY) / (tight.size.height + gapY));
    const left = width - tight.width;
    const boxWidth = wider(box, MAX_WIDTH, left, columns);
    return plan(count, edges, {
        ...sizes,
        width: boxWidth,
        gapX: wider(gapX, MAX_GAP_X, left - columns * (boxWidth - box), columns - 1),
        gapY: wider(gapY, MAX_GAP_Y, height - tight.height, rows - 1),
    });
};

const wider = (gap, most, room, gaps) =>
    Math.floor(Math.min(most, gap + Math.max(0, room) / Math.max(1, gaps)));
