"""Where a project's settings are, as `alembic` looks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrated.alembic.project import Project
from migrated.alembic.project_error import ProjectError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with two projects, one of them in `other`."""
    for name in ("env", "other/env"):
        (tmp_path / name / "versions").mkdir(parents=True)
        (tmp_path / name / "env.py").write_text("")
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/env\n")
    (tmp_path / "other" / "own.ini").write_text("[alembic]\nscript_location = %(here)s/env\n")
    (tmp_path / "other" / "pyproject.toml").write_text('[tool.alembic]\nscript_location = "%(here)s/env"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def place(project: Project) -> str:
    """Tell where its scripts are."""
    return str(Path(project.scripts.dir).resolve().relative_to(Path.cwd()))


def test_the_working_directory(folder: Path) -> None:
    assert place(Project.load()) == "env"
    assert place(Project.load(Path("other", "own.ini"))) == "other/env"


def test_a_variable_names_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALEMBIC_CONFIG", "other/own.ini")
    assert place(Project.load()) == "other/env"
    assert place(Project.load(Path("alembic.ini"))) == "env"
    monkeypatch.setenv("ALEMBIC_CONFIG", "nowhere.ini")
    with pytest.raises(ProjectError, match=r"no file nowhere\.ini"):
        Project.load()


def test_pyproject_may_be_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "alembic.ini").unlink()
    assert place(Project.load(Path("other", "pyproject.toml"))) == "other/env"
    monkeypatch.setenv("ALEMBIC_CONFIG", "other/pyproject.toml")
    assert place(Project.load()) == "other/env"
