"""The names that the expressions of a payload may use: what each of them is made of."""

PARAMS = "params"
"""The parameters of the run, by name."""
TASKS = "tasks"
"""What earlier steps have left, by step id; each of them has `STEP_NAMES`."""

STEP_NAMES = ("result", "exit_code", "output")
RUN_NAMES = ("id", "created_at")
TASK_NAMES = ("attempt",)
FIXED_NAMES = {"run": RUN_NAMES, "task": TASK_NAMES}
"""Names that hold the same in every run, each with what it is made of."""

KNOWN_NAMES = (PARAMS, TASKS, *FIXED_NAMES)
