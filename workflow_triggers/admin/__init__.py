"""The pages of schedules and webhooks, which the admin of workflows registers."""
