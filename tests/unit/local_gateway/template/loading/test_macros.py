"""Loops and included files, expanded as CloudFormation does."""

import pytest

from local_gateway.template.document.errors import TemplateError
from tests.unit.local_gateway.template.project import Project

EXTENSIONS = "Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]\n"
LOOPS = f"""\
{EXTENSIONS}\
Parameters: {{Names: {{Type: CommaDelimitedList, Default: "orders,first-class"}}}}
Mappings: {{Sizes: {{small: {{memory: 128}}}}}}
Resources:
  Fn::ForEach::Tables:
    - Name
    - !Ref Names
    - Table&{{Name}}:
        Type: AWS::SQS::Queue
        Properties: {{QueueName: !Sub "q-${{Name}}"}}
  Fn::ForEach::Functions:
    - Kind
    - [One, Two]
    - Fn::ForEach::Stages:
        - Stage
        - [dev]
        - Fun${{Kind}}${{Stage}}:
            Type: AWS::Serverless::Function
            Properties:
              Handler: app.handler
              Runtime: python3.13
              CodeUri: code
              MemorySize: !FindInMap [Sizes, !Ref Kind, memory, DefaultValue: 256]
              Environment:
                Variables:
                  KIND: !Ref Kind
                  COUNT: !Length [1, 2, 3]
                  TEXT: !ToJsonString {{name: !Ref Names}}
Outputs:
  Fn::ForEach::Out:
    - Kind
    - [One, Two]
    - "Arn${{Kind}}": {{Value: !GetAtt "Fun${{Kind}}dev.Arn"}}
"""


def test_loops_make_resources_and_outputs(project: Project) -> None:
    template = project.load(LOOPS)
    queues = [item.logical_id for item in template.of_type("AWS::SQS::Queue")]
    assert queues == ["Tableorders", "Tablefirstclass"]
    assert template.resources["Tablefirstclass"].properties["QueueName"] == {
        "Fn::Sub": "q-first-class"
    }
    assert list(template.outputs) == ["ArnOne", "ArnTwo"]


def test_functions_of_a_loop_have_the_values_of_their_turn(project: Project) -> None:
    text = LOOPS.replace("Type: AWS::SQS::Queue", "Type: AWS::IAM::Role").replace("QueueN", "RoleN")
    functions = project.build(text).functions
    assert [*functions] == ["FunOnedev", "FunTwodev"]
    assert functions["FunTwodev"].memory_size == 256
    assert functions["FunTwodev"].environment == {
        "KIND": "Two",
        "COUNT": "3",
        "TEXT": '{"name":["orders","first-class"]}',
    }


def test_a_mistake_in_a_loop_has_the_line_in_the_loop(project: Project) -> None:
    wrong = LOOPS.replace("q-${Name}", "q-${Nam}")
    assert (
        project.complaint(wrong)
        .splitlines()[0]
        .startswith(
            f"{project.root}/template.yaml:10: Tableorders: QueueName: Nam refers to no resource"
        )
    )


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        ("[x]", "Fn::ForEach takes an identifier, a list and an object; for example"),
        ("[Name, !Ref Stage, {}]", "Fn::ForEach: the collection is not a list"),
        ("[Name, [{}], {}]", "Fn::ForEach: the collection holds more than texts"),
    ],
)
def test_loops_that_are_refused(project: Project, loop: str, message: str) -> None:
    text = (
        f"{EXTENSIONS}Parameters: {{Stage: {{Type: String, Default: x}}}}\n"
        f"Resources:\n  Fn::ForEach::L: {loop}\n  Q: {{Type: AWS::SQS::Queue}}\n"
    )
    with pytest.raises(TemplateError) as raised:
        project.load(text)
    assert f":4: Resources.Fn::ForEach::L: {message}" in str(raised.value)


def test_a_loop_needs_its_transform(project: Project) -> None:
    with pytest.raises(TemplateError, match="needs the transform AWS::LanguageExtensions; add it"):
        project.load("Resources: {Fn::ForEach::L: [N, [a], {Q: {Type: AWS::SQS::Queue}}]}\n")


INCLUDING = """\
Transform: {Name: AWS::Include, Parameters: {Location: sections.yaml}}
Resources:
  Fn::Transform: {Name: AWS::Include, Parameters: {Location: more.yaml}}
  Fun:
    Type: AWS::Lambda::Function
    Properties:
      Handler: app.handler
      Runtime: python3.13
      Code: code
      Environment:
        Variables:
          OWN: x
          Fn::Transform: {Name: AWS::Include, Parameters: {Location: variables.json}}
"""


def test_included_files_are_read_and_watched(project: Project) -> None:
    project.write("sections.yaml", "Parameters: {Stage: {Type: String, Default: dev}}\n")
    project.write("more.yaml", "Role: {Type: AWS::IAM::Role}\n")
    project.write("variables.json", '{"OWN": "y", "MORE": "z"}')
    template = project.load(INCLUDING)
    assert "Role" in template.resources
    assert project.build(INCLUDING).functions["Fun"].environment == {"OWN": "x", "MORE": "z"}
    names = {path.name for path in template.files}
    assert names == {"template.yaml", "sections.yaml", "more.yaml", "variables.json"}


def test_an_included_file_that_is_missing_is_an_error(project: Project) -> None:
    with pytest.raises(TemplateError, match=r"variables.json: there is no such file"):
        project.load(INCLUDING)


@pytest.mark.parametrize(
    ("macro", "message"),
    [
        (
            "{Name: AWS::Include, Parameters: {Location: 's3://bucket/x.yaml'}}",
            "the included file s3://bucket/x.yaml is in S3, not on this machine; it is left out; "
            "to serve it, give the path of a local file",
        ),
        ("{Name: Company::Tags}", "the macro Company::Tags is not run here; it is left out"),
    ],
)
def test_a_resource_with_a_macro_of_an_account_is_left_out(
    project: Project, macro: str, message: str
) -> None:
    template = project.load(
        "Resources:\n  Q: {Type: AWS::SQS::Queue}\n"
        f"  R: {{Type: AWS::SQS::Queue, Properties: {{Fn::Transform: {macro}}}}}\n"
    )
    assert [str(error) for error in template.not_served] == [
        f"{project.root}/template.yaml:3: R: {message}"
    ]
    assert [item.logical_id for item in template.served] == ["Q"]


def test_another_macro_of_the_whole_template_is_a_warning(project: Project) -> None:
    template = project.load("Transform: Company::Tags\nResources: {Q: {Type: AWS::SQS::Queue}}\n")
    [error] = template.not_served
    assert "1: Transform: the macro Company::Tags is not run here; the template is read as" in str(
        error
    )
