"""The state of the machine: queues, workers, outbox, database, Redis, disk; failed jobs tried again."""
