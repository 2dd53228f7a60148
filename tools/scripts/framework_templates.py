"""Packages the sample chats of three frameworks again, with the frameworks' own tools.

Usage: python -m tools.scripts.framework_templates [DIRECTORY]

`chalice package`, `cdk synth` and `serverless package` need no account. What they write is kept in
`tests/templates/frameworks/*/packaged`, so that the tests need not install half a gigabyte. The
tools are installed into DIRECTORY, by default a folder in the user's cache.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
FRAMEWORKS = ROOT / "tests/templates/frameworks"
UV = ROOT / ".venv-uv/bin/uv"
CHALICE = "chalice==1.34.0"
PACKAGED = "packaged"
DEFAULT = Path.home() / ".cache/sapa-framework-templates"


def main() -> None:
    """Install the tools, run them, and keep what they write."""
    tools = Path(sys.argv[1] if sys.argv[1:] else DEFAULT).absolute()
    tools.mkdir(parents=True, exist_ok=True)
    shutil.copy(FRAMEWORKS / "package.json", tools)
    run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"], tools)
    for framework, package in (("chalice", _chalice), ("cdk", _cdk), ("serverless", _serverless)):
        work = tools / "work" / framework
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(
            FRAMEWORKS / framework, work, ignore=shutil.ignore_patterns(PACKAGED, ".local_gateway")
        )
        kept = FRAMEWORKS / framework / PACKAGED
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir()
        package(tools, work, kept)
        print(
            f"{kept.relative_to(ROOT)}: {', '.join(sorted(path.name for path in kept.iterdir()))}"
        )


def run(command: list[str | Path], directory: Path) -> None:
    """Run a tool without an account; show what it says only if it fails."""
    done = subprocess.run(  # noqa: S603 - our own commands
        command,
        cwd=directory,
        env={**os.environ, **_variables(directory)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


def _variables(directory: Path) -> Mapping[str, str]:
    return {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "SLS_TELEMETRY_DISABLED": "1",
        "NODE_PATH": str(directory.parents[1] / "node_modules"),
    }


def _chalice(_: Path, work: Path, kept: Path) -> None:
    python = ["--python", sys.executable, "--with", "boto3"]
    tool: list[str | Path] = [UV, "tool", "run", *python, "--from", CHALICE]
    run([*tool, "chalice", "package", "--merge-template", "resources.json", "out"], work)
    for name in ("sam.json", "deployment.zip"):
        shutil.copy(work / "out" / name, kept)


def _cdk(tools: Path, work: Path, kept: Path) -> None:
    run([tools / "node_modules/.bin/cdk", "synth", "--quiet"], work)
    shutil.copy(work / "cdk.out/Chat.template.json", kept)
    for asset in (work / "cdk.out").glob("asset.*"):
        shutil.copytree(asset, kept / asset.name)


def _serverless(tools: Path, work: Path, kept: Path) -> None:
    run([tools / "node_modules/.bin/serverless", "package"], work)
    for name in ("cloudformation-template-update-stack.json", "chat.zip"):
        shutil.copy(work / ".serverless" / name, kept)


if __name__ == "__main__":
    main()
