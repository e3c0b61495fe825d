/*
JSON whose numbers stay as they were written: 1.0 is not 1, and 12345678901234567 has all its digits.
In a browser that does not know JSON.rawJSON, numbers are what JavaScript makes of them.
*/

const exact = (_, value, context) =>
    typeof value === "number" && context?.source && String(value) !== context.source && JSON.rawJSON
        ? JSON.rawJSON(context.source)
        : value;

/* Throws a SyntaxError that names the position of the mistake. */
export const parse = (text) => JSON.parse(text, exact);

export const isObject = (value) =>
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !JSON.isRawJSON?.(value);

export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/* Returns {value} of a text that is a JSON object, or {error}. An empty text is an empty object. */
export const parseObject = (text) => {
    if (!text.trim()) {
        return {value: {}};
    }
    try {
        const value = parse(text);
        return isObject(value)
            ? {value}
            : {error: 'This must be an object, such as {"key": "value"}.'};
    } catch (error) {
        return {error: `Not valid JSON: ${where(error.message, text)}.`};
    }
};

const where = (message, text) => {
    const [, position] = message.match(/position (\d+)/) ?? [];
    if (position === undefined || /line \d+/.test(message)) {
        return message;
    }
    const before = text.slice(0, Number(position)).split("\n");
    return `${message} (line ${before.length}, column ${before.at(-1).length + 1})`;
};
