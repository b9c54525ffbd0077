"""The event log: outbox, log and consumers."""
