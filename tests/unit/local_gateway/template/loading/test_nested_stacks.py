"""Nested applications and stacks become part of the template that names them."""

from collections.abc import Mapping

import pytest

from local_gateway.core.model import Application
from local_gateway.template.application import build_application
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.loading.template import ResourceValues
from tests.unit.local_gateway.template.project import Project

SAM = "Transform: AWS::Serverless-2016-10-31\n"
QUEUE = "  Queue: {Type: AWS::SQS::Queue}\n"
FUNCTION = """\
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: code
      Environment: {Variables: {STACK: !Ref AWS::StackName, %s}}
"""


def write_nested(project: Project, body: str, name: str = "nested/template.yaml") -> None:
    project.write(f"{name.rpartition('/')[0]}/code/app.py", "def handler(event, context): ...\n")
    project.write(name, SAM + body)


def parent(*stacks: str, rest: str = "") -> str:
    """A template with these nested applications, `Name: {Location: …}`."""
    lines = []
    for stack in stacks:
        name, _, properties = stack.partition(": ")
        lines.append(
            f"  {name}: {{Type: AWS::Serverless::Application, Properties: {properties}}}\n"
        )
    return f"{SAM}Resources:\n{''.join(lines)}{rest}"


def failure(project: Project, template: str, overrides: Mapping[str, str] | None = None) -> str:
    with pytest.raises(TemplateError) as raised:
        build_application(project.load(template, overrides), ResourceValues())
    return str(raised.value).replace(f"{project.root}/", "")


def environment(application: Application, function: str) -> Mapping[str, str]:
    return {
        name: value
        for name, value in application.functions[function].environment.items()
        if name != "STACK"
    }


def test_functions_of_a_nested_application_are_served_with_paths_as_ids(project: Project) -> None:
    write_nested(project, f"Resources:\n{FUNCTION % 'A: b'}")
    application = project.build(parent("One: {Location: nested/template.yaml}"))
    function = application.functions["One/Function"]
    assert function.code == project.root / "nested" / "code"
    assert function.logical_id == "One/Function"


def test_a_stack_of_plain_cloudformation_is_served(project: Project) -> None:
    write_nested(project, "Resources:\n  Table: {Type: AWS::DynamoDB::Table}\n")
    template = project.load(
        """\
        Resources:
          Data:
            Type: AWS::CloudFormation::Stack
            Properties: {TemplateURL: ./nested/template.yaml}
        """
    )
    assert list(template.resources) == ["Data/Table"]


def test_a_location_may_be_a_file_url_or_an_intrinsic(project: Project) -> None:
    write_nested(project, f"Resources:\n{FUNCTION % 'A: b'}")
    url = f"file://{project.root}/nested/template.yaml"
    template = parent(
        f"One: {{Location: '{url}'}}",
        "Two: {Location: !Sub '${Folder}/template.yaml'}",
        rest="Parameters: {Folder: {Type: String, Default: nested}}\n",
    )
    assert list(project.build(template).functions) == ["One/Function", "Two/Function"]


def test_names_of_two_stacks_of_one_template_differ_and_stay(project: Project) -> None:
    write_nested(project, f"Resources:\n{FUNCTION % 'ID: !Ref AWS::StackId'}")
    text = parent("One: {Location: nested/template.yaml}", "Two: {Location: nested/template.yaml}")
    first, second = project.build(text), project.build(text)
    one, two = first.functions["One/Function"], first.functions["Two/Function"]
    assert one.name != two.name
    assert one.environment["STACK"].startswith("local-One-")
    assert one.name == f"{one.environment['STACK']}-Function"
    assert f"stack/{two.environment['STACK']}/" in two.environment["ID"]
    assert first.functions == second.functions


def test_long_names_are_cut_and_still_differ(project: Project) -> None:
    write_nested(project, f"Resources:\n{FUNCTION % 'A: b'}".replace("Function:", f"{'F' * 40}:"))
    application = project.build(
        parent(
            *(f"{'S' * 30}{at}: {{Location: nested/template.yaml}}" for at in ("One", "Two")),
        )
    )
    names = {function.name for function in application.functions.values()}
    assert {len(name) for name in names} == {64}
    assert len(names) == 2


def test_two_functions_of_one_name_are_refused(project: Project) -> None:
    write_nested(project, f"Resources:\n{FUNCTION % 'A: b'}      FunctionName: same\n")
    text = parent("One: {Location: nested/template.yaml}", "Two: {Location: nested/template.yaml}")
    assert failure(project, text) == (
        "nested/template.yaml:10: Two/Function: FunctionName: One/Function has the name same, too; "
        "give one of them another name"
    )


def test_layers_of_one_name_are_versions_of_it(project: Project) -> None:
    project.write("nested/layer/python/words.py")
    write_nested(
        project,
        "Resources:\n"
        "  Words: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer}}\n"
        + FUNCTION % "LAYER: !Ref Words"
        + "      Layers: [!Ref Words]\n",
    )
    application = project.build(
        parent("One: {Location: nested/template.yaml}", "Two: {Location: nested/template.yaml}")
    )
    layers = [function.environment["LAYER"] for function in application.functions.values()]
    assert [arn.rpartition(":layer:")[2] for arn in layers] == ["Words:1", "Words:2"]
    assert [len(function.layers) for function in application.functions.values()] == [1, 1]


def test_parameters_are_values_and_intrinsics_of_the_parent(project: Project) -> None:
    write_nested(
        project,
        """\
Parameters:
  Size: {Type: Number, Default: 3}
  Stage: {Type: String}
  Table: {Type: String}
  Arns: {Type: CommaDelimitedList}
  Both: {Type: String}
Resources:
"""
        + FUNCTION
        % (
            'SIZE: !Ref Size, STAGE: !Ref Stage, TABLE: !Sub "<${Table}>", '
            'SECOND: !Select [1, !Ref Arns], BOTH: !Ref Both, OWN: !Sub "${Table}-${X}-${!Y}"'
        ).replace('!Sub "${Table}-${X}-${!Y}"', '!Sub ["${Table}-${X}-${!Y}", {X: !Ref Stage}]'),
    )
    application = project.build(
        """\
Transform: AWS::Serverless-2016-10-31
Parameters: {Stage: {Type: String, Default: prod}}
Resources:
  Table: {Type: AWS::DynamoDB::Table}
  One:
    Type: AWS::Serverless::Application
    Properties:
      Location: nested/template.yaml
      Parameters:
        Stage: !Ref Stage
        Table: !Ref Table
        Arns: !Join [",", [first, !GetAtt Table.Arn]]
        Both: !Sub "${Stage} ${Table.Arn}"
""",
        ResourceValues(refs={"Table": "rows"}, attributes={("Table", "Arn"): "arn:rows"}),
    )
    assert environment(application, "One/Function") == {
        "SIZE": "3",
        "STAGE": "prod",
        "TABLE": "<rows>",
        "SECOND": "arn:rows",
        "BOTH": "prod arn:rows",
        "OWN": "rows-prod-${Y}",
    }


def test_outputs_are_read_in_the_parent_and_passed_on(project: Project) -> None:
    write_nested(
        project,
        """\
Resources:
  Queue: {Type: AWS::SQS::Queue}
Outputs:
  Url: {Value: !Ref Queue}
  Sentence: {Value: !Sub "the queue ${Queue.Arn} of ${AWS::StackName}"}
""",
        "data/template.yaml",
    )
    write_nested(
        project,
        f"Parameters: {{Url: {{Type: String}}}}\nResources:\n{FUNCTION % 'URL: !Ref Url'}",
    )
    application = project.build(
        parent(
            "Code: {Location: nested/template.yaml, Parameters: {Url: !GetAtt Data.Outputs.Url}}",
            "Data: {Location: data/template.yaml}",
            rest="""\
Outputs:
  Sentence: {Value: !Sub "${Data.Outputs.Sentence}!"}
  Name: {Value: !GetAtt [Data, Outputs.Url]}
""",
        ),
        ResourceValues(
            refs={"Data/Queue": "http://q"}, attributes={("Data/Queue", "Arn"): "arn:q"}
        ),
    )
    assert environment(application, "Code/Function") == {"URL": "http://q"}
    assert application.outputs["Name"] == "http://q"
    assert application.outputs["Sentence"].startswith("the queue arn:q of local-Data-")


def test_a_stack_is_nested_twice(project: Project) -> None:
    write_nested(
        project,
        f"Parameters: {{Name: {{Type: String}}}}\nResources:\n{FUNCTION % 'NAME: !Ref Name'}"
        "Outputs: {Arn: {Value: !GetAtt Function.Arn}}\n",
        "inner/template.yaml",
    )
    write_nested(
        project,
        """\
Parameters: {Name: {Type: String}}
Mappings: {Words: {greeting: {en: hello}}}
Resources:
  Inner:
    Type: AWS::Serverless::Application
    Properties:
      Location: ../inner/template.yaml
      Parameters: {Name: !Sub ["${Word} ${Name}", {Word: !FindInMap [Words, greeting, en]}]}
Outputs: {Arn: {Value: !GetAtt Inner.Outputs.Arn}}
""",
        "outer/template.yaml",
    )
    application = project.build(
        parent(
            "Outer: {Location: outer/template.yaml, Parameters: {Name: !Ref Queue}}",
            rest=f"{QUEUE}Outputs: {{Arn: {{Value: !GetAtt Outer.Outputs.Arn}}}}\n",
        ),
        ResourceValues(refs={"Queue": "world"}),
    )
    function = application.functions["Outer/Inner/Function"]
    assert environment(application, "Outer/Inner/Function") == {"NAME": "hello world"}
    assert function.environment["STACK"].startswith("local-Outer-")
    assert "-Inner-" in function.environment["STACK"]
    assert application.outputs == {"Arn": function.arn}


def test_maps_of_a_nested_template_are_its_own(project: Project) -> None:
    write_nested(
        project,
        "Mappings: {Sizes: {small: {cpu: 1}}}\nResources:\n"
        + FUNCTION % "CPU: !FindInMap [Sizes, small, cpu]",
    )
    application = project.build(
        parent("One: {Location: nested/template.yaml}").replace(
            "Resources:", "Mappings: {Sizes: {small: {cpu: 2}}}\nResources:"
        )
    )
    assert environment(application, "One/Function") == {"CPU": "1"}


@pytest.mark.parametrize(("stage", "functions"), [("prod", ["One/Function"]), ("dev", [])])
def test_a_false_condition_leaves_a_whole_stack_out(
    project: Project, stage: str, functions: list[str]
) -> None:
    write_nested(project, f"Resources:\n{FUNCTION % 'A: b'}")
    template = project.load(
        SAM
        + """\
Parameters: {Stage: {Type: String}}
Conditions: {Prod: !Equals [!Ref Stage, prod]}
Resources:
  Queue: {Type: AWS::SQS::Queue}
  One:
    Type: AWS::Serverless::Application
    Condition: Prod
    Properties: {Location: nested/template.yaml}
Outputs: {Id: {Value: !If [Prod, !Ref One, none]}}
""",
        {"Stage": stage},
    )
    values = ResourceValues(refs={"Queue": "q"})
    application = build_application(template, values).application
    assert list(application.functions) == functions
    assert application.outputs["Id"].startswith("none" if stage == "dev" else "arn:aws:cloudform")


NOTICED = (
    """\
Parameters:
  Topic: {Type: String, Default: ""}
Conditions:
  HasTopic: !Not [!Equals [!Ref Topic, ""]]
Resources:
  Extra: {Type: AWS::SQS::Queue, Condition: HasTopic}
"""
    + FUNCTION % 'TOPIC: !If [HasTopic, !Ref Topic, "nobody"]'
)


def test_a_condition_may_ask_whether_a_resource_is_passed(project: Project) -> None:
    write_nested(project, NOTICED)
    template = project.load(
        parent(
            "With: {Location: nested/template.yaml, Parameters: {Topic: !Ref Topic}}",
            "Without: {Location: nested/template.yaml}",
            rest="  Topic: {Type: AWS::SNS::Topic}\n",
        )
    )
    assert set(template.resources) > {"With/Extra", "Without/Function"}
    assert "Without/Extra" not in template.resources
    application = build_application(
        template, ResourceValues(refs={"Topic": "arn:topic"})
    ).application
    assert environment(application, "With/Function") == {"TOPIC": "arn:topic"}
    assert environment(application, "Without/Function") == {"TOPIC": "nobody"}


def test_a_condition_cannot_compare_what_does_not_exist_yet(project: Project) -> None:
    write_nested(project, NOTICED.replace('Topic, ""]]', "Topic, mine]]"))
    text = parent(
        "One: {Location: nested/template.yaml, Parameters: {Topic: !Ref Topic}}",
        rest="  Topic: {Type: AWS::SNS::Topic}\n",
    )
    assert failure(project, text).splitlines()[0] == (
        "nested/template.yaml:7: One/Extra: a condition compares a parameter whose value comes "
        "from a resource of the parent stack, which does not exist yet; compare it with an empty "
        "text only"
    )


def test_a_stack_waits_for_what_it_depends_on(project: Project) -> None:
    write_nested(project, "Resources:\n  Queue: {Type: AWS::SQS::Queue}\n")
    template = project.load(
        """\
        Resources:
          Table: {Type: AWS::DynamoDB::Table}
          One:
            Type: AWS::CloudFormation::Stack
            DependsOn: Table
            Properties: {TemplateURL: nested/template.yaml}
          Last: {Type: AWS::SQS::Queue, DependsOn: [One, Table]}
        """
    )
    assert template.resources["One/Queue"].depends_on == ("Table",)
    assert template.resources["Last"].depends_on == ("One/Queue", "Table")


def test_a_nested_template_of_dashboards_is_left_out(project: Project) -> None:
    write_nested(
        project,
        "Parameters: {Function: {Type: String}}\nResources:\n"
        "  Alarm: {Type: AWS::CloudWatch::Alarm}\n"
        "  Dashboard: {Type: AWS::CloudWatch::Dashboard}\n",
    )
    read = project.read(
        parent(
            "Watching: {Location: nested/template.yaml, Parameters: {Function: !Ref Function}}",
            rest=FUNCTION % "A: b",
        )
    )
    assert list(read.application.functions) == ["Function"]
    assert read.warnings == ()


def test_every_file_is_among_the_files_of_the_template(project: Project) -> None:
    write_nested(project, f"Resources:\n{FUNCTION % 'A: b'}")
    template = project.load(parent("One: {Location: nested/template.yaml}"))
    assert template.files == {
        project.root / "template.yaml",
        project.root / "nested" / "template.yaml",
    }


def test_a_mistake_in_a_nested_template_names_its_file_and_line(project: Project) -> None:
    write_nested(project, f"Resources:\n{FUNCTION % 'A: b'}      Tiemout: 3\n")
    assert failure(project, parent("One: {Location: nested/template.yaml}")).startswith(
        "nested/template.yaml:10: One/Function: Tiemout: property Tiemout not defined"
    )


def test_a_reference_into_a_nested_stack_needs_an_output(project: Project) -> None:
    write_nested(project, "Resources:\n  Queue: {Type: AWS::SQS::Queue}\n")
    rest = "Outputs: {X: {Value: !GetAtt One.Outputs.Url}}\n"
    assert failure(project, parent("One: {Location: nested/template.yaml}", rest=rest)) == (
        "template.yaml:4: Outputs.X: One has no Outputs.Url, its outputs are: none; "
        "write One.Outputs.NAME"
    )


PARAMETERS = """\
Parameters:
  Size: {Type: Number, MaxValue: 5, Default: 1}
  Name: {Type: String, AllowedPattern: "[a-z]+"}
Resources:
  Queue: {Type: AWS::SQS::Queue}
"""


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            "{Name: a, Nmae: b}",
            "Parameters.Nmae: template.yaml has no parameter Nmae, its parameters are: Size, Name; "
            "did you mean Name?",
        ),
        (
            "{}",
            "Parameters.Name: the parameter has no default and no value; template.yaml needs it, "
            "give it under Parameters",
        ),
        ("{Name: a, Size: six}", "Parameters.Size: 'six' is not a Number"),
        ("{Name: a, Size: 6}", "Parameters.Size: '6' is more than MaxValue 5"),
        (
            "{Name: [a, b]}",
            'Parameters.Name: expected text; for a list write !Join [",", …]',
        ),
        ("{Name: A}", "Parameters.Name: 'A' does not match AllowedPattern [a-z]+"),
        (
            "{Name: !Ref Function}",
            "Parameters.Name: 'local-Function' does not match Allowed",
        ),
        ("[a]", "Parameters: Property 'Parameters' should be a map"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(
    project: Project, parameters: str, message: str
) -> None:
    write_nested(project, PARAMETERS)
    stack = f"One: {{Location: nested/template.yaml, Parameters: {parameters}}}"
    text = failure(project, parent(stack, rest=FUNCTION % "A: b"))
    assert text.startswith("template.yaml:3: One: ")
    assert message in text


@pytest.mark.parametrize(
    ("location", "message"),
    [
        (
            "{ApplicationId: arn:app, SemanticVersion: 1.0.0}",
            "Location: the nested template is in the Serverless Application Repository, not on "
            "this machine; it is left out; to serve it, give the path of a template file",
        ),
        (
            '"https://s3.amazonaws.com/bucket/template.yaml"',
            "Location: the nested template is at a URL, not on this machine; it is left out",
        ),
        ('"s3://bucket/template.yaml"', "Location: the nested template is at a URL, not on this"),
    ],
)
def test_a_template_that_is_in_an_account_is_left_out(
    project: Project, location: str, message: str
) -> None:
    template = project.load(parent(f"One: {{Location: {location}}}", rest=QUEUE))
    [error] = template.not_served
    assert str(error).startswith(f"{project.root}/template.yaml:3: One: {message}")
    assert [item.logical_id for item in template.served] == ["Queue"]


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("!Ref Queue", "Location: Queue does not exist yet when this is read; only parameters"),
        ("nested", "Location: there is no template file "),
        ("missing.yaml", "Location: there is no template file "),
        ("template.yaml", "Location: the template is nested in itself: template.yaml → template"),
    ],
)
def test_a_template_that_is_not_here_is_refused(
    project: Project, location: str, message: str
) -> None:
    write_nested(project, PARAMETERS)
    text = failure(project, parent(f"One: {{Location: {location}}}", rest=QUEUE))
    assert text.startswith(f"template.yaml:3: One: {message}")


def test_a_stack_without_its_url_is_refused(project: Project) -> None:
    text = failure(project, "Resources:\n  One: {Type: AWS::CloudFormation::Stack}\n")
    assert text == "template.yaml:2: One: TemplateURL: expected the path of a template file"


def test_stacks_that_depend_on_each_other_are_refused(project: Project) -> None:
    write_nested(
        project,
        "Parameters: {X: {Type: String}}\nResources:\n  Queue: {Type: AWS::SQS::Queue}\n"
        "Outputs: {Url: {Value: !Ref Queue}}\n",
    )
    text = parent(
        "One: {Location: nested/template.yaml, Parameters: {X: !Ref Parameter}}",
        "Two: {Location: nested/template.yaml, Parameters: {X: !GetAtt One.Outputs.Url}}",
        rest="  Parameter:\n"
        "    Type: AWS::SSM::Parameter\n"
        "    Properties: {Type: String, Value: !GetAtt Two.Outputs.Url}\n",
    )
    assert failure(project, text) == (
        "template.yaml:3: One: the resources depend on each other: One → Parameter → Two → One"
    )


def test_resources_of_another_stack_are_no_resources_of_this_one(project: Project) -> None:
    write_nested(project, f"Resources:\n{FUNCTION % 'URL: !Ref Queue'}")
    text = parent("One: {Location: nested/template.yaml}", rest=QUEUE)
    assert failure(project, text) == (
        "nested/template.yaml:9: One/Function: Environment: Queue refers to no resource or "
        "parameter of the template"
    )


def test_what_would_invoke_a_function_of_another_stack_is_refused(project: Project) -> None:
    write_nested(
        project,
        f"Resources:\n{FUNCTION % 'A: b'}Outputs: {{Arn: {{Value: !GetAtt Function.Arn}}}}\n",
    )
    pool = (
        "  Pool:\n    Type: AWS::Cognito::UserPool\n    Properties:\n"
        "      LambdaConfig: {PostConfirmation: !GetAtt One.Outputs.Arn}\n"
    )
    template = project.load(parent("One: {Location: nested/template.yaml}", rest=pool))
    [error] = template.not_served
    assert "triggers that invoke a function are not served" in str(error)
    assert template.resources["Pool"].properties["LambdaConfig"] is None
