/*
A line without what differs in every run: `masked(text)`. These are the rules of the page that compares two runs
(workflows/insight/log_difference.py): times, durations and ids; small numbers count.
*/

const VARYING = new RegExp(
    [
        String.raw`\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?`,
        String.raw`\b\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?\b`,
        String.raw`\b\d+(?:\.\d+)?\s?(?:ms|s|sec|secs|seconds|min|minutes)\b`,
        String.raw`\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`,
        String.raw`\b0x[0-9a-f]+\b`,
        String.raw`\b(?=[a-f]*\d)[0-9a-f]{7,64}\b`,
        String.raw`\b\d{5,}\b`,
        String.raw`(?<=pid=)\d+|(?<=id=)\d+`,
    ].join("|"),
    "gi",
);
const LONGEST_LINE = 400;

export const masked = (text) => text.trimEnd().slice(0, LONGEST_LINE).replace(VARYING, "·");
