"""
Signals for your own code: what has ended or failed, told once it is committed.

They are no second trail: each is sent at most once, in the process that has stored the fact, and
what that process does not live to send is sent by nobody. Events tell everything: see
docs/your-code.md.
"""

from django.dispatch import Signal

run_finished = Signal()
"""
A run has ended, by success, failure or being aborted; again for each end, if it is reopened.

Sender: `WorkflowRun`. Arguments: `run_id`, `state`, `template_id` (None: of existing tasks),
`template_name`, `by` (an `Actor`), `reason`, `at`.
"""

task_failed = Signal()
"""
A task has failed: its attempt did, was lost or timed out, or its payload could not be filled in.

Sender: `Task`. Arguments: `task_id`, `run_id` (None: in no run), `attempt_id`, `event_type`
(`task.failed` or `task.lost`), `message`, `by` (an `Actor`), `reason`, `at`.
"""
