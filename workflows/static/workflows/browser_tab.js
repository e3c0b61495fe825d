/*
Tells in the tab of the browser how things stand: `showInTab({text: "✗ 12 release", hue: "bad"})`.

The title begins with the text; the icon gets a dot in the hue, where the frame of the page is ours.
*/

const icon = document.querySelector("link[rel=icon][data-bad]");
const plain = icon?.getAttribute("href");
const title = document.title;

export const showInTab = ({text, hue}) => {
    const name = title.split(" | ").at(-1);
    document.title = text ? `${text} | ${name}` : title;
    const href = icon?.dataset[hue] ?? plain; /* static files have names that only the site knows */
    if (icon && icon.getAttribute("href") !== href) {
        icon.setAttribute("href", href);
    }
};
