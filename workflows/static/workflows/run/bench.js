/*
The bench: tabs on the left, the panel of a task on the right, down to the lower edge of the window.

    const bench = createBench(sections, aside)
    bench.element      to be put into the page; its height follows the window
*/

import {element} from "../dom.js";

const MIN_HEIGHT = 360;
const BELOW = 12;

export const createBench = (sections, aside) => {
    const stage = element("div", {className: "stage"}, ...sections);
    const bench = element("div", {className: "bench"}, stage, aside);
    const fit = () => {
        const top = bench.getBoundingClientRect().top + scrollY;
        const height = Math.max(MIN_HEIGHT, Math.floor(innerHeight - top - BELOW));
        bench.style.setProperty("--bench-height", `${height}px`);
    };
    addEventListener("resize", fit);
    /* The sentence above may have become longer. */
    const above = new ResizeObserver(fit);
    above.observe(document.getElementById("run"));
    return {element: bench, fit};
};
