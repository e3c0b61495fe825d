/*
What the page knows of a run's tasks: read once, then kept up to date.

A row is [id, state, flags, attempts, dispatched, started, finished], times in seconds since 1970;
flags: h on hold, a waits for approval, m set by hand, c asked to end. A change of one task may make
others ready: that is worked out here, so that the server sends only what happened to tasks.
*/

import {neighbours} from "../graph/layout.js";
import {longest, reach, topological} from "../graph/paths.js";

const BROKEN = ["failed", "canceled"];

export const duration = (seconds) => {
    if (seconds < 0.95) {
        return `${Math.max(0, Math.round(seconds * 1000))} ms`;
    }
    if (seconds < 9.95) {
        return `${seconds.toFixed(1)} s`;
    }
    const whole = Math.round(seconds),
        minutes = Math.round(seconds / 60);
    const parts =
        whole < 60
            ? [[whole, "s"]]
            : whole < 600
              ? [
                    [Math.floor(whole / 60), "min"],
                    [whole % 60, "s"],
                ]
              : [
                    [Math.floor(minutes / 60), "h"],
                    [minutes % 60, "min"],
                ];
    return parts
        .filter(([n]) => n)
        .map(([n, unit]) => `${n} ${unit}`)
        .join(" ");
};

export const now = () => Date.now() / 1000;

export const createModel = ({tasks, edges, usual, started}) => {
    const count = tasks.length;
    const {up, down} = neighbours(count, edges);
    const places = new Map(tasks.map(([, , id], v) => [id, v]));
    const rows = tasks.map((task) => task.slice(2));
    const order = topological(up, down);
    let doomed = null;

    const state = (v) => rows[v][1];
    const has = (v, flag) => rows[v][2].includes(flag);
    const isToEnd = (v) => ["dispatched", "running"].includes(state(v)) && has(v, "c");
    const isDone = (v) => state(v) === "success";
    const isBroken = (v) => BROKEN.includes(state(v));
    const isDoomed = (v) =>
        (doomed ??= reach(
            down,
            rows.flatMap((_, w) => (isBroken(w) ? [w] : [])),
        )).has(v);

    const kind = (v) => {
        if (state(v) !== "pending") {
            return state(v);
        }
        if (has(v, "h")) {
            return "held";
        }
        if (has(v, "a")) {
            return "approval";
        }
        return up[v].every(isDone) ? "ready" : "pending";
    };
    const word = (v) => {
        if (kind(v) === "held") {
            return "on hold";
        }
        if (kind(v) === "approval") {
            return "waits for approval";
        }
        if (kind(v) === "pending" && isDoomed(v)) {
            return "cannot start";
        }
        if (isToEnd(v)) {
            return "asked to end";
        }
        return has(v, "m") ? "success by hand" : kind(v);
    };
    /* As in the tables: what people have to do with a state has an icon of its own. */
    const icon = (v) => (has(v, "m") ? "by-hand" : isToEnd(v) ? "canceled" : kind(v));
    const ran = (v) => {
        const [, , , , , start, end] = rows[v];
        return start && !["pending", "dispatched"].includes(state(v))
            ? (end ?? now()) - start
            : null;
    };
    const note = (v) => {
        const seconds = ran(v),
            attempts = rows[v][3];
        const parts = [word(v)];
        if (seconds !== null) {
            parts.push(duration(seconds));
        }
        if (attempts > 1) {
            parts.push(`${attempts} attempts`);
        }
        return parts.join(" · ");
    };

    return {
        count,
        edges,
        up,
        down,
        rows,
        order,
        started,
        kind,
        word,
        note,
        state,
        ran,
        isBroken,
        isDone,
        name: (v) => tasks[v][0],
        title: (v) => tasks[v][1],
        id: (v) => rows[v][0],
        placeOf: (id) => places.get(Number(id)),
        /* Take over rows; returns everything that looks different now. */
        update(changed) {
            const touched = new Set();
            for (const row of changed) {
                const v = places.get(row[0]);
                if (v === undefined) {
                    continue;
                }
                if (isBroken(v) !== BROKEN.includes(row[1])) {
                    reach(down, [v]).forEach((w) => touched.add(w));
                }
                rows[v] = row;
                touched.add(v);
                down[v].forEach((w) => touched.add(w));
            }
            doomed = null;
            return touched;
        },
        vertex(v) {
            const [name, title] = tasks[v];
            return {
                title: name,
                note: note(v),
                kind: kind(v),
                icon: icon(v),
                more: title === name ? "" : title,
            };
        },
        edgeKind: ([from]) => (isDone(from) ? "met" : isBroken(from) ? "broken" : ""),
        relatives: (v) => new Set([v, ...reach(up, [v]), ...reach(down, [v])]),
        /* When a task's waiting began: with its last upstream task, or with the run. */
        readyAt: (v) =>
            up[v].reduce(
                (latest, u) => Math.max(latest, rows[u][6] ?? 0),
                started ?? rows[v][4] ?? 0,
            ),
        /* The tasks that decided when the run ended, or will: each waited for the one before it. */
        critical() {
            const end = (v) => rows[v][6] ?? (rows[v][5] ? now() : 0);
            let last = null;
            for (let v = 0; v < count; v += 1) {
                if (rows[v][5] && (last === null || end(v) > end(last))) {
                    last = v;
                }
            }
            const path = new Set();
            while (last !== null && last !== undefined) {
                path.add(last);
                last = up[last].filter((u) => rows[u][6]).sort((u, w) => end(w) - end(u))[0];
            }
            return path;
        },
        /* Seconds until the end, from what the steps usually take; null if nobody can tell. */
        remaining() {
            const left = order.filter((v) => !isDone(v));
            if (
                !usual.length ||
                !left.length ||
                left.some((v) => isBroken(v) || usual[v] === null)
            ) {
                return null;
            }
            return longest(order, up, (v) =>
                isDone(v) ? 0 : Math.max(0, usual[v] - (ran(v) ?? 0)),
            ).seconds;
        },
    };
};
