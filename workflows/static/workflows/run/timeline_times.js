/*
Which rows the timeline has, from when until when.

    read(model, {isByRunner, ghost}) → {rows, shown, critical, from, until, ghostOf(index)}

`rows` are {index} of a task, or {runner, count} above the tasks of a runner; `shown` are the tasks in
the order of their rows.
*/

export const read = (model, {isByRunner, ghost}) => {
    const {tasks, now} = model;
    const beginning = (index) => tasks[index].dispatched ?? tasks[index].started;
    const begun = model
        .where((index) => beginning(index) && tasks[index].state !== "pending")
        .sort((one, other) => beginning(one) - beginning(other) || one - other);
    const from = Math.min(model.started ?? Infinity, ...begun.slice(0, 1).map(beginning));
    const ghostOf = (index) => ghost?.get(tasks[index].name);
    const until = begun.reduce(
        (end, index) =>
            Math.max(end, tasks[index].finished ?? now(), from + (ghostOf(index)?.finished ?? 0)),
        from + 0.1,
    );
    const rows = isByRunner ? byRunner(tasks, begun) : begun.map((index) => ({index}));
    return {
        rows,
        shown: rows.flatMap(({index}) => (index === undefined ? [] : [index])),
        critical: model.criticalPath(),
        from,
        until,
        ghostOf,
    };
};

const byRunner = (tasks, indexes) => {
    const groups = new Map();
    for (const index of indexes) {
        const {runner} = tasks[index];
        groups.set(runner, [...(groups.get(runner) ?? []), index]);
    }
    return [...groups].flatMap(([runner, group]) => [
        {runner, count: group.length},
        ...group.map((index) => ({index})),
    ]);
};
