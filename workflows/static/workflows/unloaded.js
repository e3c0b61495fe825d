/*
What could not be loaded says so in its place, and is tried again: by a button, and when the site is back.

    showUnloaded(place, "The graph", again)     again(): draws the place, or calls this once more
*/

import {button, element} from "./dom.js";

export const showUnloaded = (place, what, again) => {
    const told = element(
        "div",
        {className: "unloaded", role: "alert"},
        element("span", {className: "icon icon-deadlocked", "aria-hidden": "true"}),
        element("p", {}, `${what} could not be loaded.`),
        button("Try again", again),
    );
    place.replaceChildren(told);
    const whenBack = ({detail}) => {
        if (!told.isConnected || detail === "live") {
            document.removeEventListener("workflows:connection", whenBack);
        }
        if (told.isConnected && detail === "live") {
            again();
        }
    };
    document.addEventListener("workflows:connection", whenBack);
};
