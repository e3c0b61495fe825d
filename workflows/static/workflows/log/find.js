/*
Finds a text or a pattern in the lines of a log, a few milliseconds at a time.

    const finder = createFinder(lines, {changed, refused})
    finder.search({text, isPattern, hasCase})   begins anew; nothing is found for an empty text
    finder.more()               lines have come: they are searched, too
    finder.hits                 [{line, start, end}] in their order; `line` counts from 0
    finder.of(line)             the hits in a line
    finder.from                 everything that is known from this line on has been searched
    finder.isBusy               not everything that is known has been searched

`changed()` is called when there is more to show, `refused(text)` if the pattern is none, and with "" if it is one.
*/

const SLICE_MS = 12;
const LINES_BETWEEN = 200; /* looks at the clock after so many lines */
const MOST_HITS = 100_000;

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

export const createFinder = (lines, {changed, refused}) => {
    let wanted = null;
    let hits = [];
    let byLine = new Map();
    let low = 0; /* searched are the lines low … high - 1 */
    let high = 0;
    let timer = null;

    const hitsIn = (i) => {
        const text = lines.get(i)?.plain ?? "";
        const found = [];
        for (const match of text.matchAll(wanted)) {
            if (match[0]) {
                found.push({line: i, start: match.index, end: match.index + match[0].length});
            }
        }
        if (found.length) {
            byLine.set(i, found);
        } else {
            byLine.delete(i);
        }
        return found;
    };

    /* The last line may have grown since, and the first known one has got its beginning. */
    const isDone = () => low <= lines.first && high >= lines.total;

    const searchFor = (milliseconds) => {
        const until = performance.now() + milliseconds;
        const [later, earlier] = [[], []];
        for (let n = 1; high < lines.total; n += 1) {
            later.push(...hitsIn(high));
            high += 1;
            if (n % LINES_BETWEEN === 0 && performance.now() > until) {
                break;
            }
        }
        for (let n = 1; high >= lines.total && low > lines.first; n += 1) {
            low -= 1;
            earlier.push(hitsIn(low));
            if (n % LINES_BETWEEN === 0 && performance.now() > until) {
                break;
            }
        }
        if (later.length || earlier.length) {
            hits = earlier.reverse().flat().concat(hits, later).slice(-MOST_HITS);
        }
    };

    const run = () => {
        clearTimeout(timer);
        if (!wanted) {
            return;
        }
        searchFor(SLICE_MS);
        changed();
        if (!isDone()) {
            timer = setTimeout(run, 0);
        }
    };

    /* Forgets what was found in lines that may have changed since. */
    const forgetFrom = (line) => {
        hits = hits.filter((hit) => hit.line < line);
    };

    return {
        get hits() {
            return hits;
        },
        get isBusy() {
            return Boolean(wanted) && !isDone();
        },
        get from() {
            return low;
        },
        of: (line) => byLine.get(line) ?? [],
        search({text, isPattern, hasCase}) {
            clearTimeout(timer);
            [wanted, hits, byLine] = [null, [], new Map()];
            [low, high] = [lines.total, lines.total];
            refused("");
            try {
                const source = isPattern ? text : escaped(text);
                wanted = text ? new RegExp(source, hasCase ? "gu" : "giu") : null;
            } catch (error) {
                refused(error.message);
            }
            changed();
            run();
        },
        more() {
            if (!wanted) {
                return;
            }
            if (high > low) {
                high -= 1;
                forgetFrom(high);
            }
            if (low > lines.first && low < high) {
                hits = hits.filter((hit) => hit.line !== low);
                low += 1;
            }
            run();
        },
    };
};
