"""Calls that move a target, or tell where it stands."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from migrated._async.core import AsyncCore, as_duration
from migrated._async.run import AsyncRun
from migrated._async.seam import sleep
from migrated._async.services.migration import DOWNGRADE, STAMP, UPGRADE
from migrated._async.services.run import WATCH_RUN
from migrated.config.target import Target, dialect_of
from migrated.errors import ConfigInvalid, DaemonUnreachable, DeadlinePassed, ShuttingDown
from migrated.v1 import migration_service_pb2 as pb
from migrated.v1.event_pb2 import Direction
from migrated.v1.graph_pb2 import GraphRef
from migrated.v1.lint_pb2 import LintOptions, LintRequest, LintResponse
from migrated.v1.run_service_pb2 import WatchRunRequest
from migrated.v1.target_service_pb2 import GetTargetRequest

ANSWER = 1.0
"""How many seconds longer than the wait its answer may take: the daemon knows where the target stands."""

PAUSE = 2.0
"""Pause in seconds before a daemon is asked again that could not be reached."""


class AsyncMigrations(AsyncCore):
    """Moves targets along the graph, and tells where they stand."""

    def upgrade(
        self,
        revision: str = "head",
        *,
        project: str | None = None,
        target: Target = None,
        lock_wait: timedelta | None = None,
        deadline: timedelta | None = None,
        session: Literal["revision", "run"] | None = None,
        per_run_transaction: bool = False,
        rehearse: bool = False,
        request_id: str | None = None,
    ) -> AsyncRun:
        """Bring a target up to a revision: iterate over the events, or ask for the `result()`.

        Args:
            revision: The goal, as Alembic writes it: an id, `head`, `heads`, `+1`, `label@head`.
            project: Another project than the configured one.
            target: A target's name or a database URL, instead of the configured one.
            lock_wait: How long to wait for another run on the target; 15 minutes where it is not given.
            deadline: Bound on the whole run.
            session: Connections of the work: a fresh one for each `revision`, or one for the `run`.
            per_run_transaction: One transaction around the whole run.
            rehearse: Execute everything in one transaction and roll it back (on MySQL and MariaDB: in a copy of the
                schema without rows): what would fail is found, and nothing is changed. Warnings with the reason
                `NOT_REHEARSED` tell what was left out.
            request_id: The same id twice is one run.

        """
        options = self._options(lock_wait, deadline, session, per_run_transaction, request_id)
        request = pb.UpgradeRequest(
            project=self._project(project),
            target=self._target(target),
            revision=revision,
            options=options,
            rehearse=rehearse,
        )
        return self._begin(UPGRADE, request)

    def downgrade(
        self,
        revision: str,
        *,
        project: str | None = None,
        target: Target = None,
        lock_wait: timedelta | None = None,
        deadline: timedelta | None = None,
        session: Literal["revision", "run"] | None = None,
        per_run_transaction: bool = False,
        request_id: str | None = None,
    ) -> AsyncRun:
        """Take a target back to a revision, which remains: `base`, `-1`, an id. The rest is as in `upgrade`."""
        options = self._options(lock_wait, deadline, session, per_run_transaction, request_id)
        request = pb.DowngradeRequest(
            project=self._project(project), target=self._target(target), revision=revision, options=options
        )
        return self._begin(DOWNGRADE, request)

    def stamp(
        self,
        *revisions: str,
        purge: bool = False,
        project: str | None = None,
        target: Target = None,
        lock_wait: timedelta | None = None,
        deadline: timedelta | None = None,
        request_id: str | None = None,
    ) -> AsyncRun:
        """Set a target's version rows without running anything; `purge` forgets all of them first."""
        request = pb.StampRequest(
            project=self._project(project),
            target=self._target(target),
            revisions=revisions,
            purge=purge,
            options=self._options(lock_wait, deadline, None, False, request_id),
        )
        return self._begin(STAMP, request)

    def watch(self, run_id: str, *, after: int = 0) -> AsyncRun:
        """Watch a run that is there already, from the event after that number on."""
        return AsyncRun(self._wire, WATCH_RUN, WatchRunRequest(run_id=run_id, after_sequence=after))

    async def plan(
        self,
        revision: str = "head",
        *,
        direction: Literal["upgrade", "downgrade"] = "upgrade",
        current: Sequence[str] | None = None,
        dialect: str = "",
        project: str | None = None,
        target: Target = None,
    ) -> pb.PlanResponse:
        """Tell what an upgrade or downgrade would do, with its SQL. Touches nothing.

        Args:
            revision: The goal.
            direction: Which way.
            current: Version rows to plan from, instead of a target's: then no database is needed.
            dialect: Dialect of the SQL, where no target says it.
            project: Another project than the configured one.
            target: Another target than the configured one.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        request = pb.PlanRequest(
            project=self._project(project),
            direction=Direction.DIRECTION_UP if direction == "upgrade" else Direction.DIRECTION_DOWN,
            revision=revision,
            dialect=dialect,
            lint=LintOptions(ignore=self.config.texts("lint.ignore")),
        )
        if current is None:
            request.target.CopyFrom(self._target(target))
        else:
            request.current.rows.extend(current)
            request.current.SetInParent()

        async def call(graph: GraphRef) -> pb.PlanResponse:
            request.graph.CopyFrom(graph)
            return await self.api.migrations.plan(request)

        return await self._ask(call, project)

    async def render(
        self,
        *revisions: str,
        kind: Literal["upgrade", "downgrade", "stamp", "version_table"] = "upgrade",
        dialect: str = "",
        tag: str = "",
        project: str | None = None,
        target: Target = None,
    ) -> str:
        """Write the SQL of an upgrade, downgrade or stamp as a script, for somebody else to run. Touches nothing.

        Args:
            revisions: `START:END`, or `END` alone for an upgrade from base.
            kind: What to render.
            dialect: `postgresql`, `mysql` or `sqlite`; the target's where it is not given.
            tag: Text for the head of the script.
            project: Another project than the configured one.
            target: Another target than the configured one.

        Raises:
            ConfigInvalid: Neither `dialect` nor a target tells the dialect.
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        request = pb.RenderRequest(
            project=self._project(project),
            kind=pb.RenderKind.Value(f"RENDER_KIND_{kind.upper()}"),
            revisions=revisions,
            dialect=dialect,
            version_table=self.config.text("version_table") or "",
            version_table_schema=self.config.text("version_table_schema") or "",
            schema=self.config.text("database_schema") or "",
            tag=tag,
        )
        if not dialect:
            await self._fill_from_target(request, target)

        async def call(graph: GraphRef) -> str:
            request.graph.CopyFrom(graph)
            parts = [part.chunk async for part in self.api.migrations.render(request)]
            return "".join(parts)

        return await self._ask(call, project)

    async def current(self, *, project: str | None = None, target: Target = None) -> pb.GetCurrentResponse:
        """Tell where a target stands.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        request = pb.GetCurrentRequest(project=self._project(project), target=self._target(target))

        async def call(graph: GraphRef) -> pb.GetCurrentResponse:
            request.graph.CopyFrom(graph)
            return await self.api.migrations.get_current(request)

        return await self._ask(call, project)

    async def wait(
        self,
        revision: str = "head",
        timeout: timedelta = timedelta(minutes=15),
        *,
        project: str | None = None,
        target: Target = None,
    ) -> list[str]:
        """Wait until a target stands at a revision or beyond it, and tell its version rows.

        A daemon that is not there yet, or goes away, is waited for too: in a cluster it may start later.

        Raises:
            DeadlinePassed: The target did not get there in time.
            MigratedError: What no waiting can change.

        """
        until = time.monotonic() + timeout.total_seconds()
        request = pb.WaitForRevisionRequest(
            project=self._project(project), target=self._target(target), revision=revision
        )

        async def call(graph: GraphRef) -> pb.WaitForRevisionResponse:
            left = max(until - time.monotonic(), 0)
            request.graph.CopyFrom(graph)
            request.timeout.CopyFrom(as_duration(timedelta(seconds=left)) or request.timeout)
            return await self.api.migrations.wait_for_revision(request, timeout=left + ANSWER)

        while True:
            try:
                return list((await self._ask(call, project)).rows)
            except (DaemonUnreachable, ShuttingDown):
                if time.monotonic() + PAUSE >= until:
                    raise
                await sleep(PAUSE)
            except DeadlinePassed as error:
                if error.metadata or error.details:
                    raise
                raise DeadlinePassed(
                    f"the target did not reach {revision} within {timeout}",
                    state="nothing was changed; `migratectl current` shows where the target stands",
                    next_command="repeat the call, or wait longer",
                ) from error

    async def ensure_version(self, *, target: Target = None) -> bool:
        """Create the version table where it is missing; whether it was.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        request = pb.EnsureVersionTableRequest(target=self._target(target))
        return (await self.api.migrations.ensure_version_table(request)).created

    async def lint(
        self,
        *revisions: str,
        unapplied: bool = False,
        downgrades: bool = False,
        ignore: Sequence[str] = (),
        dialect: str = "",
        project: str | None = None,
        target: Target = None,
    ) -> LintResponse:
        """Tell what revisions may do to a database in use; those of all of the graph where none is named.

        Args:
            revisions: Identifiers and ranges `FROM:TO`.
            unapplied: Looks only at what is not applied on the target yet.
            downgrades: Looks at the downgrades too.
            ignore: Rules that are switched off, as well as those of `lint.ignore`.
            dialect: Dialect of the SQL; the target's where it is not given.
            project: Another project than the configured one.
            target: Another target than the configured one.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.
        """
        request = LintRequest(
            project=self._project(project),
            revisions=revisions,
            dialect=dialect,
            unapplied=unapplied,
            downgrades=downgrades,
            options=LintOptions(ignore=[*ignore, *self.config.texts("lint.ignore")]),
        )
        if not dialect or unapplied or target is not None:
            request.target.CopyFrom(self._target(target))

        async def call(graph: GraphRef) -> LintResponse:
            request.graph.CopyFrom(graph)
            return await self.api.migrations.lint(request)

        return await self._ask(call, project)

    async def _fill_from_target(self, request: pb.RenderRequest, target: Target) -> None:
        """Take the dialect of a target; a named one gives its schema and version table too."""
        unknown = ConfigInvalid(
            "the dialect is not known: neither `dialect` nor a target is given",
            next_command='give `dialect="postgresql"`, `"mysql"` or `"sqlite"`',
        )
        try:
            wanted = self._target(target)
        except ConfigInvalid as error:
            raise unknown from error
        if wanted.WhichOneof("target") == "ad_hoc":
            dialect = dialect_of(wanted.ad_hoc.url)
            if dialect is None:
                raise unknown
            request.dialect = dialect
            return
        named = (await self.api.targets.get_target(GetTargetRequest(name=wanted.name))).target
        if not named.dialect:
            raise unknown
        request.dialect = named.dialect
        request.schema = request.schema or named.schema
        request.version_table = request.version_table or named.version_table
        request.version_table_schema = request.version_table_schema or named.version_table_schema
