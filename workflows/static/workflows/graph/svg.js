/* Elements of SVG, and the paths of edges. */

const NAMESPACE = "http://www.w3.org/2000/svg";
const ARROW_HEAD = 5;
const MIN_BEND = 24;

export const svgElement = (name, attributes = {}, ...children) => {
    const made = document.createElementNS(NAMESPACE, name);
    for (const [key, value] of Object.entries(attributes)) {
        made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
};

/* The `d` of an edge, given the points of layout.js: curves between the columns, an open arrow head. */
export const pathOf = (points) => {
    const parts = [`M${points[0]}`];
    for (let i = 0; i + 1 < points.length; i += 2) {
        const [[x, y], [nextX, nextY]] = [points[i], points[i + 1]];
        const bend = Math.max(MIN_BEND, Math.abs(nextX - x) / 2);
        parts.push(`C${x + bend},${y} ${nextX - bend},${nextY} ${nextX},${nextY}`);
        if (points[i + 2]) {
            parts.push(`L${points[i + 2]}`);
        }
    }
    const [x, y] = points.at(-1);
    const back = x - ARROW_HEAD;
    return `${parts.join("")}M${back},${y - ARROW_HEAD}L${x},${y}L${back},${y + ARROW_HEAD}`;
};
