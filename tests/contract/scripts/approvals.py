"""Approvals: asked for, decided once, by whom."""

APPROVALS = {
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
