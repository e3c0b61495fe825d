/* The buttons above a log: with an icon, or pressed and not. */

import {element} from "../dom.js";

export const icon = (name) =>
    element("span", {className: `icon icon-${name}`, "aria-hidden": "true"});

export const label = (text) => element("span", {className: "log-label"}, text);

export const tool = (name, label, onclick, properties = {}) =>
    element(
        "button",
        {
            type: "button",
            className: `log-tool is-icon ${properties.className ?? ""}`,
            title: label,
            "aria-label": label,
            onclick,
        },
        icon(name),
    );

export const toggle = (text, onclick, {title, label} = {}) =>
    element(
        "button",
        {type: "button", className: "log-switch", onclick, title, "aria-label": label},
        text,
    );

export const press = (each, isPressed) => each.setAttribute("aria-pressed", String(isPressed));
