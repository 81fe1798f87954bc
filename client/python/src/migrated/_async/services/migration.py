"""Moves targets along the graph, and tells where they stand. Generated."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator

from migrated._async.wire import Method, Wire
from migrated.v1 import diagnose_pb2, execute_pb2, lint_pb2, migration_service_pb2

PLAN = Method(
    "/migrated.v1.MigrationService/Plan",
    migration_service_pb2.PlanRequest,
    migration_service_pb2.PlanResponse,
)

UPGRADE = Method(
    "/migrated.v1.MigrationService/Upgrade",
    migration_service_pb2.UpgradeRequest,
    migration_service_pb2.UpgradeResponse,
)

DOWNGRADE = Method(
    "/migrated.v1.MigrationService/Downgrade",
    migration_service_pb2.DowngradeRequest,
    migration_service_pb2.DowngradeResponse,
)

STAMP = Method(
    "/migrated.v1.MigrationService/Stamp",
    migration_service_pb2.StampRequest,
    migration_service_pb2.StampResponse,
)

RENDER = Method(
    "/migrated.v1.MigrationService/Render",
    migration_service_pb2.RenderRequest,
    migration_service_pb2.RenderResponse,
)

GET_CURRENT = Method(
    "/migrated.v1.MigrationService/GetCurrent",
    migration_service_pb2.GetCurrentRequest,
    migration_service_pb2.GetCurrentResponse,
)

WAIT_FOR_REVISION = Method(
    "/migrated.v1.MigrationService/WaitForRevision",
    migration_service_pb2.WaitForRevisionRequest,
    migration_service_pb2.WaitForRevisionResponse,
)

ENSURE_VERSION_TABLE = Method(
    "/migrated.v1.MigrationService/EnsureVersionTable",
    migration_service_pb2.EnsureVersionTableRequest,
    migration_service_pb2.EnsureVersionTableResponse,
)

ACCEPT_REVISION = Method(
    "/migrated.v1.MigrationService/AcceptRevision",
    migration_service_pb2.AcceptRevisionRequest,
    migration_service_pb2.AcceptRevisionResponse,
)

DIAGNOSE = Method(
    "/migrated.v1.MigrationService/Diagnose",
    diagnose_pb2.DiagnoseRequest,
    diagnose_pb2.DiagnoseResponse,
)

JUDGE_STATEMENT = Method(
    "/migrated.v1.MigrationService/JudgeStatement",
    diagnose_pb2.JudgeStatementRequest,
    diagnose_pb2.JudgeStatementResponse,
)

CHECK = Method(
    "/migrated.v1.MigrationService/Check",
    migration_service_pb2.CheckRequest,
    migration_service_pb2.CheckResponse,
)

AUTOGENERATE = Method(
    "/migrated.v1.MigrationService/Autogenerate",
    migration_service_pb2.AutogenerateRequest,
    migration_service_pb2.AutogenerateResponse,
)

LINT = Method(
    "/migrated.v1.MigrationService/Lint",
    lint_pb2.LintRequest,
    lint_pb2.LintResponse,
)

EXECUTE_STEP = Method(
    "/migrated.v1.MigrationService/ExecuteStep",
    execute_pb2.ExecuteStepRequest,
    execute_pb2.ExecuteStepResponse,
)


class AsyncMigrationService:
    """Moves targets along the graph, and tells where they stand."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def plan(
        self, request: migration_service_pb2.PlanRequest, *, timeout: float | None = None
    ) -> migration_service_pb2.PlanResponse:
        """What an upgrade or downgrade would do, with its SQL. Touches nothing."""
        return await self._wire.unary(PLAN, request, timeout)

    def upgrade(
        self, request: migration_service_pb2.UpgradeRequest, *, timeout: float | None = None
    ) -> AsyncIterator[migration_service_pb2.UpgradeResponse]:
        """Applies revisions. Creates a run, or joins one that is under way, and watches it."""
        return self._wire.stream(UPGRADE, request, timeout)

    def downgrade(
        self, request: migration_service_pb2.DowngradeRequest, *, timeout: float | None = None
    ) -> AsyncIterator[migration_service_pb2.DowngradeResponse]:
        """Takes revisions back. Creates a run and watches it."""
        return self._wire.stream(DOWNGRADE, request, timeout)

    def stamp(
        self, request: migration_service_pb2.StampRequest, *, timeout: float | None = None
    ) -> AsyncIterator[migration_service_pb2.StampResponse]:
        """Sets the version rows without running anything. Creates a run and watches it."""
        return self._wire.stream(STAMP, request, timeout)

    def render(
        self, request: migration_service_pb2.RenderRequest, *, timeout: float | None = None
    ) -> AsyncIterator[migration_service_pb2.RenderResponse]:
        """Writes the SQL of an upgrade, downgrade or stamp as a script, for somebody else to run."""
        return self._wire.stream(RENDER, request, timeout)

    async def get_current(
        self, request: migration_service_pb2.GetCurrentRequest, *, timeout: float | None = None
    ) -> migration_service_pb2.GetCurrentResponse:
        """Where a target stands."""
        return await self._wire.unary(GET_CURRENT, request, timeout)

    async def wait_for_revision(
        self, request: migration_service_pb2.WaitForRevisionRequest, *, timeout: float | None = None
    ) -> migration_service_pb2.WaitForRevisionResponse:
        """Returns when a target stands at a revision or beyond it, or when the timeout passes."""
        return await self._wire.unary(WAIT_FOR_REVISION, request, timeout)

    async def ensure_version_table(
        self, request: migration_service_pb2.EnsureVersionTableRequest, *, timeout: float | None = None
    ) -> migration_service_pb2.EnsureVersionTableResponse:
        """Creates the version table where it is missing."""
        return await self._wire.unary(ENSURE_VERSION_TABLE, request, timeout)

    async def accept_revision(
        self, request: migration_service_pb2.AcceptRevisionRequest, *, timeout: float | None = None
    ) -> migration_service_pb2.AcceptRevisionResponse:
        """Accepts a revision's present content for a target where other content was applied. Audited."""
        return await self._wire.unary(ACCEPT_REVISION, request, timeout)

    async def diagnose(
        self, request: diagnose_pb2.DiagnoseRequest, *, timeout: float | None = None
    ) -> diagnose_pb2.DiagnoseResponse:
        """What a run that was cut off left on a target, statement by statement, and the next command.

        Changes nothing.
        """
        return await self._wire.unary(DIAGNOSE, request, timeout)

    async def judge_statement(
        self, request: diagnose_pb2.JudgeStatementRequest, *, timeout: float | None = None
    ) -> diagnose_pb2.JudgeStatementResponse:
        """Notes what became of a statement of which nobody but a person can tell. Audited."""
        return await self._wire.unary(JUDGE_STATEMENT, request, timeout)

    async def check(
        self, request: migration_service_pb2.CheckRequest, *, timeout: float | None = None
    ) -> migration_service_pb2.CheckResponse:
        """Whether a target is what a desired schema says, or what its revisions make. Writes nothing."""
        return await self._wire.unary(CHECK, request, timeout)

    async def autogenerate(
        self, request: migration_service_pb2.AutogenerateRequest, *, timeout: float | None = None
    ) -> migration_service_pb2.AutogenerateResponse:
        """Writes the revision that makes of a target what is desired.

        Nothing is stored; the client writes the file.
        """
        return await self._wire.unary(AUTOGENERATE, request, timeout)

    async def lint(
        self, request: lint_pb2.LintRequest, *, timeout: float | None = None
    ) -> lint_pb2.LintResponse:
        """What upgrades by revisions may do to a database in use. Touches nothing."""
        return await self._wire.unary(LINT, request, timeout)

    def execute_step(
        self, requests: AsyncIterable[execute_pb2.ExecuteStepRequest], *, timeout: float | None = None
    ) -> AsyncIterator[execute_pb2.ExecuteStepResponse]:
        """Executes revisions of the client form: the client runs their bodies, and its statements go through the
        daemon, inside of the step.

        How a conversation goes stands at the head of `execute.proto`.
        """
        return self._wire.exchange(EXECUTE_STEP, requests, timeout)
