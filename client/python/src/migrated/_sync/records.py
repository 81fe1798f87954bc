"""Calls about runs, targets and projects.

Generated from the asyncio form.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrated._sync.core import Core
from migrated.config.actor import actor
from migrated.config.target import Target
from migrated.result import RunState
from migrated.v1 import project_service_pb2, run_service_pb2, target_service_pb2
from migrated.v1.project_pb2 import Project
from migrated.v1.run_pb2 import Run
from migrated.v1.run_pb2 import RunState as RunStateMessage
from migrated.v1.target_pb2 import Target as TargetMessage


class Records(Core):
    """What the daemon keeps: runs, targets and projects."""

    def get_run(self, run_id: str) -> run_service_pb2.GetRunResponse:
        """Tell a run with its steps, by its id or the beginning of one.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        return self.api.runs.get_run(run_service_pb2.GetRunRequest(run_id=run_id))

    def runs(
        self, *, project: str | None = None, target: str = "", states: Sequence[RunState] = ()
    ) -> Iterator[Run]:
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
            answer = self.api.runs.list_runs(request)
            for run in answer.runs:
                yield run
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token

    def cancel(self, run_id: str, reason: str = "") -> Run:
        """Stop a run: its statement is cancelled in the database and rolled back. Returns what came of it.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        request = run_service_pb2.CancelRunRequest(run_id=run_id, reason=reason, actor=actor(self.config))
        return (self.api.runs.cancel_run(request)).run

    def targets(self) -> Iterator[TargetMessage]:
        """Go through the named targets.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        request = target_service_pb2.ListTargetsRequest()
        while True:
            answer = self.api.targets.list_targets(request)
            for target in answer.targets:
                yield target
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token

    def test_target(self, target: Target = None) -> target_service_pb2.TestTargetResponse:
        """Connect to a target and tell what is there.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        request = target_service_pb2.TestTargetRequest(target=self._target(target))
        return self.api.targets.test_target(request)

    def projects(self) -> Iterator[Project]:
        """Go through the projects.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        request = project_service_pb2.ListProjectsRequest()
        while True:
            answer = self.api.projects.list_projects(request)
            for project in answer.projects:
                yield project
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token
