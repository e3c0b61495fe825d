/* Makes elements: element("button", {type: "button", "aria-label": "Close", onclick}, "×") */
export const element = (name, properties = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) {
        if (value === undefined || value === null) {
            continue;
        }
        if (key.includes("-") || ["role", "for", "list", "name"].includes(key)) {
            made.setAttribute(key, value);
        } else {
            made[key] = value;
        }
    }
    made.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return made;
};

/* `onclick` is called when the button is pressed. */
export const button = (text, onclick, properties = {}) =>
    element("button", {
        type: "button",
        className: "button",
        textContent: text,
        onclick,
        ...properties,
    });

let count = 0;
export const freshId = () => {
    count += 1;
    return `element-${count}`;
};
