/*
What the page of the builder consists of: a line with the title, the drawing, the drawer.

    const frame = createFrame(host, acts, {save, notice, menu, run})
    frame.canvas, frame.ground, frame.drawer, frame.stage, frame.find   their elements
    frame.say(text)                             tells people what has happened
    frame.render({…})                           shows what is true now

`acts` is called by the name of a button.
*/

import {button, element} from "../dom.js";
import {svgElement} from "../graph/svg.js";
import {relative} from "../moments.js";

const LOOK_AGAIN_MS = 10_000;
const SHOWN_MS = 8_000;

export const createFrame = (host, acts, {save, notice, menu, run}) => {
    const {icons} = host.dataset;
    const sign = (name) =>
        svgElement(
            "svg",
            {class: "sign", "aria-hidden": "true"},
            svgElement("use", {href: `${icons}#${name}`}),
        );
    const tool = (text, act, icon, more = {}) => {
        const made = button("", act, {className: "button", ...more});
        made.append(...(icon ? [sign(icon)] : []), element("span", {className: "tool-name"}, text));
        return made;
    };

    const title = button("", acts.settings, {
        className: "title",
        title: "Name, description, rules",
    });
    const chip = element("span", {className: "version-chip"});
    const pill = element("span", {className: "draft-pill", hidden: true});
    const trouble = element("span", {className: "trouble", role: "status"});
    const previous = button("↑", () => acts.walk(-1), {
        className: "button square",
        "aria-label": "Previous step that will not work",
    });
    const next = button("↓", () => acts.walk(1), {
        className: "button square",
        "aria-label": "Next step that will not work",
    });
    const walk = element("span", {className: "walk"}, trouble, previous, next);
    const discard = button("Discard…", acts.discard);
    const status = element("p", {className: "builder-status", role: "status"});
    const find = element("input", {
        type: "search",
        name: "find",
        placeholder: "Find a step",
        "aria-label": "Find a step",
        autocomplete: "off",
        spellcheck: false,
    });
    const found = element("span", {className: "find-count", role: "status"});
    const undo = tool("Undo", acts.undo, "undo", {className: "button square"});
    const redo = tool("Redo", acts.redo, "redo", {className: "button square"});
    const copy = tool("Copy", acts.copy, "copy");
    const parameterCount = element("span", {className: "tab-count"});
    const parameters = tool("Parameters", acts.parameters, null);
    parameters.append(parameterCount);
    const scale = button("100 %", acts.actualSize, {
        className: "button scale",
        title: "Show at its own size",
    });
    const about = element("span", {className: "canvas-about"});

    const canvas = element("div", {className: "graph-host builder-canvas"});
    const drawer = element("aside", {className: "builder-drawer", hidden: true});
    const toolbar = element(
        "div",
        {className: "builder-tools", role: "group", "aria-label": "Tools"},
        tool("Add step", acts.add, "added"),
        element("span", {className: "finding"}, sign("find"), find, element("kbd", {}, "/"), found),
        element("span", {className: "joined"}, undo, redo),
        element("span", {className: "joined"}, copy, tool("Paste", acts.paste, null)),
        tool("Arrange", acts.arrange, "arrange", {
            title: "Fits the drawing, and puts the order of dispatch into that of the drawing",
        }),
        parameters,
        tool("As text", acts.text, null),
    );
    const view = element(
        "div",
        {className: "builder-view"},
        element(
            "span",
            {className: "joined"},
            button("−", () => acts.zoom(1 / 1.25), {
                className: "button square",
                "aria-label": "Smaller",
            }),
            scale,
            button("+", () => acts.zoom(1.25), {
                className: "button square",
                "aria-label": "Larger",
            }),
            button("Fit", acts.fit),
            tool("Full screen", acts.fullScreen, "full", {className: "button square"}),
        ),
        about,
    );
    const ground = element("div", {className: "builder-ground"}, canvas, toolbar, view, status);
    const stage = element("div", {className: "builder-stage"}, ground, drawer);
    host.append(
        element(
            "header",
            {className: "builder-head"},
            element("h2", {}, title),
            chip,
            pill,
            element("span", {className: "acts"}, walk, discard, menu, run, save),
        ),
        notice,
        stage,
    );

    let fading = 0;
    let keptAt = null;
    let whyNot = "";
    const showAge = () => {
        const age = keptAt ? `draft, kept here ${relative(keptAt)}` : "draft";
        pill.textContent = keptAt === null ? `draft, not kept: ${whyNot}` : age;
    };
    setInterval(showAge, LOOK_AGAIN_MS);

    /* As high as what is left of the window. */
    const stretch = () => {
        const top = host.getBoundingClientRect().top + scrollY;
        host.style.setProperty("--top", `${top}px`);
    };
    addEventListener("resize", stretch);

    return {
        canvas,
        ground,
        drawer,
        stage,
        find,
        stretch,
        showFound(text) {
            found.textContent = text;
        },
        say(text) {
            status.textContent = text;
            status.classList.toggle("is-empty", !text);
            clearTimeout(fading);
            fading = setTimeout(() => status.classList.add("is-empty"), SHOWN_MS);
        },
        kept(at, why = "") {
            keptAt = at;
            whyNot = why;
            showAge();
        },
        showScale(number) {
            const percent = `${Math.round(number * 100)} %`;
            if (scale.textContent !== percent) {
                scale.textContent = percent;
            }
        },
        render({
            name,
            version,
            isChanged,
            wrong,
            canUndo,
            canRedo,
            isChosen,
            counts,
            parameterCount: count,
        }) {
            title.textContent = name || "New template";
            chip.textContent = `v${version}`;
            chip.hidden = version === null;
            pill.hidden = !isChanged;
            discard.hidden = !isChanged;
            save.textContent = version !== null && isChanged ? `Save as v${version + 1}` : "Save";
            walk.hidden = !wrong;
            trouble.replaceChildren(
                ...(wrong
                    ? [sign("wrong"), `${wrong} step${wrong === 1 ? "" : "s"} will not work`]
                    : []),
            );
            undo.disabled = !canUndo;
            redo.disabled = !canRedo;
            copy.disabled = !isChosen;
            about.textContent = counts;
            parameterCount.textContent = count || "";
        },
    };
};
