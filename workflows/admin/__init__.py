"""The admin: lists, pages and buttons for people. Every effect is one call of the domain."""

from workflows.admin import approvals, attempts, events, runs, tasks, templates, tokens

__all__ = ["approvals", "attempts", "events", "runs", "tasks", "templates", "tokens"]
