"""What asyncio and threads do each in a way of their own; all else is written once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Generic, Protocol, TypeVar

import grpc
import grpc.aio

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Lock = asyncio.Lock
"""Holds others off while something is made."""


async def sleep(seconds: float) -> None:
    """Wait."""
    await asyncio.sleep(seconds)


async def blocking(call: Callable[[], T]) -> T:
    """Do what waits for files or processes, without holding up others."""
    return await asyncio.to_thread(call)


class AsyncCall(Protocol[T_co]):
    """A call that answers with a stream."""

    def __aiter__(self) -> AsyncIterator[T_co]:
        """Go through the answers."""

    async def read(self) -> Any:
        """Tell the next one, or `grpc.aio.EOF`."""

    def cancel(self) -> object:
        """End the call."""


class AsyncPatient(Generic[T]):
    """Reads a stream that must not be silent for too long."""

    def __init__(self, call: AsyncCall[T], seconds: float) -> None:
        self._call = call
        self._seconds = seconds

    async def next(self) -> T | None:
        """Read the next message; `None` at the end.

        Raises:
            TimeoutError: Nothing came for too long. The stream is over.
            grpc.RpcError: The call failed.

        """
        try:
            message = await asyncio.wait_for(self._call.read(), self._seconds)
        except asyncio.TimeoutError:
            raise TimeoutError from None
        if message is grpc.aio.EOF:
            return None
        answer: T = message
        return answer

    async def farewell(self, seconds: float) -> None:
        """Let the stream end by itself, so that the daemon sees a call that was read to its end."""
        self._seconds = seconds
        try:
            while await self.next() is not None:
                pass
        except (TimeoutError, grpc.RpcError):
            # Late is as good as never: nothing is read from it.
            self.close()

    def close(self) -> None:
        """Leave the stream."""
        self._call.cancel()
