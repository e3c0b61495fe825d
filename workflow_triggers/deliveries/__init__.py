"""What webhooks receive: who has sent it, what it holds, what follows from it."""
