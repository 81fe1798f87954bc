"""An Alembic project, as `alembic.ini` or `pyproject.toml` describes it."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from configparser import Error as ConfigParserError
from dataclasses import dataclass
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from .project_error import ProjectError

VARIABLE = "ALEMBIC_CONFIG"
"""Names the settings where no argument does."""


@dataclass(frozen=True)
class Project:
    """Where a project's scripts are, and with which settings `env.py` runs."""

    config: Config
    scripts: ScriptDirectory

    @classmethod
    def load(
        cls,
        ini: Path | None = None,
        section: str = "alembic",
        x: Sequence[str] = (),
        folder: Path | None = None,
    ) -> Project:
        """Read a project as the `alembic` command does: `alembic.ini` and `pyproject.toml` of the working directory.

        `ini` or, where it is not given, the variable `ALEMBIC_CONFIG` names another file than either of these. `x` are
        the arguments that `context.get_x_argument()` gives. Raises `ProjectError`.
        """
        folder = folder or Path()
        named, pyproject = folder / "alembic.ini", folder / "pyproject.toml"
        told = ini or (Path(variable) if (variable := os.environ.get(VARIABLE)) else None)
        if told is not None and not told.is_file():
            raise ProjectError(f"no file {told}", "name the project's alembic.ini with --config")
        if told is not None and told.name == pyproject.name:
            pyproject = told
        elif told is not None:
            named = told
        options = Namespace(x=list(x) or None, config=[str(named)], name=section)
        if hasattr(Config(), "toml_file_name"):
            config = Config(
                str(named) if named.is_file() else None,
                toml_file=str(pyproject) if pyproject.is_file() else None,
                ini_section=section,
                cmd_opts=options,
                stdout=sys.stdout,
            )
        else:
            config = Config(
                str(named) if named.is_file() else None,
                ini_section=section,
                cmd_opts=options,
                stdout=sys.stdout,
            )
        return cls.of(config)

    @classmethod
    def of(cls, config: Config) -> Project:
        """Open the project that settings describe. Raises `ProjectError`."""
        try:
            return cls(config, ScriptDirectory.from_config(config))
        except (CommandError, ConfigParserError) as error:
            raise ProjectError(
                " ".join(str(error).split()),
                "go to the project's folder, or name its alembic.ini with --config",
            ) from error
