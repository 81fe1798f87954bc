"""`migrated-alembic upgrade` and `downgrade`: the daemon has the run, this process executes the scripts."""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from migrated import events
from migrated._sync.client import Client
from migrated._sync.run import Run
from migrated.config import Config
from migrated.config.keys import Settings
from migrated.errors import MigratedError, RunFailed
from migrated.loss import Loss
from migrated.result import RunState

from .bodies import Bodies
from .narrate import narrate
from .project_error import ProjectError
from .uncollected import uncollected

if TYPE_CHECKING:
    from .environment import Configured
    from .project import Project

Learned: TypeAlias = "tuple[Project, Mapping[str, Any]]"
"""A project, and what its `env.py` gave to `configure()`."""


def run(load: Callable[[], Project], options: argparse.Namespace) -> int:
    """Start the run, and execute its scripts."""
    if options.sql:
        return write_script(load(), options)
    if options.configured:
        from .by_settings import run as run_by_settings

        return run_by_settings(load, options)
    project = load()
    with client_of(project) as (client, configured, bodies):
        moving = getattr(client, options.direction)(options.revision)
        return follow(client, moving, bodies, lambda: (project, configured.options))


def write_script(project: Project, options: argparse.Namespace) -> int:
    """Write the script, as Alembic's own environment does; what `env.py` prints is no part of it."""
    from alembic import command

    project.config.output_buffer = sys.stdout
    with redirect_stdout(sys.stderr):
        getattr(command, options.direction)(project.config, options.revision, sql=True)
    return 0


@contextmanager
def client_of(project: Project) -> Iterator[tuple[Client, Configured, Bodies]]:
    """Give a client for the project's database, which means the project's scripts."""
    configured = only_one(project)
    with uncollected():
        bodies = Bodies.of(project.scripts)
        manifest = bodies.manifest_for(project.scripts, configured.dialect, configured.metadata)
    with Client(Config.load(**settings(configured)), manifest=manifest) as client:
        yield client, configured, bodies


def only_one(project: Project) -> Configured:
    """Learn what `env.py` configures; several databases in one `env.py` are not moved together."""
    with uncollected():
        from .environment import learn

        found = learn(project.config, project.scripts, offline=False)
    if len(found) > 1:
        shown = ", ".join(one.url.render_as_string() if one.url else one.dialect for one in found)
        raise ProjectError(
            f"env.py runs migrations {len(found)} times: {shown}",
            "make it choose one, as by `context.get_x_argument()`, and run migrated-alembic once for each",
        )
    return found[0]


def settings(configured: Configured) -> Settings:
    """Tell the client what the project is; the target is the project's URL, unless one is configured by name."""
    told: Settings = {}
    config = Config.load()
    if config.text("target") is None and configured.url is not None:
        from .environment import neutral

        told["database_url"] = neutral(configured.url)
    options: Mapping[str, Any] = configured.options
    if options.get("version_table"):
        told["version_table"] = str(options["version_table"])
    if options.get("version_table_schema"):
        told["version_table_schema"] = str(options["version_table_schema"])
    return told


def follow(client: Client, moving: Run, bodies: Bodies, learned: Callable[[], Learned]) -> int:
    """Tell the run's events while this thread executes the scripts.

    `learned` is called when there is something to execute. What it raises ends the run.
    """
    wanted = threading.Event()
    over = threading.Event()
    failed: list[MigratedError] = []

    def tell() -> None:
        try:
            for event in moving:
                if isinstance(event.kind, events.ExecutorWanted):
                    wanted.set()
                narrate(event)
        except MigratedError as error:
            failed.append(error)
        finally:
            over.set()
            wanted.set()

    telling = threading.Thread(target=tell, name="migrated-events")
    telling.start()
    wanted.wait()
    try:
        if not over.is_set():
            _execute(client, moving.run_id, *_learned(moving, telling, learned), bodies.paths, over)
    except MigratedError as error:
        # A run that has ended already, having nothing to execute, tells its end itself.
        if error.reason != "RUN_ENDED":
            failed.append(error)
    telling.join()
    if not failed:
        return 0
    print(f"error: {failed[0]}", file=sys.stderr)  # noqa: T201 - a command speaks
    return exit_code(failed[0])


def _learned(moving: Run, telling: threading.Thread, learned: Callable[[], Learned]) -> Learned:
    """Learn what the scripts need; nothing was executed by now, and without it nothing will be."""
    try:
        return learned()
    except BaseException:
        moving.cancel("the project cannot be used")
        telling.join()
        raise


def _execute(
    client: Client,
    run_id: str,
    project: Project,
    options: Mapping[str, Any],
    paths: Mapping[str, Path],
    over: threading.Event,
) -> None:
    """Execute the run's scripts until it is over; a stream that dies is opened again, as the run's own is."""
    loss: Loss | None = None
    while not over.is_set():
        from .executing import ConversationLostError, execute_steps

        try:
            execute_steps(client, run_id, project, paths, options)
        except ConversationLostError as error:
            if loss is None:
                loss = Loss(str(error.__cause__))
            else:
                loss.again(str(error.__cause__))
            if loss.is_hopeless and isinstance(error.__cause__, MigratedError):
                raise error.__cause__ from None
            over.wait(max(loss.next_try - time.monotonic(), 0))
        else:
            return


def exit_code(error: MigratedError) -> int:
    """Tell what `migratectl` would exit with: 5 for a target that is left partly migrated, 4 for any other run."""
    if not isinstance(error, RunFailed):
        return 1
    return 5 if error.result.state is RunState.PARTIAL else 4
