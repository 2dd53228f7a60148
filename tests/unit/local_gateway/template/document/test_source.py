"""YAML and JSON become the same values, and every mistake names its line."""

from pathlib import Path
from textwrap import dedent

import pytest

from local_gateway.template.document.errors import TemplateError
from local_gateway.template.document.source import Json, load_source, parse_source

PATH = Path("template.yaml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: !Ref Table", {"Ref": "Table"}),
        ("a: !GetAtt Table.Arn", {"Fn::GetAtt": ["Table", "Arn"]}),
        ("a: !GetAtt Nested.Outputs.Url", {"Fn::GetAtt": ["Nested", "Outputs.Url"]}),
        ("a: !GetAtt [Table, Arn]", {"Fn::GetAtt": ["Table", "Arn"]}),
        ("a: !Sub '${X}'", {"Fn::Sub": "${X}"}),
        ("a: !Sub ['${X}', {X: !Ref Y}]", {"Fn::Sub": ["${X}", {"X": {"Ref": "Y"}}]}),
        ("a: !If [C, 1, !Ref AWS::NoValue]", {"Fn::If": ["C", 1, {"Ref": "AWS::NoValue"}]}),
        ("a: !Condition C", {"Condition": "C"}),
        ("a: !Join [',', [x, y]]", {"Fn::Join": [",", ["x", "y"]]}),
        ("a: 2012-10-17", "2012-10-17"),
        ("a: 2010-09-09T00:00:00Z", "2010-09-09T00:00:00Z"),
        ("a: {200: x, yes: y}", {"200": "x", "yes": "y"}),
        ("a: [1, 1.5, true, ~, text]", [1, 1.5, True, None, "text"]),
    ],
)
def test_values(text: str, expected: Json) -> None:
    assert parse_source(text, PATH).document == {"a": expected}


def test_json_is_read_as_json() -> None:
    text = '{\n\t"a": {"Ref": "T\\ud83d\\ude00"},\n\t"b": [1]\n}'
    source = parse_source(text, PATH)
    assert source.document == {"a": {"Ref": "T\U0001f600"}, "b": [1]}
    assert source.line("b") == 3


def test_merge_keys_and_aliases() -> None:
    text = "a: &base {x: 1, y: 2}\nb: {<<: *base, y: 3}\nc: *base\n"
    assert parse_source(text, PATH).document == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 3},
        "c": {"x": 1, "y": 2},
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb:\n  c: {d: 1}\n  c: 2", 4),
        ('{"a": 1,\n "b": {"c": 1,\n "c": 2}}', 3),
    ],
)
def test_the_last_of_two_keys_counts_with_a_warning(text: str, line: int) -> None:
    source = parse_source(text, PATH)
    assert source.document == {"a": 1, "b": {"c": 2}}
    assert source.warnings == (
        f"template.yaml:{line}: the key c occurs twice; the last one counts",
    )


def test_generated_properties_are_named_as_they_are_written() -> None:
    text = """\
    Globals:
      Function: {Timeout: 3, CodeUri: code}
    Resources:
      Api:
        Type: AWS::Serverless::WebSocketApi
        Properties:
          Routes:
            $connect: {IntegrationTimeout: 5}
            send:
              IntegrationTimeout: 6
      Fun:
        Type: AWS::Serverless::Function
        Properties:
          Events:
            Early: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
            Late:
              Type: ScheduleV2
              Properties: {ScheduleExpression: rate(1 day)}
      Plain:
        Type: AWS::Lambda::Function
        Properties: {Code: code}
    """
    source = parse_source(dedent(text), PATH)
    for generated, name, expected in (
        ("ApiSendIntegration", "TimeoutInMillis", "10: Api: Routes.send.IntegrationTimeout"),
        ("ApiConnectIntegration", "TimeoutInMillis", "8: Api: Routes.$connect.IntegrationTimeout"),
        ("FunLate", "ScheduleExpression", "18: Fun: Events.Late.Properties.ScheduleExpression"),
        ("FunEarly", "ScheduleExpression", "15: Fun: Events.Early.Properties.Schedule"),
        ("Fun", "Timeout", "2: Fun: Timeout"),
        ("Fun", "Code", "2: Fun: CodeUri"),
        ("Plain", "Code", "21: Plain: Code"),
    ):
        assert str(source.resource_place(generated, name)) == f"template.yaml:{expected}"


def test_lines_of_properties_and_of_resources_that_sam_generated() -> None:
    text = """\
    Resources:
      Api:
        Type: AWS::Serverless::WebSocketApi
        Properties:
          Name: x
          Routes:
            $connect: {}
    """
    source = parse_source(dedent(text), PATH)
    assert str(source.resource_place("Api", "Routes", "$connect")) == (
        "template.yaml:7: Api: Routes.$connect"
    )
    assert str(source.resource_place("ApiConnectRoute", "Target")) == (
        "template.yaml:4: Api: Target"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: !Reff X", "template.yaml:1: unknown tag !Reff; did you mean !Ref?"),
        ("a:\n  b: [1", "template.yaml:3: is not valid YAML: "),
        ("a: 1\n\tb: 2", "template.yaml:2: is not valid YAML: "),
        ("a: &x [*x]", "template.yaml:1: a YAML alias refers to itself"),
        ("? [1]\n: 2", "template.yaml:1: a key must be text"),
        ("- 1", "template.yaml: is not a template; expected an object with a Resources section"),
        ("", "template.yaml: is not a template; "),
        ('{"a": 1', "template.yaml:2: is not valid YAML: "),
        ("a: \x00", "template.yaml: is neither YAML nor JSON: "),
    ],
)
def test_mistakes(text: str, message: str) -> None:
    with pytest.raises(TemplateError) as raised:
        parse_source(text, PATH)
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_aliases_cannot_blow_up_the_memory() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(TemplateError, match="more than 100000 values"):
        parse_source("\n".join(lines), PATH)


def test_missing_file_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"no\.yaml: there is no such file$"):
        load_source(tmp_path / "no.yaml")
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TemplateError, match=r"b\.yaml: cannot be read"):
        load_source(tmp_path / "b.yaml")
    with pytest.raises(TemplateError, match="cannot be read"):
        load_source(tmp_path)
