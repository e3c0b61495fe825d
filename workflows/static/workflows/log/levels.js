/* Which lines of a log tell of an error or a warning: `levelOf(text)` → "error", "warning" or "". */

const ERROR = new RegExp(
    [
        String.raw`\b(?:ERROR|FATAL|CRITICAL|PANIC|SEVERE|FAILED|FAILURE)\b(?!\s*[:=]?\s*0\b)`,
        String.raw`\bERR!`,
        String.raw`\b(?:error|fatal|panic)(?:\[\w+\])?:`,
        String.raw`\b\w*(?:Error|Exception|Violation)(?::|$)`,
        String.raw`^Traceback \(most recent call last`,
        String.raw`\[(?:error|fatal)\]`,
        String.raw`\blevel"?[=:]\s*"?(?:error|fatal|critical)`,
    ].join("|"),
);
const WARNING =
    /\bWARN(?:ING)?\b|\b[Ww]arning:|\b\w+Warning:|\[warn(?:ing)?\]|\blevel"?[=:]\s*"?warn/;

export const levelOf = (text) => {
    if (ERROR.test(text)) {
        return "error";
    }
    return WARNING.test(text) ? "warning" : "";
};
