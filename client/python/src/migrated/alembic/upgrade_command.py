"""`migrated-alembic upgrade` and `downgrade`: the daemon has the run, this process executes the scripts."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Mapping
from typing import Any

from migrated._sync.client import Client
from migrated._sync.run import Run
from migrated.config import Config
from migrated.config.keys import Settings
from migrated.errors import MigratedError, RunFailed
from migrated.result import RunState

from .bodies import folder_of
from .environment import Configured, learn
from .executing import execute_steps
from .narrate import narrate
from .project import Project, ProjectError
from .proof import neutral


def describe(commands: Any) -> None:
    """Add both commands."""
    for name, text in (
        ("upgrade", "apply revisions up to REV"),
        ("downgrade", "take revisions back down to REV"),
    ):
        command: argparse.ArgumentParser = commands.add_parser(
            name, help=text, description=f"{text.capitalize()}."
        )
        command.add_argument(
            "revision", metavar="REV", help="as Alembic writes it: an id, head, heads, +1, label@head"
        )
        command.add_argument("--sql", action="store_true", help="write the script instead, as alembic does")
        command.set_defaults(run=run, direction=name)


def run(project: Project, options: argparse.Namespace) -> int:
    """Start the run, and execute its scripts."""
    if options.sql:
        from alembic import command

        getattr(command, options.direction)(project.config, options.revision, sql=True)
        return 0
    configured = only_one(project)
    with (
        folder_of(project.scripts, configured.dialect, configured.metadata) as folder,
        Client(Config.load(**settings(configured, [folder]))) as client,
    ):
        moving = getattr(client, options.direction)(options.revision)
        return follow(client, moving, project, configured.options)


def only_one(project: Project) -> Configured:
    """Learn what `env.py` configures; several databases in one `env.py` are not moved together."""
    found = learn(project.config, project.scripts, offline=False)
    if len(found) > 1:
        raise ProjectError(
            f"env.py configures {len(found)} contexts",
            "make it choose one, as by `context.get_x_argument()`, and run migrated-alembic once for each",
        )
    return found[0]


def settings(configured: Configured, folders: list[Any]) -> Settings:
    """Tell the client what the project is; the target is the project's URL, unless one is configured by name."""
    told: Settings = {"dirs": folders}
    config = Config.load()
    if config.text("target") is None and configured.url is not None:
        told["database_url"] = neutral(configured.url)
    options: Mapping[str, Any] = configured.options
    if options.get("version_table"):
        told["version_table"] = str(options["version_table"])
    if options.get("version_table_schema"):
        told["version_table_schema"] = str(options["version_table_schema"])
    return told


def follow(client: Client, moving: Run, project: Project, options: Mapping[str, Any]) -> int:
    """Tell the run's events while this thread executes the scripts."""
    begun = threading.Event()
    failed: list[MigratedError] = []

    def tell() -> None:
        try:
            for event in moving:
                begun.set()
                narrate(event)
        except MigratedError as error:
            failed.append(error)
        finally:
            begun.set()

    telling = threading.Thread(target=tell, name="migrated-events")
    telling.start()
    begun.wait()
    try:
        if moving.run_id and not failed:
            execute_steps(client, moving.run_id, project.scripts, options)
    except MigratedError as error:
        # A run that has ended already, having nothing to execute, tells its end itself.
        if error.reason != "RUN_ENDED":
            failed.append(error)
    telling.join()
    if not failed:
        return 0
    print(f"error: {failed[0]}", file=sys.stderr)  # noqa: T201 - a command speaks
    return exit_code(failed[0])


def exit_code(error: MigratedError) -> int:
    """Tell what `migratectl` would exit with: 5 for a target that is left partly migrated, 4 for any other run."""
    if not isinstance(error, RunFailed):
        return 1
    return 5 if error.result.state is RunState.PARTIAL else 4
