"""Each operation on schedules and webhooks, once; doors translate and call it."""
