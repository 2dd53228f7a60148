"""The versions and aliases that functions can be called by."""

from tests.unit.local_gateway.template.project import Project
from tests.unit.local_gateway.template.sources_project import read


def test_alias_that_sam_makes_means_the_version_it_publishes(project: Project) -> None:
    assert read(project, function="AutoPublishAlias: live,").qualifiers == {
        "F": {"1": "1", "live": "1"}
    }


def test_alias_of_the_latest_code(project: Project) -> None:
    resources = """
  A:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !Ref F, FunctionVersion: $LATEST, Name: test}
"""
    assert read(project, resources=resources).qualifiers == {"F": {"test": "$LATEST"}}


def test_function_without_versions_has_no_qualifiers(project: Project) -> None:
    assert read(project).qualifiers == {}
