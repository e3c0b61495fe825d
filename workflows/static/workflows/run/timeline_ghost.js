/* `readGhost(url)` → a map from names of steps to {started, finished}, in seconds since the start of that run;
   null if it cannot be read. */

import {records} from "./records.js";

export const readGhost = async (url) => {
    const response = await fetch(url).catch(() => null);
    if (!response?.ok) {
        return null;
    }
    const {tasks, started} = await response.json();
    const ghost = new Map();
    for (const task of records(tasks)) {
        if (task.started && task.finished) {
            ghost.set(task.name, {
                started: task.started - started,
                finished: task.finished - started,
            });
        }
    }
    return ghost;
};
