/*
The tools above a log: search, errors, switches, and what to take away.

    const bar = createBar({actions, isFull})
    bar.draw(pane, {attempt, address, options, both})   `both` if two logs stand side by side, see both.js
    bar.fill({text, isPattern, hasCase})    searches for something else
    bar.input                               where the text is typed
*/

import {element} from "../dom.js";
import {icon, label, press, toggle, tool} from "./tools.js";
import {createWalk} from "./walk.js";

export const createBar = ({actions, isFull}) => {
    const wanted = {text: "", isPattern: false, hasCase: false};
    const input = element("input", {
        type: "search",
        className: "log-search",
        placeholder: "Search",
        "aria-label": "Search in this log",
        autocomplete: "off",
        spellcheck: false,
        oninput: () => fill({text: input.value}),
    });
    const matchCase = toggle("Aa", () => fill({hasCase: !wanted.hasCase}), {
        title: "Upper and lower case differ",
        label: "Match case",
    });
    const pattern = toggle(".*", () => fill({isPattern: !wanted.isPattern}), {
        title: "Regular expression",
        label: "Regular expression",
    });
    const count = element("span", {className: "log-count", role: "status"});
    const previous = tool("up", "Previous match (N)", () => actions.step(-1));
    const next = tool("down", "Next match (n)", () => actions.step(1));
    const find = element(
        "div",
        {className: "log-find", role: "search"},
        icon("search"),
        input,
        matchCase,
        pattern,
        count,
        previous,
        next,
    );

    const firstError = element(
        "button",
        {
            type: "button",
            className: "log-tool",
            title: "First error (e)",
            onclick: () => actions.level("error"),
        },
        icon("failed"),
        label("First error"),
    );
    const level = (name, iconName) =>
        element(
            "button",
            {
                type: "button",
                className: `log-tool is-pill is-${name}`,
                onclick: () => actions.level(name),
            },
            icon(iconName),
            element("span"),
            label(""),
        );
    const errors = level("error", "failed");
    const warnings = level("warning", "warn");
    const walk = createWalk(actions);

    const times = toggle("Times", () => actions.toggle("times"), {
        title: "When each line was printed (t)",
    });
    const wrap = toggle("Wrap", () => actions.toggle("wrap"), {title: "Break long lines (w)"});
    const colours = toggle("Colours", () => actions.toggle("colours"));
    const follow = toggle("Follow", () => actions.follow(), {title: "Stay at the end"});
    const switches = element(
        "div",
        {className: "log-switches", role: "group", "aria-label": "View"},
        times,
        wrap,
        isFull ? colours : null,
        follow,
    );

    const told = element("span", {className: "visually-hidden", role: "status"});
    const copied = async (each, action) => {
        told.textContent = await action().catch(() => "The browser does not let this page copy.");
        each.title = told.textContent;
        each.classList.add("is-done");
        setTimeout(() => each.classList.remove("is-done"), 2000);
    };
    const link = element(
        "button",
        {type: "button", className: "log-tool", hidden: true},
        icon("link"),
        label(""),
    );
    link.onclick = () =>
        copied(link, async () => {
            await navigator.clipboard.writeText(new URL(link.dataset.address, location.href).href);
            return "The link is copied.";
        });
    const copy = tool("copy", "Copy the log", () => copied(copy, actions.copy));
    const download = element(
        "a",
        {
            className: "log-tool is-icon",
            title: "Download the log",
            "aria-label": "Download the log",
        },
        icon("download"),
    );
    if (isFull) {
        copy.append(label("Copy"));
        download.append(label(""));
        download.removeAttribute("aria-label");
        copy.classList.remove("is-icon");
        download.classList.remove("is-icon");
    }

    function fill(what) {
        Object.assign(wanted, what);
        if (input.value !== wanted.text) {
            input.value = wanted.text;
        }
        press(matchCase, wanted.hasCase);
        press(pattern, wanted.isPattern);
        actions.search(wanted);
    }

    const placeIn = ({finder, place, source}) => {
        const {hits, isBusy} = finder;
        if (!hits.length) {
            return isBusy ? "…" : "none";
        }
        const more = isBusy || !source.isComplete ? "+" : "";
        return `${place.toLocaleString("en")} of ${hits.length.toLocaleString("en")}${more}`;
    };

    const drawFound = (pane) => {
        const text = wanted.text ? pane.refusal || placeIn(pane) : "";
        if (count.textContent !== text) {
            count.textContent = text;
        }
        count.classList.toggle("is-wrong", Boolean(pane.refusal));
        previous.disabled = next.disabled = !pane.finder.hits.length;
    };

    const drawLevel = (each, number, word) => {
        each.hidden = !isFull || !number;
        const words = `${word}${number === 1 ? "" : "s"}`;
        const [, amount, meaning] = each.children;
        [amount.textContent, meaning.textContent] = [number.toLocaleString("en"), ` ${words}`];
        each.title = amount.textContent + meaning.textContent;
    };

    press(matchCase, false);
    press(pattern, false);
    return {
        input,
        fill,
        element: element(
            "div",
            {className: "log-bar"},
            find,
            firstError,
            errors,
            warnings,
            walk.element,
            element("span", {className: "log-gap"}),
            switches,
            link,
            copy,
            download,
            told,
        ),
        draw(pane, {attempt, address, options, both}) {
            const {counts} = pane.source.lines;
            drawFound(pane);
            walk.draw(both);
            firstError.disabled = !counts.error;
            drawLevel(errors, counts.error, "error");
            drawLevel(warnings, counts.warning, "warning");
            press(times, options.times);
            press(wrap, options.wrap);
            press(colours, options.colours);
            press(follow, pane.isFollowing);
            follow.hidden = !pane.source.isOpen;
            link.hidden = !isFull || pane.chosen === null;
            link.dataset.address = address;
            link.lastChild.textContent = `Link to line ${pane.chosen + 1}`;
            link.setAttribute("aria-label", link.lastChild.textContent);
            download.href = `${attempt.text}?download`;
            if (isFull) {
                download.lastChild.textContent = `Download ${sizeText(pane.source.size)}`;
            }
        },
    };
};

/* "11 KB", as files are told. */
export const sizeText = (characters) => {
    if (characters < 1000) {
        return `${characters} B`;
    }
    const [amount, unit] = characters < 1e6 ? [characters / 1e3, "KB"] : [characters / 1e6, "MB"];
    return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${unit}`;
};
