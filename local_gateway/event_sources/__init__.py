"""What invokes functions besides the APIs: queues, event rules and schedules."""
