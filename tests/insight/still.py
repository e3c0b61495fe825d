"""Every state in which a run stands still: how to make one, and the sentence on it."""

from tests.insight.standing_runs import (
    NOON,
    Make,
    aborted,
    aborted_and_open,
    aside,
    asked_to_end,
    canceled,
    canceled_and_waiting,
    drawn,
    enabled_again,
    failed_and_canceled,
    full,
    full_alone,
    held,
    late,
    overdue,
    paused,
    paused_and_blocked,
    silent,
    unserved,
    waiting,
    with_runner,
)

RETRY = "Retry or mark success."

STILL: dict[str, tuple[Make, str]] = {
    "created": (
        lambda runs: runs("a"),
        "Nothing has been dispatched yet. Dispatch the ready tasks to begin.",
    ),
    "created, begins alone": (
        lambda runs: runs("a", auto_dispatch=True),
        (
            "Nothing has been dispatched yet: the run begins by itself. If it does not within a "
            "minute, dispatch the ready tasks, and see that manage.py local_runner or manage.py "
            "tick is running."
        ),
    ),
    "created long ago": (
        late,
        "Nothing has been dispatched yet. Dispatch the ready tasks to begin.",
    ),
    "created, waiting": (
        waiting("a", "a"),
        (
            "Nothing has been dispatched yet; `a` waits for approval since 2026-01-31 12:05 UTC. "
            "Approve or reject it."
        ),
    ),
    "nobody dispatches": (
        drawn("a > b"),
        ("`b` is ready, and the run does not go on by itself. Dispatch the ready tasks."),
    ),
    "approval": (
        waiting("a > b", "b"),
        "`b` waits for approval since 2026-01-31 12:05 UTC. Approve or reject it.",
    ),
    "hold": (
        held,
        (
            "Nothing has been dispatched yet; "
            "`a` is on hold until 2026-01-31 12:05 UTC (disk is full). Release it."
        ),
    ),
    "takes nothing": (
        with_runner(unavailable_since=NOON),
        (
            "`b` is ready, but runner refused: local has taken nothing since 2026-01-31 12:05 UTC. "
            "See to the runner, then dispatch again."
        ),
    ),
    "disabled": (
        with_runner(is_enabled=False),
        "`b` is ready, but runner refused: local is disabled. Enable the runner.",
    ),
    "runner was enabled": (
        enabled_again,
        (
            "`b` is ready, and the run goes on by itself. If it does not within a minute, dispatch "
            "the ready tasks, and see that manage.py local_runner or manage.py tick is running."
        ),
    ),
    "no default runner": (
        with_runner(is_default=False),
        (
            "`b` is ready, but runner refused: there is no default runner. "
            "Make a runner the default one."
        ),
    ),
    "full": (
        full,
        (
            "`b` is ready, but runner is full: local has 1 at a time. "
            "Dispatch again once one has ended."
        ),
    ),
    "full, with auto-dispatch": (
        full_alone,
        (
            "`b` is ready, but runner is full: local has 1 at a time. "
            "It is dispatched by itself once one has ended."
        ),
    ),
    "nobody serves": (
        unserved,
        (
            "`a` waits since 2026-01-31 12:05 UTC for local, "
            "which no process serves. Is manage.py local_runner running?"
        ),
    ),
    "silent": (
        silent,
        (
            "local is silent: it has not started `a` since "
            "2026-01-31 12:05 UTC. Is manage.py local_runner running?"
        ),
    ),
    "overdue": (
        overdue,
        (
            "local has not reported on `a` in time by 2026-01-31 12:05 "
            "UTC. Is manage.py local_runner running?"
        ),
    ),
    "asked to end": (
        asked_to_end,
        (
            "local was asked at 2026-01-31 12:05 UTC to end `a`, and has "
            "not said so. Is manage.py local_runner running?"
        ),
    ),
    "aborted, and a task is open": (
        aborted_and_open,
        (
            "Aborted by ada at 2026-01-31 12:05 UTC (wrong day); `a` is running on local. "
            "Nothing will be dispatched any more."
        ),
    ),
    "paused": (
        paused,
        (
            "Paused by ada since 2026-01-31 12:05 UTC (release day). "
            "Nothing is dispatched until it is resumed."
        ),
    ),
    "paused and blocked": (
        paused_and_blocked,
        (
            "Paused by ada since 2026-01-31 12:05 UTC (release day); `c` is running on local; "
            "`a` failed (exit code 3), and 1 task waits for it. "
            "Nothing is dispatched until it is resumed. Retry, mark success, or cancel the rest."
        ),
    ),
    "aborted": (
        aborted,
        (
            "Aborted by ada at 2026-01-31 12:05 UTC (wrong day). "
            "Nothing will be dispatched any more."
        ),
    ),
    "last step failed": (drawn("a", "a"), f"`a` failed (exit code 3). {RETRY}"),
    "several failed": (
        drawn(", ".join("abcdefg"), *"abcdefg"),
        (
            "`a` failed (exit code 3), `b` failed (exit code 3), `c` failed (exit code 3) "
            f"and 4 more failed. {RETRY}"
        ),
    ),
    "several canceled": (
        canceled,
        (
            "`a` was canceled (not today), `b` was canceled (not today), `c` was canceled (not "
            f"today) and 2 more were canceled. {RETRY}"
        ),
    ),
    "several failed, and others were canceled": (
        failed_and_canceled,
        (
            "`a` failed (ValueError: no rows), `b` failed (ValueError: no rows), "
            f"`c` failed (ValueError: no rows) and 2 more were canceled. {RETRY}"
        ),
    ),
    "one failed and blocks, others failed": (
        drawn("a > b, " + ", ".join("vwxyz"), "a", *"vwxyz"),
        (
            "`a` failed (exit code 3), and 1 task waits for it; `v` failed (exit code 3) and "
            "`w` failed (exit code 3), blocking nothing; 3 more failed. "
            "Retry, mark success, or cancel the rest."
        ),
    ),
    "failed and blocked": (
        drawn("a > b > c, x", "a"),
        (
            "`a` failed (exit code 3), and 2 tasks wait for it. "
            "Retry, mark success, or cancel the rest."
        ),
    ),
    "failed and blocked, and others failed": (
        drawn("a > b, c, d", "a", "c", "d"),
        (
            "`a` failed (exit code 3), and 1 task waits for it; `c` failed (exit code 3) and "
            "`d` failed (exit code 3), blocking nothing. "
            "Retry, mark success, or cancel the rest."
        ),
    ),
    "failed, and a person decides": (
        waiting("a > b > c, d > e", "d", "a"),
        (
            "`a` failed, and 2 tasks wait for it; "
            "`d` waits for approval since 2026-01-31 12:05 UTC. "
            "Retry, mark success, or cancel the rest. Approve or reject it."
        ),
    ),
    "canceled, and a person decides": (
        canceled_and_waiting,
        (
            "`b` was canceled (not today), and 1 task waits for it; "
            "`d` waits for approval since 2026-01-31 12:05 UTC. "
            "Retry, mark success, or cancel the rest. Approve or reject it."
        ),
    ),
    "set aside": (
        aside,
        (
            "The run is set aside: its rows are damaged. Its rows were changed by hand or damaged: "
            "compare them by manage.py verify_run {run}, or abort the run."
        ),
    ),
    "success": (drawn("a"), "Every task has succeeded."),
}
