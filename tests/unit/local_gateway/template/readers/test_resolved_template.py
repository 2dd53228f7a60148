"""What resources answer to `Ref` and `Fn::GetAtt`."""

import pytest

from local_gateway.template.document.errors import TemplateError
from tests.unit.local_gateway.template.project import Project


def failure(project: Project, template: str) -> str:
    with pytest.raises(TemplateError) as raised:
        project.build(template)
    return str(raised.value).removeprefix(f"{project.root}/template.yaml:")


def test_names_that_need_each_other(project: Project) -> None:
    text = failure(
        project,
        """\
Resources:
  A:
    Type: AWS::Lambda::Function
    Properties:
      {FunctionName: !Sub "${B}-a", Code: code, Handler: app.handler, Runtime: python3.13}
  B:
    Type: AWS::Lambda::Function
    Properties:
      {FunctionName: !Sub "${A}-b", Code: code, Handler: app.handler, Runtime: python3.13}
""",
    )
    assert text == "5: A: FunctionName: the resources depend on each other: A → B → A"
