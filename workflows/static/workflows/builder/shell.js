/*
Expressions in the text of a shell script: what people type there could be executed.

    riskyIn(script, schema) → the expressions that put free text into a script
    intoVariables(script, env, schema) → {script, env} with those as environment variables
*/

const EXPRESSIONS = /\{\{-?\s*((?:'[^']*'|"[^"]*"|[^'"])*?)\s*-?\}\}/g;
const HARMLESS = /^(?:run\.(?:id|created_at)|task\.attempt|tasks\.\w+\.exit_code)$/;
const PARAMETER = /^params\.(\w+)$/;
const SAFE_TYPES = ["integer", "number", "boolean"];
const SAFE_FORMATS = ["date", "time", "uuid", "ipv4", "ipv6"];

const isHarmless = (expression, schema) => {
    const [, name] = expression.match(PARAMETER) ?? [];
    const definition = (name && schema?.properties?.[name]) || {};
    return (
        HARMLESS.test(expression) ||
        SAFE_TYPES.includes(definition.type) ||
        (definition.type === "string" && SAFE_FORMATS.includes(definition.format))
    );
};

export const riskyIn = (script, schema) => [
    ...new Set(
        [...script.matchAll(EXPRESSIONS)]
            .map(([, expression]) => expression)
            .filter((expression) => !isHarmless(expression, schema)),
    ),
];

export const intoVariables = (script, env, schema) => {
    const risky = riskyIn(script, schema);
    const variables = {...env};
    const nameOf = new Map();
    for (const expression of risky) {
        const text = `{{ ${expression} }}`;
        const known = Object.keys(variables).find((name) => variables[name] === text);
        const name = known ?? freeName(variables, expression);
        variables[name] = text;
        nameOf.set(expression, name);
    }
    const changed = script.replaceAll(EXPRESSIONS, (whole, expression, at) => {
        const name = nameOf.get(expression);
        return name ? quotedFor(`\${${name}}`, quoteAt(script, at)) : whole;
    });
    return {script: changed, env: variables};
};

const freeName = (variables, expression) => {
    const words = expression.match(/[A-Za-z]\w*/g) ?? ["value"];
    const name = (words.filter((word) => word !== "result").at(-1) ?? "value").toUpperCase();
    let free = name;
    for (let n = 2; free in variables; n += 1) {
        free = `${name}_${n}`;
    }
    return free;
};

const quotedFor = (variable, quote) =>
    ({"'": `'"${variable}"'`, '"': variable})[quote] ?? `"${variable}"`;

/* The quote that a place of a script stands in; quotes within expressions and comments are none. */
const quoteAt = (script, end) => {
    let quote = null;
    const before = script
        .slice(0, end)
        .replaceAll(EXPRESSIONS, (whole) => "x".repeat(whole.length));
    for (let at = 0; at < before.length; at += 1) {
        const sign = before[at];
        if (sign === "\\" && quote !== "'") {
            at += 1;
        } else if (sign === quote) {
            quote = null;
        } else if (quote === null && (sign === "'" || sign === '"')) {
            quote = sign;
        } else if (quote === null && sign === "#" && /^$|\s/.test(before[at - 1] ?? "")) {
            at = before.indexOf("\n", at) < 0 ? before.length : before.indexOf("\n", at);
        }
    }
    return quote;
};
