"""What a failed task leaves of its run."""

FAILURES = {
    "failure does not stop live branches": """
        graph a > b, c > d
        all -> a c
        failed a
        success c
        next -> d
        run -> running
        success d
        run -> failed
        deadlock -> a blocks 1""",
    "success of one arm is not enough": """
        graph a > c, b > c
        all -> a b
        success a
        failed b
        next -> dependencies not satisfied
        causes c -> b
        explain c ~> `b` failed
        run -> failed""",
    "a failed leaf leaves no deadlock": """
        graph a
        next -> a
        failed a
        run -> failed
        deadlock -> none""",
    "no deadlock while something is active": """
        graph a > b, c
        all -> a c
        failed a
        deadlock -> none
        running c
        deadlock -> none
        success c
        deadlock -> a blocks 1""",
    "no deadlock while something is ready": """
        graph a > b, c
        next -> a
        failed a
        deadlock -> none
        run -> running
        next -> c""",
    "a hold is no deadlock": """
        graph a > b
        hold a
        next -> dependencies not satisfied
        deadlock -> none
        causes b -> a
        run -> created""",
    "a run waits for a person beside a failed branch": """
        graph a > b > c > d, a > e > f
        hold e
        next -> a
        success a
        next -> b
        failed b
        run -> running
        deadlock -> b blocks 2
        release e
        deadlock -> none
        next -> e
        success e
        next -> f
        success f
        run -> failed
        deadlock -> b blocks 2""",
    "root causes are not the direct parents": """
        graph a > b > c > d > e
        next -> a
        failed a
        causes e -> a
        explain e ~> Cannot start: `a` failed
        deadlock -> a blocks 4""",
    "every root cause is named": """
        graph a > c, b > c, c > d
        all -> a b
        failed a
        failed b
        causes d -> a b
        deadlock -> a b blocks 2""",
    "a canceled runner task is a failure of the run": """
        graph a > b
        next -> a
        canceled a
        run -> failed
        deadlock -> a blocks 1
        explain b ~> `a` was canceled""",
    "a run tells its tale in order": """
        graph a > b
        next -> a
        running a
        failed a
        trail -> workflow_run.running, task.dispatched a, task.running a, task.failed a, workflow_run.failed, workflow_run.deadlocked""",  # noqa: E501 (a trail)
    "a good run tells its tale in order": """
        graph a > b
        next -> a
        running a
        success a
        next -> b
        success b
        trail -> workflow_run.running, task.dispatched a, task.running a, task.succeeded a, task.dispatched b, task.succeeded b, workflow_run.succeeded""",  # noqa: E501 (a trail)
    "counts follow the tasks": """
        graph a, b, c, d > e
        all -> a b c d
        running a
        success b
        failed c
        counts -> pending=1 dispatched=1 running=1 success=1 failed=1""",
}
