"""The daemon's program on the PATH, as an installation has it."""

from __future__ import annotations

import os

import pytest

from bed.programs import PROGRAMS


@pytest.fixture(autouse=True)
def _program_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the programs of this checkout first."""
    monkeypatch.delenv("MIGRATED_PROGRAMS", raising=False)
    monkeypatch.setenv("PATH", f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}")
