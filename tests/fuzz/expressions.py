"""Random expressions: from the grammar, spoiled, and repeated beyond every bound."""

from random import Random
from typing import Any

from workflows.payloads.filters import FILTERS, TESTS

BINARY = [*"+ + - * / // % ~ ~ ** == != < <= > >= in and or".split(), "not in", "is eq", "is in"]
LITERALS = [
    *["0", "1", "-1", "2.5", "1e308", "1e400", "1e-400", "0x7f", "0b1", "1_000", "9" * 400],
    *["9" * 5_000, "0x" + "f" * 3_000, "true", "false", "none", "''", "'a'", "'a,b'", '"é🎉"'],
    *["'\\ud800'", "'\\x00'", "'\\n'", "'%s'", "'{0.__class__}'", "'{{ x }}'", "'__class__'"],
    *["'1e400'", "'nan'", "'" + "5" * 5_000 + "'", "'" + "ab " * 300 + "'", "'params'"],
]
NAMES = ["params", "tasks", "self", "range", "loop", "cycler", "x", "namespace", "caller", "true1"]
KEYS = ["a", "b", "text", "long", "list", "numbers", "mixed", "deep", "object", "nothing", "flag"]
KEYS += KEYS * 3
KEYS += ["big", "float", "missing", "__class__", "items", "0", "result", "exit_code", "words"]
OPTIONS = ["separator", "reverse", "case_sensitive", "attribute", "default", "base", "boolean"]
OPTIONS += ["digits", "precision", "method", "chars", "default_value", "indent", "value", "self"]
COMPARING = "divisibleby eq equalto ge greaterthan gt in le lessthan lt ne".split()
OTHER_FILTERS = ["map", "batch", "attr", "format", "center", "replace", "safe", "dictsort", "xx"]
REPEATED = [
    ("not ", ""),
    ("-", ""),
    ("(", ")"),
    ("[", "]"),
    ("{1: ", "}"),
    ("[params.list, ", "]"),
    ("1 if 1 else ", ""),
    ("params.list | join(", ")"),
    ("params[", "]"),
    ("", ".x"),
    ("", " | abs"),
    ("", " | tojson"),
    ("", " | string | list"),
    ("", "[0]"),
    ("", "[1:]"),
    ("", " ~ params.long"),
    ("", " + params.long"),
    ("", " + params.numbers"),
    ("", " * 9"),
    ("", " is eq 1"),
    ("", " if 1"),
    ("", " == params.deep"),
    ("", " or none"),
    ("", "}} {{ params.a"),
    ("'a' ", ""),
    ("{{ ", " }}"),
]
PIECES = ["{{", "}}", "{%", "%}", "{#", "(", ")", "[", "]", "{", "}", "'", '"', "|", ".", ",", ":"]
PIECES += ["\\", "is", "not", "if", "else", "~", "\n", "\u2028", "😀", "=", "==", "*", "**", "\t"]


class Expressions:
    """Makes expressions; the same ones again for the same random numbers."""

    def __init__(self, random: Random) -> None:
        """Take the random numbers from here."""
        self._random = random
        self._pick = random.choice

    def payload(self) -> dict[str, Any]:
        """Return the payload of a task, with an expression or a few."""
        texts = [self.text() for _ in range(self._pick([1, 1, 1, 2, 5]))]
        return self._pick(
            [
                {"kwargs": {"x": texts[0], "more": texts[1:]}},
                {"command": ["echo", *texts]},
                {"env": {"A": texts[0]}, "deep": [[{"k": texts}]]},
            ]
        )

    def text(self) -> str:
        """Return a text of a payload."""
        kind = self._random.random()
        if kind < 0.8:
            return self._in_text(self.expression(self._pick([1, 1, 2, 2, 3, 4])))
        if kind < 0.9:
            return self._spoiled(self._in_text(self.expression(2)))
        return self._in_text(self._repeated())

    def expression(self, depth: int) -> str:
        """Return an expression of the grammar, or nearly."""
        if depth == 0:
            return self._atom()
        parts = [self.expression(depth - 1) for _ in range(3)]
        makers = [self._filtered, self._binary, self._looked_up, self._tested, self._literal]
        makers += [self._filtered, self._filtered, self._binary, self._other]
        return self._pick(makers)(*parts)

    def _atom(self) -> str:
        lookup = f"{self._pick(['params', 'params', 'tasks.first.result'])}.{self._pick(KEYS)}"
        literal = self._pick(LITERALS if self._random.random() < 0.2 else LITERALS[:3])
        name = self._pick(NAMES if self._random.random() < 0.2 else NAMES[:2])
        return self._pick([lookup] * 6 + [literal] * 3 + [name])

    def _filtered(self, value: str, first: str, second: str) -> str:
        name = self._pick([*FILTERS] * 5 + OTHER_FILTERS)
        option = self._pick(OPTIONS)
        known = [*[""] * 15, f"({first})", f"({first}, {second})", f"({option}={first})"]
        known += [f"({option}={first}, {option}={second})", f"(*{first})", f"(**{first})"]
        arguments = self._pick(known)
        return f"{value} | {name}{arguments}"

    def _binary(self, left: str, right: str, _: str) -> str:
        return f"{left} {self._pick(BINARY)} {right}"

    def _looked_up(self, value: str, first: str, second: str) -> str:
        key = self._pick(KEYS)
        parts = [f".{key}", f"['{key}']", f"[{first}]", f"[{first}:{second}]", f"[::{first}]"]
        return f"({value}){self._pick(parts)}"

    def _tested(self, value: str, first: str, _: str) -> str:
        alone = self._random.random() < 0.5
        known = [name for name in TESTS if name.isalpha() and (name in COMPARING) != alone]
        name = self._pick([*known * 5, "callable", "filter"])
        return f"{value} is {self._pick(['', 'not '])}{name}{'' if alone else f'({first})'}"

    def _literal(self, first: str, second: str, third: str) -> str:
        return self._pick(
            [f"[{first}, {second}, {third}]", f"({first}, {second})", f"{{{first}: {second}}}"]
        )

    def _other(self, first: str, second: str, third: str) -> str:
        known = [f"({first})", f"not {first}", f"-{first}", f"{first} if {second} else {third}"]
        known += [f"{first}({second})", f"{first} < {second} < {third}", f"{first} if {second}"]
        return self._pick(known)

    def _repeated(self) -> str:
        before, after = self._pick(REPEATED)
        times = self._pick([2, 2, 20, 20, 59, 61, 190, 250, 2_000])
        return f"{before * times}{self._pick(['1', 'params.a', 'params.long', ''])}{after * times}"

    def _in_text(self, expression: str) -> str:
        frames = ["{{{{ {} }}}}", "{{{{ {} }}}}", "x={{{{ {} }}}}", "{{{{- {} -}}}} {{{{ 1 }}}}"]
        return self._pick(frames).format(expression)

    def _spoiled(self, text: str) -> str:
        for _ in range(self._pick([1, 1, 3])):
            at = self._random.randrange(len(text) + 1)
            piece = self._pick(["", self._pick(PIECES)])
            text = text[:at] + piece + text[at + self._pick([0, 1, 3]) :]
        return text
