"""Calls: the connection, the token, and exceptions instead of statuses."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import Message

from migrated._async.seam import AsyncCall, Lock, blocking, sleep
from migrated.channel import Address, configured_address, credentials, options
from migrated.config.loaded import Config
from migrated.embedded.busy import has_runs
from migrated.embedded.ensure import ensure
from migrated.errors.base import MigratedError, VersionMismatch
from migrated.errors.client import ConfigInvalid
from migrated.errors.status import is_transport, mismatch, of_rpc
from migrated.v1.project_service_pb2 import ListProjectsRequest, ListProjectsResponse

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)

TRIES = 5
"""How often a call to an embedded daemon that is leaving is sent before its failure is told."""

LEAVING = 0.05
"""Pause in seconds before such a call is sent again; each time longer by as much."""

ALWAYS_THERE = "/migrated.v1.ProjectService/ListProjects"
"""A call that every daemon of this API knows."""

PROBE = 5.0
"""How long that call may take, in seconds."""


class Method(Generic[Request, Response]):
    """An RPC: its path, and what is sent and answered."""

    def __init__(self, path: str, request: type[Request], response: type[Response]) -> None:
        self.path = path
        self.request = request
        self.response = response


class Wire:
    """The way to one daemon: the configured one or, where none is, the embedded one, which is started when needed."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._configured = configured_address(config)
        self._address = self._configured
        self._channel: grpc.aio.Channel | None = None
        self._retired: list[grpc.aio.Channel] = []
        self._connecting = Lock()

    @property
    def is_embedded(self) -> bool:
        """Whether the daemon is this client's own."""
        return self._configured is None

    @property
    def address(self) -> str:
        """Where the daemon is, as it is shown."""
        return self._address.shown if self._address is not None else "its socket"

    async def channel(self) -> grpc.aio.Channel:
        """Give the connection; the first call makes it.

        Raises:
            EmbeddedStart: The embedded daemon cannot be started.
            ConfigInvalid: Certificates cannot be used.
            LocalFile: A file cannot be read.

        """
        async with self._connecting:
            if self._channel is None:
                if self._configured is None:
                    self._address = Address.unix(await blocking(partial(ensure, self.config, has_runs)))
                self._channel = _open(self.config, self._address or Address.unix(Path()))
            return self._channel

    def forget(self) -> None:
        """Leave the connection: the next call looks for the daemon again. Streams that are open go on."""
        if self._channel is not None:
            self._retired.append(self._channel)
            self._channel = None

    async def close(self) -> None:
        """Close all connections."""
        self.forget()
        while self._retired:
            await self._retired.pop().close()

    async def unary(
        self, method: Method[Request, Response], request: Request, timeout: float | None = None
    ) -> Response:
        """Call, and wait for the answer. A call to an embedded daemon that has just left is sent again.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        tries = 0
        while True:
            call = (await self.channel()).unary_unary(
                method.path,
                request_serializer=method.request.SerializeToString,
                response_deserializer=method.response.FromString,
            )
            try:
                return await call(request, timeout=timeout, metadata=self._metadata())
            except grpc.RpcError as error:
                tries += 1
                if not await self.mend(error, tries):
                    raise await self.failure(error) from error

    async def open(
        self, method: Method[Request, Response], request: Request, timeout: float | None = None
    ) -> AsyncCall[Response]:
        """Begin a call that answers with a stream. What it raises while it is read is gRPC's."""
        call = (await self.channel()).unary_stream(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )
        return call(request, timeout=timeout, metadata=self._metadata())

    async def stream(
        self, method: Method[Request, Response], request: Request, timeout: float | None = None
    ) -> AsyncIterator[Response]:
        """Call, and read the answers.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        tries, answered = 0, False
        while True:
            call = await self.open(method, request, timeout)
            try:
                async for response in call:
                    answered = True
                    yield response
                return
            except grpc.RpcError as error:
                tries += 1
                if answered or not await self.mend(error, tries):
                    raise await self.failure(error) from error
            finally:
                call.cancel()

    async def exchange(
        self,
        method: Method[Request, Response],
        requests: AsyncIterable[Request],
        timeout: float | None = None,
    ) -> AsyncIterator[Response]:
        """Call with a stream, and read the answers.

        Raises:
            MigratedError: The daemon's refusal, or why it cannot be reached.

        """
        callable_ = (await self.channel()).stream_stream(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )
        call = callable_(requests.__aiter__(), timeout=timeout, metadata=self._metadata())
        try:
            async for response in call:
                yield response
        except grpc.RpcError as error:
            raise await self.failure(error) from error
        finally:
            call.cancel()

    async def mend(self, error: grpc.RpcError, tries: int) -> bool:
        """Come back to an embedded daemon that left, being idle, between connecting and calling."""
        if not self.is_embedded or tries >= TRIES or not is_transport(error):
            return False
        self.forget()
        # The first time at once: most often it is gone already. Nothing announces that it is.
        await sleep(LEAVING * (tries - 1))
        return True

    async def failure(self, error: grpc.RpcError) -> MigratedError:
        """Make the exception of a status; of a call that the daemon does not know it tells who is to be upgraded."""
        told = of_rpc(error, self.address)
        if not isinstance(told, VersionMismatch):
            return told
        probe = (await self.channel()).unary_unary(
            ALWAYS_THERE,
            request_serializer=ListProjectsRequest.SerializeToString,
            response_deserializer=ListProjectsResponse.FromString,
        )
        try:
            await probe(ListProjectsRequest(page_size=1), timeout=PROBE, metadata=self._metadata())
        except grpc.RpcError as second:
            if second.code() is grpc.StatusCode.UNIMPLEMENTED:
                return mismatch("client", f"the daemon at {self.address} does not speak migrated.v1")
        return told

    def _metadata(self) -> tuple[tuple[str, str], ...]:
        # An embedded daemon asks the kernel who calls. The file is read anew: tokens are renewed while services run.
        token = None if self.is_embedded else self.config.secret("token")
        if token is None:
            return ()
        if not token.isascii() or not token.isprintable():
            raise ConfigInvalid("the token has a character that no token has")
        return (("authorization", f"Bearer {token}"),)


def _open(config: Config, address: Address) -> grpc.aio.Channel:
    if address.secure:
        return grpc.aio.secure_channel(address.target, credentials(config), options(config, address))
    return grpc.aio.insecure_channel(address.target, options(config, address))
