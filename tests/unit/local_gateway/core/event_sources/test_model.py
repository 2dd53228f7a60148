"""What is read from the values of event sources."""

from local_gateway.core.event_sources.model import QueueMapping


def test_queue_is_named_at_the_end_of_its_arn() -> None:
    mapping = QueueMapping(
        logical_id="Mapping",
        function="Function",
        queue_arn="arn:aws:sqs:eu-west-1:123456789012:orders",
        queue_url="http://localhost/123456789012/orders",
    )
    assert mapping.source_name == "orders"
