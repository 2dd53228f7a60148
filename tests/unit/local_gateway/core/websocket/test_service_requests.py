"""The requests that AWS services get from API Gateway."""

import re
from urllib.parse import parse_qsl

import pytest

from local_gateway.core.http import Response
from local_gateway.core.websocket.actions import HttpCall
from local_gateway.core.websocket.integration import AwsService
from local_gateway.core.websocket.service_requests import (
    service_error,
    service_of,
    service_request,
)

URI = "arn:aws:apigateway:eu-west-1:"
FORM = ("Content-Type", "application/x-www-form-urlencoded")


def service(uri: str, method: str = "POST") -> AwsService:
    made = service_of(f"{URI}{uri}", method)
    assert made is not None
    return made


def request(
    uri: str,
    body: bytes = b"",
    *,
    query: tuple[tuple[str, str], ...] = (),
    headers: tuple[tuple[str, str], ...] = (),
) -> HttpCall:
    made = service(uri)
    call = service_request(made, made.path, list(query), list(headers), body)
    assert isinstance(call, HttpCall)
    return call


@pytest.mark.parametrize(
    ("uri", "target", "content_type"),
    [
        ("dynamodb:action/PutItem", "DynamoDB_20120810.PutItem", "application/x-amz-json-1.0"),
        ("events:action/PutEvents", "AWSEvents.PutEvents", "application/x-amz-json-1.1"),
        ("kinesis:action/PutRecord", "Kinesis_20131202.PutRecord", "application/x-amz-json-1.1"),
        (
            "states:action/StartExecution",
            "AWSStepFunctions.StartExecution",
            "application/x-amz-json-1.0",
        ),
    ],
)
def test_an_action_of_a_json_service_is_named_by_a_header(
    uri: str, target: str, content_type: str
) -> None:
    call = request(uri, b"{}")
    assert (call.method, call.url, call.body) == ("POST", "/", b"{}")
    assert dict(call.headers) == {"X-Amz-Target": target, "Content-Type": content_type}


def test_a_template_may_name_the_action_itself() -> None:
    call = request("dynamodb:path/", b"{}", headers=(("x-amz-target", "DynamoDB_20120810.Scan"),))
    assert call.headers.get_all("X-Amz-Target") == ["DynamoDB_20120810.Scan"]
    assert call.url == "/"


@pytest.mark.parametrize(
    ("mapped", "sent"),
    [
        ("application/x-www-form-urlencoded", "application/x-amz-json-1.0"),
        ("application/x-amz-json-1.1", "application/x-amz-json-1.1"),
    ],
)
def test_a_json_service_gets_a_type_of_json(mapped: str, sent: str) -> None:
    call = request("dynamodb:action/PutItem", b"{}", headers=(("content-type", mapped),))
    assert call.headers.get_all("Content-Type") == [sent]


def test_a_queue_gets_a_form() -> None:
    call = request(
        "sqs:path/123456789012/orders", b" Action=SendMessage&MessageBody=a%26b\n", headers=(FORM,)
    )
    assert call.url == "/123456789012/orders"
    assert dict(parse_qsl(call.body.decode())) == {
        "Action": "SendMessage",
        "MessageBody": "a&b",
        "Version": "2012-11-05",
    }


def test_an_action_and_the_query_are_part_of_the_form() -> None:
    call = request("sns:action/Publish", query=(("TopicArn", "arn:x"), ("Message", "a b")))
    assert call.url == "/"
    assert call.headers.get("Content-Type") == FORM[1]
    assert dict(parse_qsl(call.body.decode())) == {
        "Action": "Publish",
        "TopicArn": "arn:x",
        "Message": "a b",
        "Version": "2010-03-31",
    }


def test_parameters_may_stand_in_the_uri() -> None:
    call = request("sqs:action/SendMessage&Version=2011-10-01&MessageBody=x")
    assert sorted(parse_qsl(call.body.decode())) == [
        ("Action", "SendMessage"),
        ("MessageBody", "x"),
        ("Version", "2011-10-01"),
    ]


def test_a_service_of_the_query_protocol_may_get_json() -> None:
    headers = (
        ("X-Amz-Target", "AmazonSQS.SendMessage"),
        ("Content-Type", "application/x-amz-json-1.0"),
    )
    call = request("sqs:path/", b"{}", headers=headers)
    assert (call.body, call.headers.get("Content-Type")) == (b"{}", headers[1][1])


def test_a_body_without_the_content_type_of_a_form_is_not_read() -> None:
    made = service("sqs:path/1/orders")
    answer = service_request(made, made.path, [], [], b"Action=SendMessage&MessageBody=x")
    assert isinstance(answer, Response)
    assert answer.status == 404
    assert service_error(answer.body.decode()) == (
        "UnknownOperationException: the request has no Action in its query, nor in a body whose "
        "header Content-Type is mapped to 'application/x-www-form-urlencoded'"
    )


def test_a_json_service_refuses_what_is_no_json() -> None:
    made = service("dynamodb:action/PutItem")
    answer = service_request(made, made.path, [], [], rb'{"a": "it\'s"}')
    assert isinstance(answer, Response)
    assert answer.status == 400
    assert service_error(answer.body.decode()).startswith(
        r"SerializationException: the mapped body is not JSON: Invalid \escape"
    )


def test_an_object_of_a_bucket_is_a_path() -> None:
    call = request("s3:path/bucket/key", b"content", query=(("tagging", ""),))
    assert (call.url, call.body) == ("/bucket/key?tagging=", b"content")


def test_a_host_name_may_begin_with_an_endpoint() -> None:
    assert service("runtime.states:action/StartExecution").service == "states"


@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        ("polly:action/SynthesizeSpeech", "integrations with polly are not served; these are:"),
        ("states:action/StartSyncExecution", "states:StartSyncExecution is not served"),
        ("s3:action/GetObject", "s3 has no actions; write s3:path/…"),
        ("sqs:action/Send-Message", "Send-Message is no action of sqs"),
        ("sqs:action/", "nothing is no action of sqs"),
    ],
)
def test_what_is_not_served_is_named(uri: str, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        service_of(f"{URI}{uri}", "POST")


@pytest.mark.parametrize("uri", ["https://example.org", "arn:aws:sqs:eu-west-1:1:orders"])
def test_another_uri_names_no_service(uri: str) -> None:
    assert service_of(uri, "POST") is None


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('{"__type": "com.amazonaws#NotFound", "message": "no table"}', "NotFound: no table"),
        ('{"__type": "NotFound", "Message": "no"}', "NotFound: no"),
        ('{"code": "Bad"}', "Bad"),
        ("<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>", "NoSuchKey: gone"),
        ("<Code>NoSuchKey</Code>", "NoSuchKey"),
        ("[1]", ""),
        ("<html>", ""),
    ],
)
def test_an_error_has_a_code_and_a_message(body: str, text: str) -> None:
    assert service_error(body) == text
