"""Reports of runners: late, repeated, forged, out of order."""

CALLBACKS = {
    "a lost start is no obstacle": """
        graph a
        next -> a
        success a
        run -> success""",
    "a repeated report changes nothing": """
        graph a > b
        next -> a
        running a
        running a
        success a
        success a
        trail -> workflow_run.running, task.dispatched a, task.running a, task.succeeded a""",
    "a start after the end is refused": """
        graph a
        next -> a
        success a
        running a -> 409 task a is success, it cannot become running
        run -> success
        trail ~> task.report_refused a""",
    "the first end holds": """
        graph a
        next -> a
        failed a
        success a -> 409 task a is failed, it cannot become success
        run -> failed""",
    "the token of an old attempt is outdated": """
        graph a
        next -> a
        failed a
        retry a
        next -> a
        old success a -> 409 attempt 1 of task a is outdated
        task a -> dispatched
        success a
        run -> success""",
    "the token of a refused attempt is outdated": """
        graph a
        refuse all 503
        next ~> runner refused
        accept
        next -> a
        old success a -> 409 attempt 1 of task a is outdated
        task a -> dispatched""",
    "a forged token is refused": """
        graph a
        next -> a
        forged success a -> 401 task a: the token belongs to no attempt of this task
        task a -> dispatched
        trail -> workflow_run.running, task.dispatched a, task.report_refused a""",
    "the token of another task is refused": """
        graph a, b
        all -> a b
        foreign success a b -> 401 task a: the token belongs to no attempt of this task
        states -> a=dispatched b=dispatched""",
    "a runner cannot report what is no end": """
        graph a
        next -> a
        queued a -> 400 status
        task a -> dispatched""",
    "a report on an old attempt does not change a retried task": """
        graph a
        next -> a
        failed a
        retry a
        old success a ~> 409
        task a -> pending""",
}
