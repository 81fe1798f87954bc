"""Runs: what is under way and what was. Generated."""

from __future__ import annotations

from collections.abc import Iterator

from migrated._sync.wire import Method, Wire
from migrated.v1 import run_service_pb2

GET_RUN = Method(
    "/migrated.v1.RunService/GetRun",
    run_service_pb2.GetRunRequest,
    run_service_pb2.GetRunResponse,
)

LIST_RUNS = Method(
    "/migrated.v1.RunService/ListRuns",
    run_service_pb2.ListRunsRequest,
    run_service_pb2.ListRunsResponse,
)

WATCH_RUN = Method(
    "/migrated.v1.RunService/WatchRun",
    run_service_pb2.WatchRunRequest,
    run_service_pb2.WatchRunResponse,
)

CANCEL_RUN = Method(
    "/migrated.v1.RunService/CancelRun",
    run_service_pb2.CancelRunRequest,
    run_service_pb2.CancelRunResponse,
)


class RunService:
    """Runs: what is under way and what was."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def get_run(
        self, request: run_service_pb2.GetRunRequest, *, timeout: float | None = None
    ) -> run_service_pb2.GetRunResponse:
        """A run."""
        return self._wire.unary(GET_RUN, request, timeout)

    def list_runs(
        self, request: run_service_pb2.ListRunsRequest, *, timeout: float | None = None
    ) -> run_service_pb2.ListRunsResponse:
        """Runs, newest first."""
        return self._wire.unary(LIST_RUNS, request, timeout)

    def watch_run(
        self, request: run_service_pb2.WatchRunRequest, *, timeout: float | None = None
    ) -> Iterator[run_service_pb2.WatchRunResponse]:
        """A run's log from a number on, until its end."""
        return self._wire.stream(WATCH_RUN, request, timeout)

    def cancel_run(
        self, request: run_service_pb2.CancelRunRequest, *, timeout: float | None = None
    ) -> run_service_pb2.CancelRunResponse:
        """Stops a run: cancels its statement in the database and rolls back. Returns what came of it."""
        return self._wire.unary(CANCEL_RUN, request, timeout)
