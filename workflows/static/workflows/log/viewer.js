/*
The log viewer: a bar of tools, one log or two side by side, and a line that says what is shown.

    const viewer = createViewer(host, {task, attempts, fullUrl, isFull, hints, moved, ended})
        task            the id of the task
        attempts        [{number, pieces, text, status}], the latest first: where their logs are
        fullUrl         where the log fills the window; null if it does
        hints           keys that are named below: find, error, full, close
        moved(place)    another line or attempt is shown: {task, attempt, line}
        ended()         the attempt has ended
    viewer.show({attempt, line})    attempt: a number, null for the latest; line: from 1, or null
    viewer.compare()                the attempt that is shown beside the latest, or the two latest, and how they differ
    viewer.update(attempts)         there may be another attempt, or another status
    viewer.redraw()                 it is seen again
    viewer.search(what)             {text, isPattern, hasCase}
    viewer.key(event)               does what a key stands for; returns true if it stands for something
    viewer.close()
*/

import {element} from "../dom.js";
import {addressOf} from "./address.js";
import {createBar} from "./bar.js";
import {createBoth} from "./both.js";
import {createFoot} from "./foot.js";
import {keyed} from "./keys.js";
import {openPane} from "./pane.js";
import {preferences, remember} from "./preferences.js";

export const createViewer = (
    host,
    {task, attempts: known, fullUrl, isFull, hints, moved, ended},
) => {
    let attempts = known;
    let shown = [];
    let panes = [];
    let both = null;
    let wanted = {text: "", isPattern: false, hasCase: false};
    const options = preferences();
    const root = element("div", {className: `log-viewer${isFull ? " is-full" : ""}`});
    const places = element("div", {className: "log-panes"});

    const main = () => panes.at(-1);
    const latest = () => attempts[0];
    const place = (line) => ({
        task,
        attempt: shown.at(-1) === latest().number ? null : shown.at(-1),
        line: line === null ? null : line + 1,
    });

    const actions = {
        search(what) {
            wanted = {...wanted, ...what};
            for (const pane of panes) {
                pane.search(wanted);
            }
        },
        step: (by) => main().step(by),
        difference: (by) => both?.step(by),
        level: (name) => main().goToLevel(name),
        toggle(name) {
            options[name] = !options[name];
            remember(options);
            for (const pane of panes) {
                pane.rows.set(options);
            }
            draw();
        },
        follow: () => main().follow(!main().isFollowing),
        toEnd: () => main().follow(true),
        copy: () => copyLines(main()),
        full() {
            if (fullUrl) {
                location.href = fullUrl + addressOf(place(main().chosen));
            }
        },
    };
    const bar = createBar({actions, isFull});
    const foot = createFoot({actions, isFull, hints});
    root.append(bar.element, places, foot.pill, foot.element);
    host.replaceChildren(root);

    const draw = (what) => {
        if (!panes.length) {
            return;
        }
        const attempt = attempts.find(({number}) => number === shown.at(-1));
        bar.draw(main(), {attempt, address: addressOf(place(main().chosen)), options, both});
        foot.draw(main(), {address: addressOf(place(main().chosen))});
        if (what === "chosen") {
            moved(place(main().chosen));
        } else if (what === "closed") {
            ended();
        }
    };

    const closeAll = () => {
        both?.close();
        both = null;
        for (const pane of panes) {
            pane.close();
        }
    };

    const open = (numbers, line) => {
        closeAll();
        shown = numbers;
        places.replaceChildren();
        places.classList.toggle("is-double", numbers.length > 1);
        panes = [];
        numbers.forEach((number, n) => {
            const attempt = attempts.find((each) => each.number === number);
            const box = element("div", {className: "log-pane"});
            places.append(box);
            const isMain = n === numbers.length - 1;
            panes[n] = openPane(box, {
                url: attempt.pieces,
                label: `Log of attempt ${number}`,
                href: (i) =>
                    addressOf({...place(i), attempt: number === latest().number ? null : number}),
                options,
                line: isMain ? line : null,
                changed(what) {
                    both?.more();
                    if (isMain) {
                        draw(what);
                    }
                },
            });
            panes[n].search(wanted);
        });
        if (panes.length > 1) {
            both = createBoth(panes, {changed: draw});
        }
        draw();
    };

    const viewer = {
        element: root,
        get shown() {
            return shown;
        },
        show({attempt = null, line = null}) {
            const number = attempt ?? latest().number;
            const isKnown = attempts.some((each) => each.number === number);
            open([isKnown ? number : latest().number], line === null ? null : line - 1);
        },
        compare() {
            const isOlder = shown.length === 1 && shown[0] !== latest().number;
            open([isOlder ? shown[0] : attempts[1].number, latest().number], null);
        },
        update(fresh) {
            const wasLatest = shown.length === 1 && shown[0] === latest().number;
            attempts = fresh;
            if (wasLatest && shown[0] !== latest().number) {
                open([latest().number], null);
            }
            draw();
        },
        redraw() {
            for (const pane of panes) {
                pane.rows.draw();
            }
        },
        search: (what) => bar.fill(what),
        key: (event) => keyed(event, {bar, actions, root}),
        close: closeAll,
    };
    root.addEventListener("keydown", (event) => {
        if (!event.defaultPrevented && viewer.key(event)) {
            event.preventDefault();
            event.stopPropagation();
        }
    });
    return viewer;
};

const copyLines = async (pane) => {
    const {lines, isComplete} = pane.source;
    const text = [];
    for (let i = lines.first; i < lines.total; i += 1) {
        text.push(lines.get(i).plain);
    }
    await navigator.clipboard.writeText(`${text.join("\n")}\n`);
    return isComplete ? `Copied ${text.length} lines` : `Copied the last ${text.length} lines`;
};
