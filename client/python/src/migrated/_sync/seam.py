"""What asyncio and threads do each in a way of their own; all else is written once."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

import grpc

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Lock = threading.Lock
"""Holds others off while something is made."""


def sleep(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)


def blocking(call: Callable[[], T]) -> T:
    """Do what waits for files or processes."""
    return call()


class Call(Protocol[T_co]):
    """A call that answers with a stream."""

    def __iter__(self) -> Iterator[T_co]:
        """Go through the answers."""

    def __next__(self) -> T_co:
        """Tell the next one."""

    def cancel(self) -> object:
        """End the call."""


class Patient(Generic[T]):
    """Reads a stream that must not be silent for too long."""

    def __init__(self, call: Call[T], seconds: float) -> None:
        self._call = call
        self._seconds = seconds
        self._until = math.inf
        self._silent = False
        self._over = threading.Event()
        threading.Thread(target=self._mind, name="migrated-silence", daemon=True).start()

    def next(self) -> T | None:
        """Read the next message; `None` at the end.

        Raises:
            TimeoutError: Nothing came for too long. The stream is over.
            grpc.RpcError: The call failed.

        """
        self._until = time.monotonic() + self._seconds
        try:
            message = next(self._call, None)
        except grpc.RpcError:
            self._over.set()
            if self._silent:
                raise TimeoutError from None
            raise
        # While the caller thinks, nobody is silent.
        self._until = math.inf
        if message is None:
            self._over.set()
        return message

    def farewell(self, seconds: float) -> None:
        """Let the stream end by itself, so that the daemon sees a call that was read to its end."""
        timer = threading.Timer(seconds, self._call.cancel)
        timer.daemon = True
        timer.start()
        try:
            while self.next() is not None:
                pass
        except (TimeoutError, grpc.RpcError):
            # Late is as good as never: nothing is read from it.
            self.close()
        finally:
            timer.cancel()

    def close(self) -> None:
        """Leave the stream."""
        self._over.set()
        self._call.cancel()

    def _mind(self) -> None:
        while not self._over.wait(min(max(self._until - time.monotonic(), 0), self._seconds)):
            if time.monotonic() >= self._until:
                self._silent = True
                self._call.cancel()
                return
