"""
Slots: the processes in which an executor executes jobs. Nothing else here starts a process.

    executor          local_runner, run_workflow or a Celery worker: holds the database
     └─ fork server   one per process, started once: has loaded Django, executes nothing
         └─ slot      one per attempt at a time, of which it is told by its executor
             └─ the command, and whatever that starts

The fork server and the slots are subreapers (Linux): whoever loses its parent becomes a child of
the slot, and once the slot is dead, of the fork server. So a job is its process tree, and a tree is
known to have ended when its reaper has no child left.
"""
