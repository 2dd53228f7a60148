"""What a template does that is legal and surely not meant."""

from collections.abc import Iterator

from local_gateway.template.document.json_value import as_object
from local_gateway.template.document.source import Source

_RESERVED = {"$connect": "Connect", "$disconnect": "Disconnect", "$default": "Default"}


def routes_lost_by_sam(source: Source) -> Iterator[str]:
    """Route keys of one `AWS::Serverless::WebSocketApi` that SAM gives the same logical id.

    The translator builds ids with `str.capitalize()`, so `sendMessage` and `sendmessage`, or
    `connect` and `$connect`, become one route: the last one, without an error.
    """
    for logical_id, declared in as_object(source.document.get("Resources")).items():
        resource = as_object(declared)
        if resource.get("Type") != "AWS::Serverless::WebSocketApi":
            continue
        seen: dict[str, str] = {}
        for key in as_object(as_object(resource.get("Properties")).get("Routes")):
            name = _RESERVED.get(key, key.capitalize())
            if name in seen:
                place = source.resource_place(logical_id, "Routes", key)
                yield f"{place}: SAM drops the route {seen[name]}: it gives {key} the same id"
            seen[name] = key
