/*
Makes the row of a line: its number as a link, its time, and its text with colours and hits of the search.

    const maker = createRowMaker({lines, of, href})
    maker.keyOf(i)                  changes when the row of the same line has to be made anew
    maker.stylesFrom(begin, end)    the colours that each of these lines begins with
    maker.make(i, style)            the row
    maker.mark({line, hit, differs}), maker.set({times, colours})
*/

import {element} from "../dom.js";
import {exact, seconds} from "../moments.js";
import {isStyled, PLAIN, parts, visible} from "./ansi.js";

const LOOKED_BACK = 300; /* lines before the first in sight, for colours that it has got from them */
const LONGEST = 10_000; /* characters of a line that are drawn */

export const createRowMaker = ({lines, of, href}) => {
    let marks = {line: null, hit: null, differs: () => ""};
    let options = {times: true, colours: true};
    let revision = 0;

    const isMarked = (i) => marks.line === i;
    const currentIn = (i) => (marks.hit?.line === i ? marks.hit.start : null);

    const keyOf = (i) => {
        const ends = of(i).flatMap(({start, end}) => [start, end]);
        return [revision, isMarked(i), currentIn(i), marks.differs(i), ...ends].join();
    };

    const stylesFrom = (begin, end) => {
        const found = [];
        let style = PLAIN;
        for (let i = Math.max(lines.first, begin - LOOKED_BACK); i < end; i += 1) {
            if (i >= begin) {
                found[i - begin] = style;
            }
            const raw = lines.get(i)?.raw ?? "";
            if (isStyled(raw)) {
                style = parts(visible(raw), style).style;
            }
        }
        return found;
    };

    const text = (i, line, style) => {
        const shown = element("span", {className: "log-text"});
        const raw = visible(line.raw);
        const pieces = options.colours
            ? parts(raw, style ?? PLAIN).parts
            : [{text: line.plain, classes: ""}];
        shown.append(...withHits(pieces, of(i), currentIn(i)));
        if (line.plain.length > LONGEST) {
            const more = (line.plain.length - LONGEST).toLocaleString("en");
            shown.append(element("span", {className: "log-more"}, ` … ${more} more characters`));
        }
        return shown;
    };

    const time = (i, line) => {
        const before = lines.get(i - 1);
        const goesOn = before && before.at === line.at && /^\s/.test(line.plain);
        const moment = line.at && !goesOn ? new Date(line.at * 1000) : null;
        return element(
            "span",
            {className: "log-time", title: moment ? exact(moment) : null},
            moment ? seconds(moment) : "",
        );
    };

    return {
        keyOf,
        stylesFrom,
        make(i, style) {
            const line = lines.get(i);
            const row = element("div", {className: "log-row"});
            row.dataset.line = i;
            row.classList.toggle("is-chosen", isMarked(i));
            row.classList.toggle("is-found", currentIn(i) !== null);
            const number = element(
                "a",
                {className: "log-number", href: href(i), tabIndex: -1},
                `${i + 1}`,
            );
            row.append(number);
            const sign = marks.differs(i);
            if (sign) {
                row.classList.add("is-different");
                number.after(element("span", {className: "log-sign"}, sign));
            }
            if (line?.level) {
                row.classList.add(`is-${line.level}`);
            }
            if (options.times) {
                row.append(line ? time(i, line) : element("span", {className: "log-time"}));
            }
            row.append(line ? text(i, line, style) : element("span", {className: "log-more"}, "…"));
            return row;
        },
        mark(changed) {
            marks = {...marks, ...changed};
        },
        set(changed) {
            options = {...options, ...changed};
            revision += 1;
        },
    };
};

/* Cuts the pieces of a line where hits begin and end. */
const withHits = (pieces, hits, current) => {
    const found = [];
    let at = 0;
    for (const {text, classes} of pieces) {
        const piece = text.slice(0, Math.max(0, LONGEST - at));
        let done = 0;
        for (const {start, end} of hits) {
            const [from, to] = [Math.max(start - at, done), Math.min(end - at, piece.length)];
            if (to <= from) {
                continue;
            }
            found.push(span(piece.slice(done, from), classes));
            const mark = element("mark", {className: start === current ? "is-current" : ""});
            mark.append(span(piece.slice(from, to), classes));
            found.push(mark);
            done = to;
        }
        found.push(span(piece.slice(done), classes));
        at += text.length;
    }
    return found;
};

const span = (text, className) =>
    className && text ? element("span", {className}, text) : document.createTextNode(text);
