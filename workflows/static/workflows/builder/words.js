/*
A command as one line: its words are parted by spaces, and quoted as in a shell, which is not used.

    splitWords(text) → {words} or {error}
    joinWords(words) → text

An expression, {{ … }}, stays as it is, with the spaces and quotes in it.
*/

const EXPRESSION = /\{\{(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^'"])*?\}\}/y;
export const ALL_EXPRESSIONS = new RegExp(EXPRESSION.source, "g");
const NEEDS_QUOTES = /[\s'"\\]|\{\{/;

const expressionAt = (text, at) => {
    EXPRESSION.lastIndex = at;
    return EXPRESSION.exec(text)?.[0];
};

export const splitWords = (text) => {
    const words = [];
    let word = null;
    let quote = null;
    for (let at = 0; at < text.length; at += 1) {
        const sign = text[at];
        const expression = sign === "{" && expressionAt(text, at);
        if (expression) {
            word = (word ?? "") + expression;
            at += expression.length - 1;
        } else if (quote === sign) {
            quote = null;
        } else if (quote === null && (sign === "'" || sign === '"')) {
            quote = sign;
            word ??= "";
        } else if (sign === "\\" && isEscape(quote, text[at + 1])) {
            at += 1;
            word = (word ?? "") + text[at];
        } else if (quote === null && /\s/.test(sign)) {
            if (word !== null) {
                words.push(word);
            }
            word = null;
        } else {
            word = (word ?? "") + sign;
        }
    }
    if (quote) {
        return {error: `The quote ${quote} is not closed.`};
    }
    return {words: word === null ? words : [...words, word]};
};

/* Outside quotes, a backslash keeps any sign; in double quotes, a quote or a backslash. */
const isEscape = (quote, next) =>
    next !== undefined && (quote === null || (quote === '"' && ['"', "\\"].includes(next)));

export const joinWords = (words) => words.map(quoted).join(" ");

const quoted = (word) => {
    const outside = word.replaceAll(ALL_EXPRESSIONS, "");
    if (word && !NEEDS_QUOTES.test(outside)) {
        return word;
    }
    let text = "";
    let at = 0;
    for (const {0: expression, index} of word.matchAll(ALL_EXPRESSIONS)) {
        text += escaped(word.slice(at, index)) + expression;
        at = index + expression.length;
    }
    return `'${text}${escaped(word.slice(at))}'`;
};

/* Within single quotes; braces that begin no expression are kept apart. */
const escaped = (text) => text.replaceAll("'", "'\\''").replaceAll("{{", "{''{");
