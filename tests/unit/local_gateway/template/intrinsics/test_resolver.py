"""Every intrinsic function, as the CloudFormation user guide has it."""

from pathlib import Path

import pytest

from local_gateway.template.document.errors import Place, TemplateError
from local_gateway.template.document.source import Json
from local_gateway.template.document.stack import Stack
from local_gateway.template.intrinsics.resolver import Resolver

PLACE = Place(file=Path("t.yaml"), line=7, resource="R", property="P")


class FixedReferences:
    """Two resources: a table, and a function that has an ARN."""

    def ref(self, logical_id: str, place: Place) -> Json:
        if logical_id != "Table":
            raise TemplateError(place, f"no {logical_id}")
        return "table-1"

    def attribute(self, logical_id: str, name: str, place: Place) -> Json:
        return f"{logical_id}/{name}"

    def imported(self, name: str, place: Place) -> Json:
        return f"imported {name}"


RESOLVER = Resolver(
    stack=Stack(name="shop", region="ap-southeast-3"),
    references=FixedReferences(),
    parameters={"Stage": "prod", "Size": "3", "Zones": ["a", "b"], "Empty": ""},
    mappings={"Sizes": {"prod": {"Memory": 512, "List": ["x", "y"]}}},
    conditions={
        "Prod": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "Three": {"Fn::Equals": [{"Ref": "Size"}, 3]},
        "Dev": {"Fn::Not": [{"Condition": "Prod"}]},
        "Both": {"Fn::And": [{"Condition": "Prod"}, {"Condition": "Three"}]},
        "Either": {"Fn::Or": [{"Condition": "Dev"}, {"Fn::Equals": ["a", "a"]}]},
        "Loop": {"Fn::Not": [{"Condition": "Loop"}]},
        "Odd": {"Fn::Eqauls": ["a", "a"]},
    },
)
NO_VALUE: Json = {"Ref": "AWS::NoValue"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain ${Stage}", "plain ${Stage}"),
        ({"Ref": "Stage"}, "prod"),
        ({"Ref": "Zones"}, ["a", "b"]),
        ({"Ref": "Table"}, "table-1"),
        ({"Fn::ImportValue": {"Fn::Sub": "${Stage}-vpc"}}, "imported prod-vpc"),
        ({"Ref": "AWS::Region"}, "ap-southeast-3"),
        ({"Ref": "AWS::StackName"}, "shop"),
        ({"Ref": "AWS::AccountId"}, "123456789012"),
        ({"Ref": "AWS::Partition"}, "aws"),
        ({"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
        (NO_VALUE, None),
        ({"Fn::GetAtt": ["Table", "Arn"]}, "Table/Arn"),
        ({"Fn::GetAtt": "Table.StreamArn"}, "Table/StreamArn"),
        ({"Fn::GetAtt": ["Nested", "Outputs.Url"]}, "Nested/Outputs.Url"),
        ({"Fn::Sub": "${Stage}-${AWS::Region}-${Table.Arn}"}, "prod-ap-southeast-3-Table/Arn"),
        ({"Fn::Sub": "${!request.body.x} $x {y} ${Size}"}, "${request.body.x} $x {y} 3"),
        ({"Fn::Sub": ["${A}/${Stage}", {"A": {"Ref": "Table"}}]}, "table-1/prod"),
        ({"Fn::Sub": ["${Stage}", {"Stage": 5}]}, "5"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Size"}, 4, True]]}, "a-3-4-true"),
        ({"Fn::Join": [",", {"Ref": "Zones"}]}, "a,b"),
        ({"Fn::Join": [",", ["a", NO_VALUE]]}, "a"),
        ({"Fn::Split": [",", "a,b,,c"]}, ["a", "b", "", "c"]),
        ({"Fn::Select": [1, {"Fn::Split": ["/", "a/b/c"]}]}, "b"),
        ({"Fn::Select": ["0", {"Ref": "Zones"}]}, "a"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "Memory"]}, 512),
        ({"Fn::FindInMap": ["Sizes", "prod", "List"]}, ["x", "y"]),
        ({"Fn::FindInMap": ["Sizes", "qa", "Memory", {"DefaultValue": 1}]}, 1),
        ({"Fn::If": ["Prod", {"Ref": "Table"}, "none"]}, "table-1"),
        ({"Fn::If": ["Dev", {"Ref": "Missing"}, "other"]}, "other"),
        ({"Fn::If": ["Both", 1, 2]}, 1),
        ({"Fn::If": ["Either", 1, 2]}, 1),
        ({"a": 1, "b": {"Fn::If": ["Dev", 1, NO_VALUE]}}, {"a": 1}),
        ([1, NO_VALUE, 2], [1, 2]),
        ({"Fn::Base64": {"Fn::Sub": "${Stage}"}}, "cHJvZA=="),
        ({"Fn::GetAZs": ""}, ["ap-southeast-3a", "ap-southeast-3b", "ap-southeast-3c"]),
        ({"Fn::Length": {"Ref": "Zones"}}, 2),
        ({"Fn::ToJsonString": {"a": {"Ref": "Size"}}}, '{"a":"3"}'),
        ({"Ref": "Stage", "Other": 1}, {"Ref": "Stage", "Other": 1}),
        ({"Condition": {"StringEquals": {}}}, {"Condition": {"StringEquals": {}}}),
    ],
)
def test_values(value: Json, expected: Json) -> None:
    assert RESOLVER.resolve(value, PLACE) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"Ref": "Missing"}, "no Missing"),
        ({"Ref": ["Table"]}, 'Ref takes text, found ["Table"]'),
        ({"Fn::GetAtt": ["Table"]}, "Fn::GetAtt takes a logical id and an attribute name"),
        ({"Fn::Sub": ["a"]}, "Fn::Sub takes a string, or a string and a map"),
        ({"Fn::Sub": "${Zones}"}, 'Fn::Sub: ${Zones}: expected text, found ["a", "b"]'),
        ({"Fn::Join": ["-", "a"]}, "Fn::Join takes a delimiter and a list"),
        ({"Fn::Join": ["-"]}, "Fn::Join takes a list of two"),
        ({"Fn::Join": ["-", [{}]]}, "Fn::Join: expected text, found {}"),
        ({"Fn::Split": ["", "a"]}, "Fn::Split takes a delimiter that is not empty"),
        ({"Fn::Select": [2, ["a"]]}, "Fn::Select: index 2 is outside a list of 1"),
        ({"Fn::Select": ["x", ["a"]]}, "Fn::Select: x is not an index"),
        ({"Fn::Select": [0, "a"]}, "Fn::Select takes an index and a list"),
        ({"Fn::FindInMap": ["Sizes", "qa", "Memory"]}, "there is no Sizes.qa.Memory in Mappings"),
        ({"Fn::FindInMap": ["Sizes"]}, "Fn::FindInMap takes a map name and two keys"),
        ({"Fn::If": ["Prud", 1, 2]}, "there is no condition Prud; did you mean Prod?"),
        ({"Fn::If": ["Prod", 1]}, "Fn::If takes a condition and two values"),
        ({"Fn::If": ["Loop", 1, 2]}, "the condition Loop depends on itself"),
        ({"Fn::If": ["Odd", 1, 2]}, 'not a condition: {"Fn::Eqauls": ["a", "a"]}; expected'),
        ({"Fn::Length": "x"}, "Fn::Length takes a list"),
        ({"Fn::Cidr": ["10.0.0.0/16", 1, 8]}, "Fn::Cidr is not evaluated here; write the value"),
    ],
)
def test_mistakes_name_place_and_cause(value: Json, message: str) -> None:
    with pytest.raises(TemplateError) as raised:
        RESOLVER.resolve(value, PLACE)
    assert str(raised.value).startswith("t.yaml:7: R: P: ")
    assert message in str(raised.value)
