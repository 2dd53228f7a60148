"""The versions and aliases by which functions can be called."""

from collections import defaultdict
from collections.abc import Mapping

from local_gateway.template.readers.functions import FunctionDirectory
from local_gateway.template.readers.resolved_template import ResolvedTemplate


def read_qualifiers(
    resources: ResolvedTemplate, functions: FunctionDirectory
) -> Mapping[str, Mapping[str, str]]:
    """By function: each version and alias, with the version that it means."""
    qualifiers: dict[str, dict[str, str]] = defaultdict(dict)
    for properties in resources.of_type("AWS::Lambda::Version"):
        with resources.problems.collect():
            function = functions.find_by_name(properties, "FunctionName").logical_id
            place = properties.place()
            version = str(resources.attribute(properties.logical_id, "Version", place))
            qualifiers[function][version] = version
    for properties in resources.of_type("AWS::Lambda::Alias"):
        with resources.problems.collect():
            function = functions.find_by_name(properties, "FunctionName").logical_id
            version = properties.optional_text("FunctionVersion") or "$LATEST"
            qualifiers[function][properties.text("Name")] = version
    return dict(qualifiers)
