"""Both forms of the client behind one face, so that each test is written once."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from types import TracebackType
from typing import Any, cast

from migrated import AsyncClient, AsyncRun, Client, Config, Run


class _DrivenRun:
    """An asyncio run that is read without asyncio."""

    def __init__(self, run: AsyncRun, drive: Callable[[Any], Any]) -> None:
        self._run, self._drive = run, drive

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            return self._drive(self._run.__anext__())
        except StopAsyncIteration:
            raise StopIteration from None

    def close(self) -> None:
        self._drive(self._run.aclose())

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._run, name)
        return (lambda *args: self._drive(found(*args))) if inspect.iscoroutinefunction(found) else found


class _DrivenClient:
    """An asyncio client that is called without asyncio."""

    def __init__(self, config: Config, **options: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._client = AsyncClient(config, **options)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if not callable(found):
            return found

        def call(*args: Any, **options: Any) -> Any:
            answer = found(*args, **options)
            if isinstance(answer, AsyncRun):
                return _DrivenRun(answer, self._loop.run_until_complete)
            if inspect.isasyncgen(answer):
                return iter(self._loop.run_until_complete(_all(answer)))
            return self._loop.run_until_complete(answer)

        return call

    def __enter__(self) -> _DrivenClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.run_until_complete(self._client.aclose())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


async def _all(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


Make = Callable[..., Client]
"""Makes a client of a configuration."""


def make(form: str) -> Make:
    """Tell what makes clients of that form: `sync` or `async`."""
    return Client if form == "sync" else cast(Make, _DrivenClient)


__all__ = ["Make", "Run", "make"]
