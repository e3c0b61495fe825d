"""The admin: lists, pages and buttons for people. Every effect is one call of the domain."""

from django.contrib import admin

from workflows.admin import approvals, attempts, events, runs, tasks, templates, tokens

__all__ = ["approvals", "attempts", "events", "runs", "tasks", "templates", "tokens"]

admin.site.site_header = admin.site.site_title = "Orchestrator"
admin.site.index_title = "Workflows and what runs them"
admin.site.site_url = None  # the site has no other page for people
