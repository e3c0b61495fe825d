"""Runners that refuse, are full or cannot be reached."""

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
        handed -> a
        all -> runner is full: small has 1 at a time
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
