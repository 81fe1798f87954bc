"""Named targets. Generated."""

from __future__ import annotations

from migrated._async.wire import Method, Wire
from migrated.v1 import target_service_pb2

LIST_TARGETS = Method(
    "/migrated.v1.TargetService/ListTargets",
    target_service_pb2.ListTargetsRequest,
    target_service_pb2.ListTargetsResponse,
)

GET_TARGET = Method(
    "/migrated.v1.TargetService/GetTarget",
    target_service_pb2.GetTargetRequest,
    target_service_pb2.GetTargetResponse,
)

CREATE_TARGET = Method(
    "/migrated.v1.TargetService/CreateTarget",
    target_service_pb2.CreateTargetRequest,
    target_service_pb2.CreateTargetResponse,
)

UPDATE_TARGET = Method(
    "/migrated.v1.TargetService/UpdateTarget",
    target_service_pb2.UpdateTargetRequest,
    target_service_pb2.UpdateTargetResponse,
)

DELETE_TARGET = Method(
    "/migrated.v1.TargetService/DeleteTarget",
    target_service_pb2.DeleteTargetRequest,
    target_service_pb2.DeleteTargetResponse,
)

TEST_TARGET = Method(
    "/migrated.v1.TargetService/TestTarget",
    target_service_pb2.TestTargetRequest,
    target_service_pb2.TestTargetResponse,
)


class AsyncTargetService:
    """Named targets."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def list_targets(
        self, request: target_service_pb2.ListTargetsRequest, *, timeout: float | None = None
    ) -> target_service_pb2.ListTargetsResponse:
        """Targets by name."""
        return await self._wire.unary(LIST_TARGETS, request, timeout)

    async def get_target(
        self, request: target_service_pb2.GetTargetRequest, *, timeout: float | None = None
    ) -> target_service_pb2.GetTargetResponse:
        """A target."""
        return await self._wire.unary(GET_TARGET, request, timeout)

    async def create_target(
        self, request: target_service_pb2.CreateTargetRequest, *, timeout: float | None = None
    ) -> target_service_pb2.CreateTargetResponse:
        """Makes a target on a connection of the daemon's configuration."""
        return await self._wire.unary(CREATE_TARGET, request, timeout)

    async def update_target(
        self, request: target_service_pb2.UpdateTargetRequest, *, timeout: float | None = None
    ) -> target_service_pb2.UpdateTargetResponse:
        """Changes a target that was made by RPC."""
        return await self._wire.unary(UPDATE_TARGET, request, timeout)

    async def delete_target(
        self, request: target_service_pb2.DeleteTargetRequest, *, timeout: float | None = None
    ) -> target_service_pb2.DeleteTargetResponse:
        """Deletes a target that was made by RPC."""
        return await self._wire.unary(DELETE_TARGET, request, timeout)

    async def test_target(
        self, request: target_service_pb2.TestTargetRequest, *, timeout: float | None = None
    ) -> target_service_pb2.TestTargetResponse:
        """Connects to a target and tells what is there."""
        return await self._wire.unary(TEST_TARGET, request, timeout)
