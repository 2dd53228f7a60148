"""Archives of code are unpacked safely, and again when they change."""

import zipfile
from pathlib import Path

import pytest

from local_gateway.template.document.errors import Place, TemplateError
from local_gateway.template.readers.archives import LARGEST, unpacked
from tests.unit.local_gateway.template.project import HANDLER, Project


def archive(path: Path, *entries: tuple[str | zipfile.ZipInfo, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, text in entries:
            opened.writestr(name, text)
    return path


def unpack(path: Path) -> Path:
    return unpacked(path, path.parent, Place(file=path))


def entry(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def test_content_modes_and_links(tmp_path: Path) -> None:
    made = archive(
        tmp_path / "code.zip",
        ("app.py", HANDLER),
        (entry("bin/run", 0o100755), "#!/bin/sh"),
        (entry("bin/link", 0o120777), "../app.py"),
    )
    folder = unpack(made)
    assert folder.is_relative_to(tmp_path / ".local_gateway")
    assert (folder / "app.py").read_text() == HANDLER
    assert (folder / "bin/run").stat().st_mode & 0o111
    assert (folder / "bin/link").read_text() == HANDLER
    assert unpack(made) == folder


def test_a_newer_archive_has_another_folder_and_the_oldest_goes(tmp_path: Path) -> None:
    folders = [unpack(archive(tmp_path / "code.zip", ("app.py", text))) for text in ("1", "2", "3")]
    assert [folder.exists() for folder in folders] == [False, True, True]
    assert [(folder / "app.py").read_text() for folder in folders[1:]] == ["2", "3"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("../evil.py", "x", "the archive has a path that leads out: '../evil.py'"),
        ("/evil.py", "x", "the archive has a path that leads out: '/evil.py'"),
        ("a/../../evil.py", "x", "the archive has a path that leads out"),
        (entry("link", 0o120777), "/etc", "the archive has a link that leads out: 'link'"),
        (entry("link", 0o120777), "../..", "the archive has a link that leads out: 'link'"),
    ],
)
def test_nothing_is_written_outside(
    tmp_path: Path, name: str | zipfile.ZipInfo, text: str, message: str
) -> None:
    made = archive(tmp_path / "deep/er/code.zip", ("app.py", HANDLER), (name, text))
    with pytest.raises(TemplateError, match="that leads out") as raised:
        unpack(made)
    assert message in str(raised.value)
    assert not [*tmp_path.rglob("evil.py")]


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "code.zip"
    path.write_text("no archive")
    with pytest.raises(TemplateError, match="is not a zip archive"):
        unpack(path)


def test_an_archive_that_lambda_would_refuse_is_refused(tmp_path: Path) -> None:
    made = archive(tmp_path / "code.zip", ("zeros", "0" * (LARGEST + 1)))
    with pytest.raises(TemplateError, match="unpacked, AWS allows 262144000; make it smaller"):
        unpack(made)


FUNCTION = """\
Resources:
  Fun:
    Type: AWS::Lambda::Function
    Properties: {Handler: app.handler, Runtime: python3.13, Code: %s}
"""


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("build/deployment.zip", "build/deployment.zip"),
        ("chat.zip", "{S3Bucket: !Ref AWS::Region, S3Key: serverless/chat/dev/1-2/chat.zip}"),
        ("asset.abc.zip", "{S3Bucket: cdk-assets, S3Key: abc.zip}"),
    ],
)
def test_code_is_unpacked_from_beside_the_template(project: Project, file: str, code: str) -> None:
    path = archive(project.root / file, ("app.py", HANDLER))
    loaded = project.read(FUNCTION % code)
    assert (loaded.application.functions["Fun"].code / "app.py").is_file()
    assert loaded.archives == {path}


def test_code_of_the_cdk_without_metadata_is_the_folder_of_its_name(project: Project) -> None:
    project.write("asset.abc/app.py", HANDLER)
    [function] = project.build(FUNCTION % "{S3Bucket: b, S3Key: abc.zip}").functions.values()
    assert function.code == project.root / "asset.abc"
