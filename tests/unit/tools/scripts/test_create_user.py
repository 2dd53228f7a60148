"""Creating a user: who can log in afterwards, and what a person reads when it does not work."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
from mypy_boto3_cognito_idp.type_defs import PasswordPolicyTypeTypeDef

from tools.scripts.create_user import main
from tools.scripts.stacks import StackError, deployed_stack

REGION = "eu-west-1"
PASSWORD = "Correct-horse-7"
POLICY: PasswordPolicyTypeTypeDef = {
    "MinimumLength": 12,
    "RequireLowercase": True,
    "RequireUppercase": True,
    "RequireNumbers": True,
    "RequireSymbols": False,
}


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An AWS with a stack `bot` and one without users, `bare`."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    with mock_aws():
        pool = cognito().create_user_pool(PoolName="users", Policies={"PasswordPolicy": POLICY})
        pool_id = pool["UserPool"]["Id"]
        client = cognito().create_user_pool_client(
            UserPoolId=pool_id,
            ClientName="api",
            ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"],
        )
        make_stack("bare", {})
        make_stack(
            "bot",
            {
                "UserPoolId": pool_id,
                "UserPoolClientId": client["UserPoolClient"]["ClientId"],
                "PageUrl": "https://d123.cloudfront.net/",
            },
        )
        yield


def make_stack(name: str, outputs: dict[str, str]) -> None:
    """A stack with these outputs, and a queue, for it has to have something."""
    template = {
        "Resources": {"Q": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {key: {"Value": value} for key, value in outputs.items()},
    }
    boto3.client("cloudformation", REGION).create_stack(
        StackName=name, TemplateBody=json.dumps(template)
    )


def cognito() -> CognitoIdentityProviderClient:
    return boto3.client("cognito-idp", REGION)


def user(*arguments: str) -> int:
    return main(["ana", "--stack", "bot", "--region", REGION, *arguments])


def can_log_in(password: str) -> bool:
    outputs = deployed_stack("bot", REGION).outputs
    try:
        cognito().admin_initiate_auth(
            UserPoolId=outputs["UserPoolId"],
            ClientId=outputs["UserPoolClientId"],
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ana", "PASSWORD": password},
        )
    except cognito().exceptions.NotAuthorizedException:
        return False
    return True


def users() -> list[str]:
    pool = deployed_stack("bot", REGION).outputs["UserPoolId"]
    return [found["Username"] for found in cognito().list_users(UserPoolId=pool)["Users"]]


def test_a_user_can_log_in_with_the_password_that_was_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert user() == 0
    assert can_log_in(PASSWORD)
    printed = capsys.readouterr().out
    assert "https://d123.cloudfront.net/" in printed
    assert PASSWORD not in printed


def test_an_empty_password_is_made_up_and_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert user() == 0
    password = capsys.readouterr().out.split("Password")[1].split()[0]
    assert can_log_in(password)


def test_a_name_that_is_taken_keeps_its_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert user() == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("Another-horse-8\n"))
    assert user() == 1
    assert "there is a user ana already" in capsys.readouterr().err
    assert can_log_in(PASSWORD)


def test_a_password_is_replaced_when_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert user() == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("Another-horse-8\n"))
    assert user("--replace") == 0
    assert can_log_in("Another-horse-8")
    assert not can_log_in(PASSWORD)


def test_nobody_is_there_to_get_another_password(capsys: pytest.CaptureFixture[str]) -> None:
    assert user("--replace") == 1
    assert capsys.readouterr().err == "user: there is no user ana\n"


def test_a_password_that_breaks_the_policy_leaves_no_user(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert user() == 1
    assert users() == []
    [line] = capsys.readouterr().err.splitlines()
    assert "InvalidPasswordException" in line


def test_a_stack_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ana", "--stack", "other", "--region", REGION]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"user: there is no stack other in {REGION}: ")


def test_a_stack_without_users(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ana", "--stack", "bare", "--region", REGION]) == 1
    assert "the stack bare has no output UserPoolId" in capsys.readouterr().err


def test_a_pool_that_is_gone(capsys: pytest.CaptureFixture[str]) -> None:
    pool = deployed_stack("bot", REGION).outputs["UserPoolId"]
    cognito().delete_user_pool(UserPoolId=pool)
    assert user() == 1
    assert f"the user pool {pool} is not there any more" in capsys.readouterr().err


def test_the_region_is_the_one_that_the_stack_is_deployed_to(tmp_path: Path) -> None:
    samconfig = tmp_path / "samconfig.toml"
    samconfig.write_text(
        'version = 0.1\n[a.global.parameters]\nstack_name = "x"\nregion = "us-east-1"\n'
        f'[b.deploy.parameters]\nstack_name = "bot"\nregion = "{REGION}"\n'
    )
    assert deployed_stack("bot", samconfig=samconfig).session.region_name == REGION
    with pytest.raises(StackError, match=r"no region for the stack bare: name it with REGION=…"):
        deployed_stack("bare", samconfig=samconfig)


@pytest.mark.parametrize("arguments", [[], [""], ["ana", "--nonsense"]])
def test_a_command_line_that_makes_no_sense(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_nobody_to_ask_without_credentials(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    assert user() == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "log in with the AWS CLI" in line


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("a b", "it has a space"),
        (" ana", "it has a space"),
        ("a\tb", "it has the character U+0009"),
        ("a\u00a0b", "it has the character U+00A0"),
        ("a\u200bb", "it has the character U+200B"),
        ("a" * 129, "at most 128 characters"),
    ],
)
def test_name_that_cognito_refuses_is_refused_everywhere(
    capsys: pytest.CaptureFixture[str], name: str, problem: str
) -> None:
    assert main([name, "--stack", "bot", "--region", REGION]) == 1
    assert problem in capsys.readouterr().err
    assert users() == []


@pytest.mark.parametrize("name", ["ana@example.com", "Ünal", "用户", "a+b", "😀", "a" * 128])
def test_name_that_cognito_takes_is_taken(name: str) -> None:
    assert main([name, "--stack", "bot", "--region", REGION]) == 0
