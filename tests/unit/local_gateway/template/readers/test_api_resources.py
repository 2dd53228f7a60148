"""Stages and their throttles, and resources that belong to no API."""

import pytest

from local_gateway.core.model import Throttle
from local_gateway.template.document.errors import TemplateError
from tests.unit.local_gateway.template.project import Project

SAM = """\
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.13, Handler: app.handler, CodeUri: code}}
Resources:
"""


def failure(project: Project, template: str) -> str:
    with pytest.raises(TemplateError) as raised:
        project.build(template)
    return str(raised.value).removeprefix(f"{project.root}/template.yaml:")


HTTP_SAM = (
    SAM
    + """\
  Http:
    Type: AWS::Serverless::HttpApi
    Properties:
      StageName: v1
      StageVariables: {color: red}
      {more}
  Shop:
    Type: AWS::Serverless::Function
    Properties:
      Events: {Any: {Type: HttpApi, Properties: {ApiId: !Ref Http}}}
"""
)


THROTTLED = (
    "DefaultRouteSettings: {ThrottlingRateLimit: 50, ThrottlingBurstLimit: 60}\n"
    "      RouteSettings: {$default: {ThrottlingBurstLimit: 2}}"
)


def test_throttles_of_a_stage(project: Project) -> None:
    [api] = project.build(HTTP_SAM.replace("{more}", THROTTLED)).http_apis
    [stage] = api.stages
    assert stage.default_throttle == Throttle(rate=50, burst=60)
    # What a route leaves out is the account's.
    assert stage.throttles == {"$default": Throttle(rate=10_000, burst=2)}


def test_throttle_of_an_unknown_route_is_refused(project: Project) -> None:
    template = HTTP_SAM.replace("{more}", THROTTLED.replace("$default:", "POST /logn:"))
    assert "there is no route POST /logn" in failure(project, template)
