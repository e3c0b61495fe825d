"""Schedules, webhooks, and the runs that they make."""
