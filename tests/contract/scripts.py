"""The scripts: what a program outside may rely on, case by case. See player.py for the words."""

ORDER = {
    "one call dispatches one task": """
        graph a, b
        next -> a
        handed -> a
        states -> a=dispatched b=pending""",
    "list order is not alphabet": """
        graph zebra, apple, mango
        next -> zebra
        next -> apple
        all -> mango""",
    "list order is not depth": """
        graph root, root > mid > deep, late
        next -> root
        success root
        next -> mid
        success mid
        next -> deep
        next -> late""",
    "list order is not the order of becoming ready": """
        graph x > early, y > later, z
        all -> x y z
        success y
        success x
        all -> early later""",
    "list order is not the number of dependencies": """
        graph a, b, a > both, b > both, c
        all -> a b c
        success a
        success b
        success c
        next -> both""",
    "forward references keep the list order": """
        graph last, first > last
        next -> first
        success first
        next -> last""",
    "a limit is a limit": """
        graph a, b, c, d
        next 3 -> a b c
        next 3 -> d
        next 3 -> no ready tasks""",
    "a join waits for every arm": """
        graph a > b > d, a > c > d
        next -> a
        success a
        all -> b c
        success c
        next -> dependencies not satisfied
        success b
        next -> d
        success d
        run -> success""",
    "running is not success": """
        graph a > b
        next -> a
        running a
        next -> dependencies not satisfied
        states -> a=running b=pending""",
    "a dry run foresees and writes nothing": """
        graph a > b, c
        dry -> a
        dry all -> a c
        handed -> nothing
        states -> a=pending b=pending c=pending
        run -> created
        trail -> nothing
        next -> a""",
    "a dry run foresees that nothing is ready": """
        graph a > b
        next -> a
        dry -> dependencies not satisfied
        trail -> workflow_run.running, task.dispatched a""",
    "asking twice dispatches once": """
        graph a
        next -> a
        next -> no ready tasks
        next -> no ready tasks
        handed -> a
        attempts a -> dispatched""",
}

REASONS = {
    "everything is active": """
        graph a, b
        all -> a b
        next -> no ready tasks""",
    "everything is done": """
        graph a
        next -> a
        success a
        next -> no ready tasks
        run -> success""",
    "a dependency is missing": """
        graph a > b
        next -> a
        next -> dependencies not satisfied
        blocked -> b""",
    "an approval is missing": """
        graph a
        approval a
        next -> waiting for approval
        blocked -> a""",
    "a hold keeps back": """
        graph a
        hold a later
        next -> on hold
        blocked -> a""",
    "a dependency counts more than an approval": """
        graph a, b, b > c
        approval a
        next -> b
        next -> dependencies not satisfied""",
    "an approval counts more than a hold": """
        graph a, b
        approval b
        hold a
        next -> waiting for approval""",
    "a refusal counts more than a dependency": """
        graph a > b
        refuse all 503
        next -> runner refused: host: 503: not now""",
    "a full runner counts more than a dependency": """
        runner small 1
        graph a, b, b > c
        by small a b
        next -> a
        next -> runner is full: small has 1 at a time
        success a
        next -> b""",
    "a task with several reasons names the first": """
        graph a > b
        approval b
        hold b
        next -> a
        explain b -> Waits for `a` (dispatched).
        success a
        next -> waiting for approval
        approve b
        next -> on hold
        release b
        next -> b""",
}

FAILURE = {
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

STEERING = {
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
    "marked success counts, and shows for ever": """
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

PEOPLE = {
    "a hold keeps no later task back": """
        graph a, b
        hold a
        next -> b
        release a
        next -> a""",
    "hold and release are refused where they make no sense": """
        graph a
        release a -> 409 task a is not on hold
        hold a
        hold a -> 409 task a is on hold
        release a
        next -> a
        hold a -> 409 task a is dispatched""",
    "an approval keeps no later task back": """
        graph a, b
        approval a
        next -> b
        approve a
        next -> a
        approve a -> 409 approval is approved
        reject a -> 409 approval is approved""",
    "a rejection cancels": """
        graph a > b
        approval a
        reject a
        task a status message -> canceled rejected by ada: not now
        run -> failed
        deadlock -> a blocks 1
        reject a -> 409 approval is rejected""",
    "a retry after a rejection asks again": """
        graph a
        approval a
        reject a
        retry a
        next -> waiting for approval
        approve a
        next -> a""",
    "two people where two must": """
        graph a
        approval a
        careful
        approve a -> 409 workflow run was created by ada; somebody else must decide
        next -> waiting for approval""",
    "what waits for a person is explained below it": """
        graph a > b > c
        approval a
        causes c -> a
        explain c ~> `a` waits for approval
        explain a -> Waits for somebody to approve it.""",
}

RUNNERS = {
    **{
        f"a runner that answers {status} has not taken the task": f"""
        graph a
        refuse all {status}
        next -> runner refused: host: {status}: not now
        task a status -> pending
        attempts a -> refused
        run -> running
        trail ~> task.dispatched a, task.submit_failed a, dispatch.nothing_ready
        accept
        next -> a
        attempts a -> refused dispatched"""
        for status in (409, 422, 500, 503)
    },
    "a refused task keeps no later one back": """
        graph a, b, c
        refuse a 409
        next -> b
        all -> c
        task a status -> pending
        task a message ~> runner refused: host: 409: not now
        accept
        next -> a""",
    "a runner that is down keeps no other runner's tasks back": """
        runner far unreachable
        graph a, b, c
        by far a b
        next -> c
        next ~> runner refused: far: it cannot be reached
        states -> a=pending b=pending c=dispatched
        attempts b -> none""",
    "a disabled runner is given nothing": """
        runner far disabled
        graph a, b
        by far a
        next -> b
        next -> runner refused: far is disabled
        handed -> b
        enable far
        next -> a""",
    "a full runner keeps no later task back": """
        runner small 2
        graph a, b, c, d
        by small a b c
        all -> a b d
        next -> runner is full: small has 2 at a time
        failed a
        all -> c""",
    "a free place is taken by itself": """
        runner small 1
        graph a, b
        by small a b
        auto
        all -> a
        handed -> a
        success a
        handed -> b""",
    "a repeated refusal is one line of the trail": """
        graph a > b
        next -> a
        next -> dependencies not satisfied
        next -> dependencies not satisfied
        trail -> workflow_run.running, task.dispatched a, dispatch.nothing_ready""",
    "a refusal is no failure": """
        graph a
        refuse all 500
        next ~> runner refused
        next ~> runner refused
        run -> running
        counts -> pending=1
        deadlock -> none""",
}

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
    "an old word does not touch a task that waits again": """
        graph a
        next -> a
        failed a
        retry a
        old success a ~> 409
        task a -> pending""",
}

AUTO = {
    "auto-dispatch goes on by itself once begun": """
        graph a > b > d, a > c > d
        auto
        next -> a
        handed -> a
        success a
        handed -> b c
        success c
        handed -> nothing
        success b
        handed -> d
        success d
        run -> success""",
    "without it nothing goes out by itself": """
        graph a > b
        next -> a
        success a
        handed -> a
        states -> a=success b=pending""",
    "auto-dispatch keeps still while paused": """
        graph a > b
        auto
        next -> a
        pause
        success a
        states -> a=success b=pending
        resume
        states -> a=success b=dispatched""",
    "auto-dispatch goes on after a retry": """
        graph a > b
        auto
        next -> a
        failed a
        retry a
        handed -> a a
        success a
        handed -> b""",
    "auto-dispatch goes on after an approval and a release": """
        graph begin, a, b
        approval a
        auto
        hold b
        all -> begin
        handed -> begin
        approve a
        handed -> a
        release b
        handed -> b""",
    "auto-dispatch goes on after mark success": """
        graph a > b
        auto
        next -> a
        failed a
        mark-success a done by hand
        states -> a=success b=dispatched""",
}

SCRIPTS = {**ORDER, **REASONS, **FAILURE, **STEERING, **PEOPLE, **RUNNERS, **CALLBACKS, **AUTO}
