"""An Alembic project, as `alembic.ini` or `pyproject.toml` describes it."""

from __future__ import annotations

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

        `x` are the arguments that `context.get_x_argument()` gives. Raises `ProjectError`.
        """
        folder = folder or Path()
        named, pyproject = ini or folder / "alembic.ini", folder / "pyproject.toml"
        if ini is not None and not ini.is_file():
            raise ProjectError(f"no file {ini}", "name the project's alembic.ini with --config")
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
