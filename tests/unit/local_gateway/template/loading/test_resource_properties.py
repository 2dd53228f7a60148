"""The names that a template may use."""

import pytest

from local_gateway.template.loading.resource_properties import (
    properties_of_type,
    resource_attributes,
    template_sections,
)
from local_gateway.template.loading.resource_types import DATA, SERVED


@pytest.mark.parametrize("resource_type", sorted(SERVED | DATA))
def test_every_type_that_is_read_or_created_has_its_properties(resource_type: str) -> None:
    assert properties_of_type(resource_type)


def test_attributes_that_only_aws_sets_are_no_properties() -> None:
    properties = properties_of_type("AWS::SQS::Queue")
    assert "RedrivePolicy" in properties
    assert "QueueUrl" not in properties


def test_property_types_are_named_as_cloudformation_names_them() -> None:
    assert properties_of_type("AWS::Lambda::Function.Environment") == ("Variables",)


def test_sections_and_resource_attributes_are_those_of_cloudformation_and_sam() -> None:
    assert {"Globals", "Hooks", "Resources", "Transform"} <= set(template_sections())
    assert {"DeletionPolicy", "IgnoreGlobals", "Type"} <= set(resource_attributes())
