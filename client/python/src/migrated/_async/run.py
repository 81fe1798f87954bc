"""Reads a run's log to its end, whatever happens to the stream.

It is opened again after the last event that was seen, so that each event comes exactly once and in order.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Awaitable, Callable, Iterator
from types import TracebackType
from typing import Any

import grpc
from typing_extensions import Self

from migrated._async.seam import AsyncPatient, sleep
from migrated._async.services.run import CANCEL_RUN, GET_RUN, WATCH_RUN
from migrated._async.wire import Method, Wire
from migrated.errors import EmbeddedStart, MigratedError, StreamLost
from migrated.errors.run import run_failed
from migrated.errors.status import details_of, error_info, is_transport, is_unsent
from migrated.events import Event
from migrated.loss import FAREWELL, SILENCE, Loss
from migrated.result import RunResult
from migrated.story import Story
from migrated.v1 import event_pb2, run_pb2, run_service_pb2

log = logging.getLogger("migrated")


class AsyncRun:
    """A run that is begun, or watched, by iterating over its events.

    The run begins with the first step of the iteration, or with `result()`. It belongs to the daemon: leaving the
    iteration leaves it to the daemon; `cancel()` stops it. A stream that is lost is opened again. After its last
    event a run that did not succeed raises `RunFailed`.
    """

    def __init__(
        self,
        wire: Wire,
        method: Method[Any, Any],
        request: Any,
        *,
        put_graph: Callable[[bool], Awaitable[None]] | None = None,
        actor: str = "",
    ) -> None:
        self._wire = wire
        self._method = method
        self._request = request
        self._put_graph = put_graph
        self._actor = actor
        self._first_after: int = request.after_sequence if method is WATCH_RUN else 0
        self._after = self._first_after
        self._story = Story()
        self._stream: AsyncPatient[Any] | None = None
        self._batch: Iterator[event_pb2.Event] = iter(())
        self._begun = self._uploaded = self._joined = self._goal_reached = False
        self._heard = self._stood = self._old = self._over = False
        self._loss: Loss | None = None

    @property
    def run_id(self) -> str:
        """The run's id; empty until the daemon has told it."""
        return self._story.run_id

    @property
    def after(self) -> int:
        """The sequence number of the last event."""
        return self._after

    @property
    def joined(self) -> bool:
        """Whether the request joined a run that was under way."""
        return self._joined

    async def result(self) -> RunResult:
        """Read the run to its end and tell how it ended.

        Raises:
            RunFailed: It did not succeed.
            StreamLost: The stream was lost and did not come back.
            MigratedError: The daemon refused.

        """
        async for _ in self:
            pass
        if self._story.result is None:
            raise StreamLost("the run was left before its end", next_command=self._watch_command())
        return self._story.result

    async def cancel(self, reason: str = "") -> run_pb2.Run:
        """Stop the run: its statement is cancelled in the database and rolled back. Returns what came of it.

        Raises:
            MigratedError: The daemon refused, or the run has not begun.

        """
        if not self.run_id:
            raise StreamLost("the run is not known yet: it has no id before its first event")
        request = run_service_pb2.CancelRunRequest(run_id=self.run_id, reason=reason, actor=self._actor)
        return (await self._wire.unary(CANCEL_RUN, request)).run

    async def aclose(self) -> None:
        """Leave the run to the daemon."""
        self._over = True
        self._drop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while True:
            for message in self._batch:
                if message.sequence == self._after + 1:
                    self._after += 1
                    self._loss = None
                    self._story.take(message)
                    return Event(self._story.run_id, message)
                if message.sequence > self._after:
                    self._lose(f"event {message.sequence} came after event {self._after}")
            if self._story.result is not None or self._goal_reached:
                await self._end()
            if self._over:
                raise StopAsyncIteration
            await self._read()

    async def _end(self) -> None:
        """Take leave of a run that has ended, or whose end is none of our business."""
        result = self._story.result or self._story.goal_reached()
        self._over = True
        if self._stream is not None:
            await self._stream.farewell(FAREWELL)
            self._stream = None
        if not result.succeeded:
            raise run_failed(result)

    async def _read(self) -> None:
        """Bring the next part of the log, or do what the next part needs."""
        try:
            if self._stream is None:
                await self._open()
                return
            update = await self._stream.next()
        except TimeoutError:
            self._lose("the daemon was silent for too long")
        except grpc.RpcError as error:
            self._drop()
            await self._mend(error)
        else:
            if update is not None:
                self._take(update.update)
                return
            self._drop()
            run = await self._ended()
            if run is not None:
                self._story.ended(run)
            else:
                self._lose("the stream ended before the run did")

    async def _mend(self, error: grpc.RpcError) -> None:
        """Do what lets the same request succeed: bring the folder, or come back.

        Raises:
            MigratedError: Nothing mends it.

        """
        info = error_info(details_of(error))
        if info is not None and info.reason == "MANIFEST_UNKNOWN" and self._put_graph and not self._uploaded:
            self._uploaded = True
            await self._put_graph(False)
            return
        # Before the run is known, a daemon that is not there, or is leaving, is told at once; but where the connection
        # broke, nobody knows whether the request came through, and only sending it again tells.
        is_told = not self.run_id and not self._wire.is_embedded and (info is not None or is_unsent(error))
        if is_told or not is_transport(error):
            raise await self._final(error) from error
        self._lose(error.details() or "the stream broke")

    async def _open(self) -> None:
        if not self._begun:
            self._begun = True
            if self._put_graph is not None:
                await self._put_graph(True)
        loss = self._loss
        if loss is not None:
            if loss.is_hopeless:
                raise self._gave_up(loss.cause)
            # The first try is silent: the user need not know of what costs nothing.
            if not loss.told and loss.tries > 1 and not self._old:
                loss.told = True
                log.warning("the stream is lost (%s); reconnecting", loss.cause)
            await sleep(max(loss.next_try - time.monotonic(), 0))
            self._old = False
            if self._wire.is_embedded:
                self._wire.forget()
        method, request = self._method, self._request
        # A joined request is sent again: only so does the daemon tell when this request's own goal stands. Events that
        # come again are left out.
        if self.run_id and not self._joined:
            method = WATCH_RUN
            request = run_service_pb2.WatchRunRequest(run_id=self.run_id, after_sequence=self._after)
        try:
            self._stream = AsyncPatient(await self._wire.open(method, request), SILENCE)
        except EmbeddedStart as error:
            if not self.run_id:
                raise
            self._lose(error.message)
        self._heard = self._stood = False

    def _take(self, update: event_pb2.RunUpdate) -> None:
        self._joined |= update.joined
        self._goal_reached |= update.goal_reached
        self._heard |= bool(update.events) or update.HasField("resume_after")
        self._stood |= update.heartbeat or bool(update.events)
        if update.run_id and update.run_id != self.run_id:
            # The first message; or a joined request was sent again, and its run had ended: this is another one.
            self._story = Story(update.run_id)
            self._after = self._first_after
        self._batch = iter(update.events)
        if self._loss is not None:
            # The daemon is there, and silent: that uses up no budget, however often proxies cut the stream.
            self._loss.since = time.monotonic()
            if self._loss.told:
                self._loss.told = False
                log.warning("the stream is back")
        self._old |= update.HasField("resume_after")
        if self._old and self._stood:
            # The stream grew old, as all do: no loss, however long the run is silent.
            self._loss = None

    async def _ended(self) -> run_pb2.Run | None:
        """Tell the run, where it has ended and a stream without any event shows that there is nothing left to tell."""
        if self._heard or not self.run_id:
            return None
        try:
            answer = await self._wire.unary(GET_RUN, run_service_pb2.GetRunRequest(run_id=self.run_id))
        except MigratedError:
            return None
        return answer.run if answer.run.HasField("end_time") else None

    def _lose(self, cause: str) -> None:
        self._drop()
        self._batch = iter(())
        if self._loss is None:
            self._loss = Loss(cause)
        else:
            self._loss.again(cause)

    def _drop(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _gave_up(self, cause: str) -> StreamLost:
        message = f"the stream is lost and does not come back: {cause}"
        if self.run_id:
            state = f"run {self.run_id} belongs to the daemon and may still go on"
            return StreamLost(message, state=state, next_command=self._watch_command())
        return StreamLost(
            message,
            state="it is not known whether the run began",
            next_command="`migratectl runs list`, or repeat the call: it is safe",
        )

    async def _final(self, error: grpc.RpcError) -> MigratedError:
        self._over = True
        return await self._wire.failure(error)

    def _watch_command(self) -> str:
        return f"`migratectl runs watch {self.run_id} --after {self._after}`"

    def __del__(self) -> None:
        if not self.__dict__.get("_begun", True) and not self._over:
            warnings.warn(
                "a run was never begun: iterate over its events, or ask for its result()",
                RuntimeWarning,
                stacklevel=2,
            )
        if self.__dict__.get("_stream") is not None:
            self._drop()
