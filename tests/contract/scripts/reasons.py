"""Why nothing goes out, in the precedence of the contract."""

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
