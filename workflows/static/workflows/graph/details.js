/*
What stands in the box of a vertex: icon, title, note, and a bar against the usual.

    const draw = createDetails(svg, icons)
    draw(vertex, size) → {element, title, note}     the texts as far as they fit into the box
*/

import {fitted} from "./fitting.js";
import {svgElement} from "./svg.js";

const TEXT_LEFT = 34;
const TEXT_RIGHT = 8;
const MIN_BAR = 3;

export const createDetails = (svg, icons) => {
    const pen = document.createElement("canvas").getContext("2d");
    const fonts = {};
    const cut = (text, width, font) =>
        fitted(text, width, (each) => {
            fonts[font] ??= `${font} ${getComputedStyle(svg).fontFamily}`;
            pen.font = fonts[font];
            return pen.measureText(each).width;
        });

    return (vertex, size) => {
        const {icon, bar} = vertex;
        const width = size.width - TEXT_LEFT - TEXT_RIGHT;
        const title = cut(vertex.title, width, "600 13px");
        const note = cut(vertex.note ?? "", width, "11.5px");
        const middle = size.height / 2 - (bar ? 5 : 0);
        const line = note ? middle - 3 : middle + 4;
        const element = svgElement(
            "g",
            {class: "detail"},
            svgElement("use", {
                href: `${icons}#${icon}`,
                x: 12,
                y: line - 12,
                width: 15,
                height: 15,
            }),
            svgElement("text", {class: "title", x: TEXT_LEFT, y: line}, title),
            " ",
            svgElement("text", {class: "note", x: TEXT_LEFT, y: middle + 12}, note),
            ...(bar ? barOf(bar, size.height - 8, width) : []),
        );
        return {element, title, note};
    };
};

const barOf = ({length, tick}, y, width) => {
    const at = (share) => Math.max(MIN_BAR, Math.round(share * width));
    const rect = (className, attributes) =>
        svgElement("rect", {class: className, x: TEXT_LEFT, y, height: 3, rx: 1.5, ...attributes});
    const usual = {x: TEXT_LEFT + at(tick ?? 0) - 1, y: y - 2, width: 1.5, height: 7, rx: 0};
    return [
        rect("bar-ground", {width}),
        rect("bar-length", {width: at(length)}),
        ...(tick === null ? [] : [rect("bar-tick", usual)]),
    ];
};
