"""What the event source mappings of queues and streams have in common.

Source: Lambda developer guide, "Control which events Lambda sends to your function"
(invocation-eventfiltering), which has the limits that are checked here.
"""

import json

from local_gateway.template.document.errors import TemplateError
from local_gateway.template.document.source import as_list, as_object
from local_gateway.template.readers.properties import Properties
from local_gateway.template.readers.service_limits import event_pattern_problem

_MOST_FILTERS = 5
_LONGEST_PATTERN = 4096


def read_filters(properties: Properties) -> tuple[str, ...]:
    """The patterns of `FilterCriteria`, as JSON."""
    section = properties.section("FilterCriteria")
    section.only("Filters")
    filters = as_list(section.value("Filters"))
    if len(filters) > _MOST_FILTERS:
        raise TemplateError(
            section.place("Filters"), f"AWS allows {_MOST_FILTERS} filters, not {len(filters)}"
        )
    return tuple(
        _pattern(section.within(as_object(item), "Filters", number))
        for number, item in enumerate(filters)
    )


def _pattern(properties: Properties) -> str:
    text = properties.text("Pattern")
    try:
        pattern = json.loads(text)
    except (ValueError, RecursionError):
        raise TemplateError(properties.place("Pattern"), "the pattern is not JSON") from None
    problem = event_pattern_problem(pattern) if pattern != {} else None
    if len(text) > _LONGEST_PATTERN:
        problem = f"the pattern is longer than {_LONGEST_PATTERN} characters"
    if problem is not None:
        raise TemplateError(properties.place("Pattern"), f"AWS refuses it: {problem}")
    return text


def reports_failures(properties: Properties) -> bool:
    """Whether the function reports what failed in a batch."""
    types = properties.texts("FunctionResponseTypes")
    for name in types:
        if name != "ReportBatchItemFailures":
            raise TemplateError(
                properties.place("FunctionResponseTypes"),
                f"{name} is not allowed",
                "allowed: ReportBatchItemFailures",
            )
    return bool(types)
