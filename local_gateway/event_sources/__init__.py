"""Queues, event rules and schedules: the sources of invocations besides the APIs."""
