"""Rounds that look at which moments of schedules have come, and make their runs."""
