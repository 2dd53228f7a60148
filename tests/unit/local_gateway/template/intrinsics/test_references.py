"""References are found, checked and replaced wherever a value has them."""

from pathlib import Path

import pytest

from local_gateway.template.document.errors import Place, TemplateError
from local_gateway.template.document.problems import Problems
from local_gateway.template.document.source import Json, Source
from local_gateway.template.intrinsics.references import (
    Reference,
    Rewriter,
    check_references,
    references,
)

PLACE = Place(file=Path("t.yaml"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Table"}, ["Table"]),
        ({"Ref": "AWS::Region"}, []),
        ({"Fn::GetAtt": "Table.Arn"}, ["Table.Arn"]),
        ({"Fn::GetAtt": ["Nested", "Outputs", "Url"]}, ["Nested.Outputs.Url"]),
        ({"Fn::GetAtt": []}, []),
        ({"Fn::Sub": "${Table} ${Table.Arn} ${!Literal} ${AWS::Region}"}, ["Table", "Table.Arn"]),
        ({"Fn::Sub": ["${Own}${Table}", {"Own": {"Ref": "Queue"}}]}, ["Table", "Queue"]),
        ([{"a": {"Ref": "One"}}, {"Fn::Join": ["", [{"Ref": "Two"}]]}], ["One", "Two"]),
        ({"Ref": "Table", "more": 1}, []),
        ("Ref", []),
    ],
)
def test_references_anywhere_in_a_value(value: Json, expected: list[str]) -> None:
    assert [str(reference) for reference in references(value)] == expected


def test_a_reference_that_leads_nowhere_is_refused() -> None:
    source = Source(path=Path("t.yaml"), document={})
    resources: Json = {"Queue": {"Properties": {"QueueName": {"Fn::Sub": "${Tabel.Arn}"}}}}
    problems = Problems()
    check_references(source, resources, frozenset({"Table"}), problems)
    with pytest.raises(TemplateError, match=r"Queue: QueueName: Tabel.Arn refers to no .*Table\?"):
        problems.raise_if_any()


def test_a_variable_of_another_language_in_sub_gets_its_own_remedy() -> None:
    source = Source(path=Path("t.yaml"), document={})
    resources: Json = {"Route": {"Properties": {"Key": {"Fn::Sub": "${request.body.action}"}}}}
    problems = Problems()
    check_references(source, resources, frozenset(), problems)
    with pytest.raises(TemplateError, match=r"inside Fn::Sub write \$\{!request\.body\.action\}"):
        problems.raise_if_any()


def replacement(reference: Reference, place: Place) -> Json:
    """`P` becomes a text, `List` a list, resources get a prefix."""
    values: dict[str, Json] = {"P": "value", "List": ["a", "b"], "AWS::StackName": "inner"}
    if reference.name in values:
        return values[reference.name]
    if reference.name.startswith("AWS::"):
        return None
    if reference.attribute is None:
        return {"Ref": f"In/{reference.name}"}
    return {"Fn::GetAtt": [f"In/{reference.name}", reference.attribute]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "P"}, "value"),
        ({"Ref": "Table"}, {"Ref": "In/Table"}),
        ({"Ref": "AWS::NoValue"}, {"Ref": "AWS::NoValue"}),
        ({"Fn::GetAtt": "Table.Arn"}, {"Fn::GetAtt": ["In/Table", "Arn"]}),
        ({"Fn::GetAtt": ["Table", {"Ref": "P"}]}, {"Fn::GetAtt": ["In/Table", "value"]}),
        ({"Fn::Sub": "nothing"}, {"Fn::Sub": "nothing"}),
        (
            {"Fn::Sub": "${P} ${Table.Arn} ${!P} ${AWS::Region}"},
            {
                "Fn::Sub": [
                    "${P} ${Table.Arn} ${!P} ${AWS::Region}",
                    {"P": "value", "Table.Arn": {"Fn::GetAtt": ["In/Table", "Arn"]}},
                ]
            },
        ),
        (
            {"Fn::Sub": ["${P}${AWS::StackName}", {"P": {"Ref": "Table"}}]},
            {
                "Fn::Sub": [
                    "${P}${AWS::StackName}",
                    {"P": {"Ref": "In/Table"}, "AWS::StackName": "inner"},
                ]
            },
        ),
        ({"Fn::If": ["Yes", {"Ref": "P"}, "no"]}, "value"),
        ({"Fn::If": ["No", {"Ref": "P"}, {"a": {"Ref": "List"}}]}, {"a": ["a", "b"]}),
        (
            {"Fn::FindInMap": ["Map", {"Ref": "P"}, "key"]},
            {"Fn::FindInMap": ["In/Map", "value", "key"]},
        ),
        (
            {"Fn::FindInMap": [{"Ref": "P"}, "a", "b"]},
            {"Fn::FindInMap": [{"Fn::Join": ["", ["In/", "value"]]}, "a", "b"]},
        ),
        ([{"Fn::Join": [",", {"Ref": "List"}]}], [{"Fn::Join": [",", ["a", "b"]]}]),
    ],
)
def test_references_are_replaced(value: Json, expected: Json) -> None:
    rewriter = Rewriter(replacement, lambda name, place: name == "Yes", "In/")
    assert rewriter.rewrite(value, PLACE) == expected


def test_without_a_condition_and_a_prefix_both_stay() -> None:
    value: Json = {"Fn::If": ["Yes", {"Fn::FindInMap": ["Map", "a", "b"]}, {"Ref": "P"}]}
    expected: Json = {"Fn::If": ["Yes", {"Fn::FindInMap": ["Map", "a", "b"]}, "value"]}
    assert Rewriter(replacement).rewrite(value, PLACE) == expected
