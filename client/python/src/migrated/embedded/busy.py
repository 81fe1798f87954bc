"""Whether an embedded daemon has work under way."""

from __future__ import annotations

from pathlib import Path

import grpc

from migrated.v1.run_pb2 import RunState
from migrated.v1.run_service_pb2 import ListRunsRequest, ListRunsResponse

UNDER_WAY = (RunState.RUN_STATE_QUEUED, RunState.RUN_STATE_LOCKING, RunState.RUN_STATE_RUNNING)
"""The states of runs that have not ended."""

PATIENCE = 10.0
"""How long the daemon may take to tell, in seconds."""


def has_runs(socket: Path) -> bool:
    """Tell whether runs are under way. A daemon that cannot tell is taken for idle: its API is not ours."""
    # A path is no authority: HTTP/2 servers refuse it.
    with grpc.insecure_channel(f"unix:{socket}", [("grpc.default_authority", "localhost")]) as channel:
        call = channel.unary_unary(
            "/migrated.v1.RunService/ListRuns",
            request_serializer=ListRunsRequest.SerializeToString,
            response_deserializer=ListRunsResponse.FromString,
        )
        try:
            return bool(call(ListRunsRequest(states=UNDER_WAY, page_size=1), timeout=PATIENCE).runs)
        except grpc.RpcError:
            return False
