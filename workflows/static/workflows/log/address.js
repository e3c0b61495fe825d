/*
The part of an address that leads to a task, an attempt of it and a line: "#task-12", "#task-12:L45",
"#task-12:A1:L45". Lines count from 1, as people read them.
*/

const PLACE = /^#?task-(\d+)(?::A(\d+))?(?::L(\d+))?$/;

const number = (text) => (text === undefined ? null : Number(text));

/* Returns {task, attempt, line}, each a number or null; null if the text is no such place. */
export const placeIn = (hash) => {
    const found = hash.match(PLACE);
    return found && {task: Number(found[1]), attempt: number(found[2]), line: number(found[3])};
};

export const addressOf = ({task, attempt, line}) =>
    `#task-${task}${attempt ? `:A${attempt}` : ""}${line ? `:L${line}` : ""}`;
