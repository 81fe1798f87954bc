"""Calls about runs, targets and projects."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from migrated._async.core import AsyncCore
from migrated.config.actor import actor
from migrated.config.target import Target
from migrated.result import RunState
from migrated.v1 import project_service_pb2, run_service_pb2, target_service_pb2
from migrated.v1.project_pb2 import Project
from migrated.v1.run_pb2 import Run
from migrated.v1.run_pb2 import RunState as RunStateMessage
from migrated.v1.target_pb2 import Target as TargetMessage


class AsyncRecords(AsyncCore):
    """What the daemon keeps: runs, targets and projects."""

    async def get_run(self, run_id: str) -> run_service_pb2.GetRunResponse:
        """Tell a run with its steps, by its id or the beginning of one.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        return await self.api.runs.get_run(run_service_pb2.GetRunRequest(run_id=run_id))

    async def runs(
        self, *, project: str | None = None, target: str = "", states: Sequence[RunState] = ()
    ) -> AsyncIterator[Run]:
        """Go through the runs, newest first; those of all projects where none is named.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        request = run_service_pb2.ListRunsRequest(
            project=project or "",
            target=target,
            states=[RunStateMessage.Value(f"RUN_STATE_{state.name}") for state in states],
        )
        while True:
            answer = await self.api.runs.list_runs(request)
            for run in answer.runs:
                yield run
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token

    async def cancel(self, run_id: str, reason: str = "") -> Run:
        """Stop a run: its statement is cancelled in the database and rolled back. Returns what came of it.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        request = run_service_pb2.CancelRunRequest(run_id=run_id, reason=reason, actor=actor(self.config))
        return (await self.api.runs.cancel_run(request)).run

    async def targets(self) -> AsyncIterator[TargetMessage]:
        """Go through the named targets.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        request = target_service_pb2.ListTargetsRequest()
        while True:
            answer = await self.api.targets.list_targets(request)
            for target in answer.targets:
                yield target
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token

    async def test_target(self, target: Target = None) -> target_service_pb2.TestTargetResponse:
        """Connect to a target and tell what is there.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        request = target_service_pb2.TestTargetRequest(target=self._target(target))
        return await self.api.targets.test_target(request)

    async def projects(self) -> AsyncIterator[Project]:
        """Go through the projects.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        request = project_service_pb2.ListProjectsRequest()
        while True:
            answer = await self.api.projects.list_projects(request)
            for project in answer.projects:
                yield project
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token
