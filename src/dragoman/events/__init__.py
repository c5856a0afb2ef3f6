"""Events: an outbox in the store, and those who are told, by webhook, mail or Slack."""
