"""What starts runs without a person: schedules and webhooks. It can be left out."""
