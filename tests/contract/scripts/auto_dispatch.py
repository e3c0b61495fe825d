"""Runs that dispatch what becomes ready."""

AUTO_DISPATCH = {
    "auto-dispatch goes on by itself from the creation": """
        graph a > b > d, a > c > d
        auto
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
        handed -> a
        pause
        success a
        states -> a=success b=pending
        resume
        states -> a=success b=dispatched""",
    "auto-dispatch goes on after a retry": """
        graph a > b
        auto
        handed -> a
        failed a
        retry a
        handed -> a
        success a
        handed -> b""",
    "auto-dispatch goes on after an approval and a release": """
        graph begin > b, a
        approval a
        auto
        handed -> begin
        hold b
        success begin
        handed -> nothing
        approve a
        handed -> a
        release b
        handed -> b""",
    "auto-dispatch goes on after mark success": """
        graph a > b
        auto
        handed -> a
        failed a
        mark-success a done by hand
        states -> a=success b=dispatched""",
}
