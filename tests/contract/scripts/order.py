"""Which task goes out first, and how many."""

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
