"""One `pip install` brings package and programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from bed.programs import PROGRAMS
from bed.project import Project

PACKAGE = Path(__file__).parents[1]

USE = """
import shutil, sys, migrated
assert migrated.__file__.startswith(sys.prefix), migrated.__file__
assert shutil.which("migrated") is None
with migrated.Client(database_url="sqlite:///shop.db") as client:
    print(client.upgrade("head").result().rows)
"""


def run(*command: str | Path, **options: str | Path | dict[str, str]) -> str:
    done = subprocess.run(  # type: ignore[call-overload]
        command, capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told: str = done.stdout
    return told


def build(into: Path, **environ: str) -> Path:
    given = {k: v for k, v in os.environ.items() if not k.startswith("MIGRATED_")} | environ
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", into, cwd=PACKAGE, env=given)
    [wheel] = into.glob("*.whl")
    return wheel


def test_a_wheel_with_programs_needs_nothing_else(project: Project, tmp_path: Path) -> None:
    project.three()
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("migrated", "migratectl"):
        shutil.copy(PROGRAMS / name, programs / name)
        if shutil.which("strip"):
            # Symbols of an unoptimised build take minutes to pack.
            run("strip", programs / name)
    wheel = build(tmp_path / "dist", MIGRATED_PROGRAMS=str(programs))
    assert "py3-none-linux" in wheel.name
    venv = tmp_path / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", venv)
    run(sys.executable, "-m", "pip", "--python", venv, "install", "--no-index", "--no-deps", wheel)
    # What the package depends on is taken from where the tests run.
    [site] = venv.glob("lib/python*/site-packages")
    (site / "tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    environ = {**project.environ, "PATH": "/usr/bin:/bin"}
    python = venv / "bin" / "python"
    assert run(python, "-I", "-c", USE, cwd=project.folder, env=environ).strip() == "('c3',)"
    assert "migratectl" in run(venv / "bin" / "migratectl", "version", env=environ)


def test_a_wheel_without_programs_is_for_every_platform(tmp_path: Path) -> None:
    wheel = build(tmp_path)
    assert wheel.name.endswith("-py3-none-any.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("migrated/py.typed", "migrated/v1/run_pb2.pyi", "migrated/_sync/services/run.py"):
        assert name in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any("tests" in name or "scripts" in name for name in names)


def test_programs_that_are_missing_are_told(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="has no migrated"):
        build(tmp_path / "dist", MIGRATED_PROGRAMS=str(tmp_path))
