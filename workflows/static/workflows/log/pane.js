/*
One log on the screen: its rows, its ruler, what is found in it, and whether its end is followed.

    const pane = openPane(host, {url, href, label, options, line, changed})
        href(line)          the address of a line; `line` is the one to begin with, or null: the end
    pane.source, pane.finder, pane.rows
    pane.search(what)       see find.js
    pane.step(1 or -1)      goes to the next or previous hit
    pane.place              which hit that is, from 1; 0 if none
    pane.goTo(line)         from 0; marks it
    pane.goToLevel("error") to the next line that tells of one, from the first
    pane.differ({ranges, differs})  the lines that the log beside does not have, see ruler.js and rows.js
    pane.follow(true or false), pane.isFollowing, pane.unseen
    pane.trouble            what is wrong, "" if nothing is
    pane.close()

`changed(what)` is called whenever there is something else to show; what is "chosen" if a line was clicked,
"closed" if the attempt has ended.
*/

import {createFinder} from "./find.js";
import {createRows} from "./rows.js";
import {createRuler} from "./ruler.js";
import {openLog} from "./source.js";

/* Where the log covers the page, the page's own banner cannot be seen. */
const TROUBLES = {
    live: "",
    unreachable: "The site cannot be reached. It is tried again.",
    "logged out": "You are logged out.",
    gone: "This log was removed, or you may not see it.",
};

export const openPane = (host, {url, href, label, options, line: begin, changed}) => {
    let current = null; /* the hit that is gone to */
    let isNewSearch = false;
    let isPaused = false;
    let total = 0;

    const source = openLog(url, {changed: (what) => took(what)});
    const {lines} = source;
    const finder = createFinder(lines, {
        changed: () => found(),
        refused: (text) => tell({refusal: text}),
    });
    const rows = createRows(host, {
        lines,
        of: finder.of,
        href,
        label,
        chosen: (line) => {
            pane.chosen = line;
            rows.mark({line});
            changed("chosen");
        },
        scrolled: () => watchEnd(),
    });
    const ruler = createRuler(host, {lines, finder, go: rows.reveal});
    const pane = {
        source,
        finder,
        rows,
        chosen: begin,
        unseen: 0,
        trouble: "",
        refusal: "",
        isFollowing: false,
        get place() {
            return current ? placeOf(finder.hits, current) + 1 : 0;
        },
        search(what) {
            [current, isNewSearch] = [null, true];
            rows.mark({hit: null});
            finder.search(what);
        },
        step(by) {
            const {hits} = finder;
            if (hits.length) {
                const at = current ? placeOf(hits, current) + by : 0;
                show(hits[(at + hits.length) % hits.length]);
            }
        },
        goTo(line) {
            pane.chosen = line;
            rows.mark({line});
            rows.reveal(line);
        },
        goToLevel(level) {
            const line = nextOf(level);
            if (line !== null) {
                pane.goTo(line);
                changed("chosen");
            }
        },
        differ({ranges, differs}) {
            ruler.mark(ranges);
            rows.mark({differs});
        },
        follow(isWanted) {
            isPaused = !isWanted;
            if (isWanted) {
                rows.toEnd();
            }
            watchEnd();
        },
        close() {
            source.close();
            document.removeEventListener("workflows:connection", tellTrouble);
            host.replaceChildren();
        },
    };

    const tell = (what) => {
        Object.assign(pane, what);
        changed();
    };

    const tellTrouble = ({detail}) => tell({trouble: TROUBLES[detail]});

    const watchEnd = () => {
        const isFollowing = source.isOpen && !isPaused && rows.isAtEnd;
        const unseen = isFollowing ? 0 : pane.unseen;
        if (isFollowing !== pane.isFollowing || unseen !== pane.unseen) {
            tell({isFollowing, unseen});
        }
    };

    const took = (what) => {
        const {isFollowing} = pane;
        if (what === "end") {
            showBeginning();
        } else if (what === "after" && isFollowing) {
            rows.toEnd();
        } else if (what === "after") {
            pane.unseen += lines.total - total;
        }
        total = lines.total;
        finder.more();
        ruler.draw();
        rows.draw();
        watchEnd();
        changed(what);
    };

    const showBeginning = () => {
        if (begin === null) {
            rows.toEnd();
        } else {
            pane.goTo(Math.min(begin, lines.total - 1));
        }
    };

    const found = () => {
        if (isNewSearch) {
            showFirstHit();
        }
        ruler.draw();
        rows.draw();
        changed();
    };

    /* The first hit from what is looked at on, as soon as it is known; else the last one before. */
    const showFirstHit = () => {
        const {hits, from, isBusy} = finder;
        const start = pane.chosen ?? rows.first;
        const next = from <= start ? hits.find(({line}) => line >= start) : null;
        const hit = next ?? (isBusy ? null : hits.at(-1));
        if (hit) {
            isNewSearch = false;
            show(hit);
        }
    };

    const show = (hit) => {
        current = hit;
        rows.mark({hit});
        rows.reveal(hit.line);
        changed();
    };

    /* The next line after the one that is chosen; the first one again after the last. */
    const nextOf = (level) => {
        let firstFound = null;
        for (let i = lines.first; i < lines.total; i += 1) {
            if (lines.get(i)?.level === level) {
                if (i > (pane.chosen ?? -1) || pane.chosen === null) {
                    return i;
                }
                firstFound ??= i;
            }
        }
        return firstFound;
    };

    document.addEventListener("workflows:connection", tellTrouble);
    rows.set(options);
    return pane;
};

const isSame = (one, other) => one.line === other.line && one.start === other.start;

const placeOf = (hits, hit) => hits.findIndex((each) => isSame(each, hit));
