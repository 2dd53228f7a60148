"""Fixtures of the template tests."""

from pathlib import Path

import pytest

from tests.unit.local_gateway.template.project import HANDLER, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with one handler, `code/app.py`."""
    project = Project(tmp_path)
    project.write("code/app.py", HANDLER)
    return project
