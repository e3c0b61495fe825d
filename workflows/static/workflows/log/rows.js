/*
Draws the lines of a log that are in sight, and no others: rows of 18 px, or as high as their text if it is wrapped.

    const rows = createRows(host, {lines, of, href, chosen, scrolled})
        of(line)        the hits of the search in a line
        href(line)      where its number leads
        chosen(line)    somebody has clicked the number
        scrolled()      something else is in sight
    rows.draw()         lines or hits have changed
    rows.reveal(line)   brings a line into sight, if it is not
    rows.toEnd(), rows.isAtEnd
    rows.first          the first line in sight
    rows.top            the same with its fraction, also to be set
    rows.loosen()       from now on the last line may be scrolled up to the top, as it may if it is wrapped
    rows.anchor         so many lines below it is what somebody looks at
    rows.mark({line, hit, differs})     the chosen line, the hit of the search that is gone to, and `differs(line)`:
                        the sign of a line that the log beside does not have
    rows.set({wrap, times, colours})
    rows.scroller       the element that scrolls
*/

import {element} from "../dom.js";
import {createRowMaker} from "./row.js";

const ROW_PX = 18;
const MOST_PX = 16_000_000; /* browsers draw no element that is much higher */
const MARGIN = 6; /* lines that stay in sight above or below one that is revealed */
const END_PX = 4;
const LEAST_DIGITS = 4;
const GUTTER_CH = 22;
const GUTTER_PX = 160; /* what the numbers and times may cover */

export const createRows = (host, {lines, of, href, label, chosen, scrolled}) => {
    const list = element("div", {className: "log-rows"});
    const space = element("div", {className: "log-space"}, list);
    const scroller = element(
        "div",
        {className: "log-scroller", tabIndex: 0, role: "region", "aria-label": label},
        space,
    );
    host.append(scroller);
    const maker = createRowMaker({lines, of, href});
    const drawn = new Map();
    let wrap = false;
    let isLoose = false;
    let first = 0;
    let isWaiting = false;

    const total = () => lines.total;
    const fitting = () => Math.max(1, Math.floor(scroller.clientHeight / ROW_PX));
    /* The last line that may stand at the top, and how many pixels of the scroll bar lead to it. */
    const lastTop = () => Math.max(0, total() - (wrap || isLoose ? 1 : fitting()));
    const way = () => Math.min(MOST_PX, lastTop() * ROW_PX);
    const placeAt = (top) => (top * lastTop()) / Math.max(1, way());
    const lineAt = (top) => Math.floor(placeAt(top));
    const topOf = (line) => (line * way()) / Math.max(1, lastTop());

    const draw = () => {
        isWaiting = false;
        space.style.height = `${way() + scroller.clientHeight}px`;
        list.style.setProperty("--log-digits", Math.max(LEAST_DIGITS, `${total()}`.length));
        space.style.minWidth = wrap ? "" : `${lines.longest + GUTTER_CH}ch`;
        first = Math.min(lineAt(scroller.scrollTop), lastTop());
        const isExact = !wrap && way() < MOST_PX;
        list.style.transform = `translateY(${isExact ? topOf(first) : scroller.scrollTop}px)`;
        fill(first, Math.min(total(), first + fitting() + 2));
        scrolled();
    };

    /* Rows that stay are not touched: what somebody has selected in them stays selected. */
    const fill = (begin, end) => {
        const wanted = new Set();
        let before = null;
        const styles = maker.stylesFrom(begin, end);
        for (let i = begin; i < end; i += 1) {
            const known = drawn.get(i);
            const [key, line] = [maker.keyOf(i), lines.get(i)];
            wanted.add(i);
            if (known?.key !== key || known.line !== line) {
                const row = maker.make(i, styles[i - begin]);
                known?.row.replaceWith(row);
                drawn.set(i, {row, key, line});
            }
            const {row} = drawn.get(i);
            const place = before ? before.nextSibling : list.firstChild;
            if (row !== place) {
                list.insertBefore(row, place);
            }
            before = row;
        }
        for (const [i, {row}] of drawn) {
            if (!wanted.has(i)) {
                row.remove();
                drawn.delete(i);
            }
        }
    };

    const redraw = () => {
        if (!isWaiting) {
            isWaiting = true;
            requestAnimationFrame(draw);
        }
    };

    /* With wrapped lines, only what is drawn tells how many of the last lines fit. */
    const toEnd = () => {
        draw();
        scroller.scrollTop =
            wrap || isLoose ? topOf(Math.max(0, total() - fitting())) : scroller.scrollHeight;
        draw();
        if (!wrap) {
            return;
        }
        let room = scroller.clientHeight;
        let line = total();
        while (line > first && drawn.has(line - 1)) {
            room -= drawn.get(line - 1).row.offsetHeight;
            if (room < 0) {
                break;
            }
            line -= 1;
        }
        scroller.scrollTop = Math.ceil(topOf(line));
        draw();
    };

    /* A hit far to the right in a long line. */
    const showAcross = (hit) => {
        const [at, place] = [hit?.getBoundingClientRect(), scroller.getBoundingClientRect()];
        if (hit && (at.right > place.right || at.left < place.left + GUTTER_PX)) {
            scroller.scrollLeft += at.left - place.left - place.width / 2;
        }
    };

    /* Wrapped lines may need more room than there is, although the last one is drawn. */
    const isLastSeen = () => {
        const row = drawn.get(total() - 1)?.row;
        const bottom = scroller.getBoundingClientRect().bottom;
        return row ? row.getBoundingClientRect().bottom <= bottom + END_PX : !total();
    };

    scroller.addEventListener("scroll", redraw, {passive: true});
    new ResizeObserver(redraw).observe(scroller);
    list.addEventListener("click", (event) => {
        const number = event.target.closest("a.log-number");
        if (number && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
            event.preventDefault();
            chosen(Number(number.closest(".log-row").dataset.line));
        }
    });

    return {
        scroller,
        draw: redraw,
        toEnd,
        get first() {
            return first;
        },
        get top() {
            return placeAt(scroller.scrollTop);
        },
        set top(place) {
            scroller.scrollTop = topOf(Math.max(0, place));
            draw();
        },
        loosen() {
            isLoose = true;
            redraw();
        },
        get anchor() {
            return wrap ? 0 : Math.floor(fitting() / 3);
        },
        get isAtEnd() {
            return wrap || isLoose ? isLastSeen() : isScrolledDown(scroller);
        },
        reveal(line) {
            const [top, count] = [first, fitting()];
            if (line < top + 1 || line >= top + (wrap ? 1 : count - 1)) {
                const above = wrap ? 1 : Math.max(MARGIN, Math.floor(count / 3));
                space.style.height ||= "0px";
                draw();
                scroller.scrollTop = Math.ceil(topOf(Math.max(0, line - above)));
            }
            draw();
            showAcross(drawn.get(line)?.row.querySelector("mark.is-current"));
        },
        mark(marks) {
            maker.mark(marks);
            redraw();
        },
        set(options) {
            const at = first;
            const wasAtEnd = wrap !== options.wrap && isScrolledDown(scroller);
            wrap = options.wrap;
            maker.set(options);
            list.classList.toggle("is-wrapped", wrap);
            list.classList.toggle("has-times", options.times);
            draw();
            if (wasAtEnd) {
                toEnd();
            } else {
                scroller.scrollTop = Math.ceil(topOf(at));
                draw();
            }
        },
    };
};

const isScrolledDown = ({scrollTop, clientHeight, scrollHeight}) =>
    scrollTop + clientHeight >= scrollHeight - END_PX;
