/* How somebody likes to read logs, kept in their browser. */

const KEY = "workflows.log";
const DEFAULTS = {times: true, wrap: false, colours: true};

export const preferences = () => {
    try {
        return {...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY))};
    } catch {
        return {...DEFAULTS};
    }
};

export const remember = (options) => {
    try {
        localStorage.setItem(KEY, JSON.stringify(options));
    } catch {
        /* a browser that keeps nothing */
    }
};
