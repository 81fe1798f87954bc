"""Puts the programs into the wheel.

    MIGRATED_PROGRAMS=../../target/release python -m build --wheel

Without that variable the wheel has no programs and is for every platform. `MIGRATED_WHEEL_PLATFORM` names the platform
of the programs, where it is not the one that this machine calls itself: `manylinux_2_36_x86_64`.
"""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PROGRAMS = ("migrated", "migratectl")


class ProgramsHook(BuildHookInterface[Any]):
    """Adds `migrated` and `migratectl` as scripts of the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the programs and the platform, where there are programs."""
        named = os.environ.get("MIGRATED_PROGRAMS")
        if not named or version == "editable":
            return
        folder = Path(self.root, named)
        missing = [name for name in PROGRAMS if not (folder / name).is_file()]
        if missing:
            raise FileNotFoundError(
                f"{folder} has no {' and no '.join(missing)}: run `cargo build --release`"
            )
        platform = os.environ.get("MIGRATED_WHEEL_PLATFORM") or sysconfig.get_platform()
        build_data["shared_scripts"] = {str(folder / name): name for name in PROGRAMS}
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform.replace('-', '_').replace('.', '_')}"
