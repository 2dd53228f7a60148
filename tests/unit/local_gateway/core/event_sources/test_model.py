"""What is read from the values of event sources."""

from local_gateway.core.event_sources.model import Destination, QueueMapping, StreamMapping


def test_queue_is_named_at_the_end_of_its_arn() -> None:
    mapping = QueueMapping(
        logical_id="Mapping",
        function="Function",
        queue_arn="arn:aws:sqs:eu-west-1:123456789012:orders",
        queue_url="http://localhost/123456789012/orders",
    )
    assert mapping.source_name == "orders"


def test_stream_is_named_by_its_table_or_itself() -> None:
    table = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2024-02-09T18:11:43.042"
    for arn, api in ((table, "dynamodb"), ("arn:aws:kinesis:eu:1:stream/orders", "kinesis")):
        mapping = StreamMapping(
            logical_id="M", function="F", stream_arn=arn, starting_position="LATEST"
        )
        assert (mapping.api, mapping.source_name) == (api, "orders")


def test_destination_is_named_at_the_end_of_its_arn() -> None:
    destination = Destination(arn="arn:aws:sns:eu-west-1:123456789012:alarms")
    assert (destination.service, destination.name) == ("sns", "alarms")
