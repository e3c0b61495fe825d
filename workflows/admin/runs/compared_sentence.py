"""The sentence that says how one run differs from another."""

from collections.abc import Iterable, Iterator

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from workflows.insight.comparison import BETTER, WORSE, ComparedStep, Comparison
from workflows.insight.phrases import MOST_NAMED, duration_text

VERBS = {WORSE: ("fails", "fail", "A did not"), BETTER: ("succeeds", "succeed", "A failed")}
LARGE_PART = 0.2
"""The step that explains most of the difference is named if it explains so much of it."""
NOTICED_S = 1.0
"""Seconds by which runs differ at least, or they took the same time."""


def compared_sentence(found: Comparison) -> SafeString:
    """Return what differs in what was given to B, and then in how it went."""
    outcome = _joined("; ", (*_other_ends(found), *_other_length(found)))
    return format_html("{} {}{}", _inputs(found), outcome, "." if outcome else "")


def _inputs(found: Comparison) -> SafeString:
    change = found.template_change
    parameters = sum(row.differs for row in found.parameters)
    parts = [_counted(parameters, "parameter")] if parameters else []
    if change and (steps := len(change.changed_steps)):
        parts.append(format_html("{} of the template", _counted(steps, "step")))
    if parts:
        return format_html("B differs in {}.", _joined(" and ", parts))
    if found.a.template_name != found.b.template_name:
        return SafeString("These are runs of different templates.")
    if found.a.template_version != found.b.template_version:
        return SafeString("The versions differ, the parameters do not.")
    return SafeString("Both have the same parameters and the same version.")


def _counted(number: int, what: str) -> SafeString:
    return format_html("<strong>{} {}{}</strong>", number, what, "" if number == 1 else "s")


def _other_ends(found: Comparison) -> Iterator[SafeString]:
    for change, (verb, verbs, otherwise) in VERBS.items():
        if steps := found.having(change):
            said = verb if len(steps) == 1 else verbs
            yield format_html("{} {} where {}", _named(steps), said, otherwise)


def _named(steps: list[ComparedStep]) -> SafeString:
    strong = [format_html("<strong>{}</strong>", step.step_id) for step in steps[:MOST_NAMED]]
    more = len(steps) - MOST_NAMED
    return (
        format_html("{} and {} more", _joined(", ", strong), more)
        if more > 0
        else _joined(", ", strong)
    )


def _other_length(found: Comparison) -> Iterator[SafeString]:
    longer = found.seconds
    if longer is None:
        return
    if abs(longer) < NOTICED_S:
        yield SafeString("both took the same time")
        return
    direction = 1 if longer > 0 else -1
    most = max(found.steps, key=lambda step: direction * (step.seconds or 0.0), default=None)
    seconds = direction * (most.seconds or 0.0) if most else 0.0
    of_it = ""
    if most and seconds >= LARGE_PART * abs(longer):
        of_it = format_html(", {} of it in {}", duration_text(seconds), most.step_id)
    word, told = "longer" if longer > 0 else "less", duration_text(abs(longer))
    yield format_html("the run took <strong>{}</strong> {}{}", told, word, of_it)


def _joined(between: str, parts: Iterable[SafeString]) -> SafeString:
    return format_html_join(between, "{}", ((part,) for part in parts))
