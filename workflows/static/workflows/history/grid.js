/*
The grid of a template: a column for each run with its duration as a bar, a row for each step.

    const grid = createGrid(host, {tell, open, compare})
    grid.show(data, {onlyFailed})      draw, as wide as the host; `data` as `grid.py` makes it
    grid.cursor()                      {row, column}; row -1 is the run itself

`tell(cell, box)` is called with what is under the pointer or the cursor (null: nothing), `open`
and `compare` with what was clicked, and clicked with Shift.
*/

import {element} from "../dom.js";
import {svgElement} from "../graph/svg.js";
import {drawBars} from "./bars.js";
import {measure} from "./measures.js";
import {define, LETTERS} from "./squares.js";

const KEYS = {
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    PageUp: [-10, 0],
    PageDown: [10, 0],
    Home: [0, -1000],
    End: [0, 1000],
};

export const createGrid = (host, {tell, open, compare}) => {
    const bars = svgElement("svg", {class: "history-bars"});
    const body = svgElement("svg", {class: "history-body"});
    const stage = element(
        "div",
        {
            className: "history-stage",
            tabIndex: 0,
            role: "application",
            "aria-label":
                "Steps by runs. Arrow keys walk, Enter opens the task, Shift and Enter compare.",
        },
        bars,
        body,
    );
    host.replaceChildren(stage);

    let size = null;
    let data = null;
    let rows = [];
    let cursor = {row: -1, column: -1};

    const cellAt = ({row, column}) => {
        if (column < 0 || column >= size.columns || row < -1 || row >= rows.length) {
            return null;
        }
        const place = size.first + column;
        const run = data.runs[place];
        if (row === -1) {
            return {run, place};
        }
        const [step, , usual, kinds, tasks, seconds] = rows[row];
        const kind = LETTERS[kinds[place]];
        return {run, place, step, usual, kind, task: tasks[place], seconds: seconds[place]};
    };

    /* Light up the row and the column of a place, and tell what is there. */
    const point = (to) => {
        const cell = to && cellAt(to);
        cursor = cell ? to : {row: -1, column: -1};
        stage.querySelectorAll(".is-lit").forEach((lit) => {
            lit.classList.remove("is-lit");
        });
        for (const mark of stage.querySelectorAll(".lit-column")) {
            mark.setAttribute("x", cell ? size.x(to.column) - 2 : -100);
        }
        const mark = body.querySelector(".lit-row");
        const isRow = cell && to.row >= 0;
        mark.setAttribute("y", isRow ? size.y(to.row) - size.gap / 2 : -100);
        body.querySelector(".lit-cell").setAttribute("x", isRow ? size.x(to.column) - 1.5 : -100);
        body.querySelector(".lit-cell").setAttribute("y", isRow ? size.y(to.row) - 1.5 : -100);
        body.querySelector(`[data-row="${to?.row}"]`)?.classList.add("is-lit");
        body.querySelector(`[data-column="${to?.column}"]`)?.classList.add("is-lit");
        tell(cell, cell && boxOf(to));
    };

    const boxOf = ({row, column}) => {
        const {left, top} = (row === -1 ? bars : body).getBoundingClientRect();
        const y = row === -1 ? size.barsHeight - 4 : size.y(row);
        return {left: left + size.x(column), top: top + y, size: size.square};
    };

    const placeOf = (event) => {
        const inBars = bars.contains(event.target);
        const {left, top} = (inBars ? bars : body).getBoundingClientRect();
        const column = Math.floor((event.clientX - left - size.x(0) + 2) / size.pitch);
        const row = inBars ? -1 : Math.floor((event.clientY - top) / size.rowPitch);
        return {row: inBars || row >= 0 ? row : -2, column};
    };

    const act = (cell, event) => {
        if (cell) {
            (event.shiftKey ? compare : open)(cell, event);
        }
    };

    stage.addEventListener("pointermove", (event) => {
        const to = placeOf(event);
        if (to.row !== cursor.row || to.column !== cursor.column) {
            point(to);
        }
    });
    stage.addEventListener("pointerleave", () => point(null));
    stage.addEventListener("click", (event) => act(cellAt(placeOf(event)), event));
    stage.addEventListener("blur", () => point(null));
    stage.addEventListener("focus", () => {
        if (stage.matches(":focus-visible")) {
            move({row: -1, column: size.columns - 1});
        }
    });
    stage.addEventListener("keydown", (event) => {
        if (event.key === "Escape") {
            point(null);
        } else if (event.key === "Enter") {
            event.preventDefault();
            act(cellAt(cursor), event);
        } else if (KEYS[event.key] && !event.ctrlKey && !event.metaKey) {
            event.preventDefault();
            const [down, right] = KEYS[event.key];
            const from = cursor.column < 0 ? {row: -1, column: size.columns - 1} : cursor;
            move({row: from.row + down, column: from.column + right});
        }
    });

    const move = ({row, column}) => {
        const to = {
            row: Math.max(-1, Math.min(rows.length - 1, row)),
            column: Math.max(0, Math.min(size.columns - 1, column)),
        };
        const top = size.barsHeight + size.y(Math.max(0, to.row));
        if (to.row === -1 || top < stage.scrollTop + 2 * size.barsHeight) {
            stage.scrollTop = to.row === -1 ? 0 : top - 2 * size.barsHeight;
        } else if (top + 2 * size.rowPitch > stage.scrollTop + stage.clientHeight) {
            stage.scrollTop = top + 2 * size.rowPitch - stage.clientHeight;
        }
        point(to);
    };

    return {
        cursor: () => cursor,
        show(shown, {onlyFailed = false} = {}) {
            data = shown;
            rows = onlyFailed ? data.steps.filter(([, failures]) => failures) : data.steps;
            size = measure(host.clientWidth, data, rows);
            const before = cursor;
            drawBars(bars, data, size);
            drawBody(body, data, rows, size);
            if (before.column >= 0) {
                point(before);
            }
        },
    };
};

/* Steps as rows: name, how often it failed, a square for each run, and its usual duration. */
const drawBody = (svg, data, rows, size) => {
    const {width, bodyHeight: height, square, rowPitch} = size;
    setSize(svg, width, height);
    const lit = [
        svgElement("rect", {class: "lit-row", x: 0, y: -100, width, height: rowPitch, rx: 5}),
        svgElement("rect", {
            class: "lit-column",
            x: -100,
            y: 0,
            width: square.width + 4,
            height: rows.length * rowPitch,
        }),
    ];
    const ring = {x: -100, y: -100, rx: 5, class: "lit-cell"};
    svg.replaceChildren(
        define(square),
        ...lit,
        ...rows.map((row, number) => drawRow(row, number, size)),
        ...data.runs.slice(size.first).map((run, column) => drawDay(run, column, size)),
        svgElement("rect", {...ring, width: square.width + 3, height: square.height + 3}),
    );
};

const setSize = (svg, width, height) => {
    svg.setAttribute("width", width);
    svg.setAttribute("height", height);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
};

const drawRow = ([step, failures, usual, kinds], number, size) => {
    const y = size.y(number);
    const middle = y + size.square.height / 2;
    const text = (x, content, attributes) =>
        svgElement("text", {x, y: middle, dy: ".35em", ...attributes}, content);
    const row = svgElement("g", {class: failures ? "row has-failed" : "row", "data-row": number});
    const name = text(8, size.cut(step), {class: "name"});
    name.append(svgElement("title", {}, step));
    row.append(name);
    if (failures) {
        row.append(text(size.x(0) - 12, `${failures} ✕`, {class: "failures"}));
    }
    for (let column = 0; column < size.columns; column += 1) {
        const letter = kinds[size.first + column];
        if (letter !== ".") {
            const place = {x: size.x(column), y};
            row.append(svgElement("use", {href: `#square-${letter}`, ...place}));
        }
    }
    if (usual !== null) {
        row.append(text(size.width - 8, size.short(usual), {class: "usual"}));
    }
    return row;
};

/* Below every fifth run its day; that of the others is shown while they are pointed at. */
const drawDay = ([, , began], column, size) => {
    const x = size.x(column) + size.square.width / 2;
    const isShown = (size.columns - 1 - column) % 5 === 0;
    return svgElement(
        "text",
        {
            x,
            y: size.bodyHeight - 8,
            class: isShown ? "day is-shown" : "day",
            "data-column": column,
        },
        began === null ? "" : size.day(began),
    );
};
