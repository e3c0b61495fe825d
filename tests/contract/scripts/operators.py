"""What operators do to runs and tasks."""

OPERATORS = {
    "a pending task is canceled at once": """
        graph a > b
        cancel b not needed
        task b status message -> canceled not needed
        why task.canceled -> ada: not needed
        next -> a
        success a
        run -> failed""",
    "a running task is ended at its runner": """
        graph a
        next -> a
        running a
        cancel a wrong data
        ended -> a
        task a status message -> canceled wrong data
        run -> failed""",
    "what has ended cannot be canceled": """
        graph a
        next -> a
        success a
        cancel a -> 409 task a is success
        next -> no ready tasks""",
    "a paused run dispatches nothing": """
        graph a > b, c
        next -> a
        pause disk is full
        next -> 409 workflow run is paused
        dry -> 409 workflow run is paused
        why workflow_run.paused -> ada: disk is full
        resume
        next -> c""",
    "a report does not un-pause": """
        graph a > b
        next -> a
        pause
        success a
        run -> paused
        states -> a=success b=pending
        next -> 409 workflow run is paused
        resume
        next -> b""",
    "the last report of a paused run ends it when it is resumed": """
        graph a
        next -> a
        pause
        success a
        run -> paused
        resume
        run -> success""",
    "a run that was not begun can be paused": """
        graph a
        pause
        run -> paused
        resume
        run -> running
        next -> a""",
    "pause and resume are refused where they make no sense": """
        graph a
        resume -> 409 workflow run is created
        pause
        pause -> 409 workflow run is paused
        resume
        resume -> 409 workflow run is running
        next -> a
        success a
        pause -> 409 workflow run is success
        resume -> 409 workflow run is success
        abort -> 409 workflow run is success""",
    "an aborted run is over": """
        graph a > b, c
        all -> a c
        running a
        success c
        abort not tonight
        ended -> a
        states -> a=canceled b=canceled c=success
        run -> aborted
        next -> 409 workflow run is aborted
        abort -> 409 workflow run is aborted
        pause -> 409 workflow run is aborted
        resume -> 409 workflow run is aborted
        retry a -> 409 workflow run is aborted
        mark-success a done -> 409 workflow run is aborted
        why workflow_run.aborted -> ada: not tonight""",
    "a report does not revive an aborted run": """
        graph a > b
        next -> a
        abort
        success a -> 409 task a is canceled, it cannot become success
        run -> aborted
        states -> a=canceled b=canceled""",
    "a retry goes on from there": """
        graph a > b > c
        next -> a
        success a
        next -> b
        failed b
        run -> failed
        retry b disk is free again
        run -> running
        deadlock -> none
        next -> b
        attempts b -> failed dispatched
        success b
        next -> c
        success c
        run -> success
        attempts a -> success
        why task.retried -> ada: disk is free again""",
    "only what ended badly is retried": """
        graph a > b
        retry a -> 409 task a is pending
        next -> a
        retry a -> 409 task a is dispatched
        success a
        retry a -> 409 task a is success""",
    "a canceled task can be retried": """
        graph a
        cancel a
        run -> failed
        retry a
        next -> a
        success a
        run -> success""",
    "a task marked success counts as success and stays marked": """
        graph a > b
        next -> a
        failed a
        mark-success a done by hand
        task a status is_marked_success message -> success True done by hand
        run -> running
        next -> b
        success b
        run -> success
        why task.marked_success -> ada: done by hand""",
    "mark success needs a reason": """
        graph a
        next -> a
        failed a
        mark-success a -> 400 reason
        task a -> failed""",
    "mark success is for what ended badly": """
        graph a
        mark-success a why -> 409 task a is pending
        next -> a
        mark-success a why -> 409 task a is dispatched""",
}
