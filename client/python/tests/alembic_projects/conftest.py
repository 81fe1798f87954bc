"""The daemon's program on the PATH, as an installation has it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]


@pytest.fixture(autouse=True)
def _program_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the programs of this checkout first."""
    built = os.environ.get("MIGRATED_BIN_DIR") or str(
        Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug"
    )
    monkeypatch.setenv("PATH", f"{built}{os.pathsep}{os.environ['PATH']}")
