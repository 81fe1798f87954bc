"""Looks at schemas. Never writes to a target. Generated."""

from __future__ import annotations

from migrated._async.wire import Method, Wire
from migrated.v1 import schema_service_pb2

INSPECT = Method(
    "/migrated.v1.SchemaService/Inspect",
    schema_service_pb2.InspectRequest,
    schema_service_pb2.InspectResponse,
)

DIFF = Method(
    "/migrated.v1.SchemaService/Diff",
    schema_service_pb2.DiffRequest,
    schema_service_pb2.DiffResponse,
)


class AsyncSchemaService:
    """Looks at schemas. Never writes to a target."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def inspect(
        self, request: schema_service_pb2.InspectRequest, *, timeout: float | None = None
    ) -> schema_service_pb2.InspectResponse:
        """Reads a target's schema."""
        return await self._wire.unary(INSPECT, request, timeout)

    async def diff(
        self, request: schema_service_pb2.DiffRequest, *, timeout: float | None = None
    ) -> schema_service_pb2.DiffResponse:
        """Compares two schemas."""
        return await self._wire.unary(DIFF, request, timeout)
