"""A daemon that is played: it answers with what a test wrote down."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from migrated.v1 import Event, GetRunResponse, RunState, RunUpdate, UpgradeResponse, WatchRunRequest


class Silence:
    """Nothing comes from here on, and the stream does not end."""


class Break:
    """The stream breaks."""


def update(*sequences: int, run_id: str = "r1", end: bool = False, **fields: Any) -> RunUpdate:
    """Write a part of a log: events of no importance with these numbers; with `end` a run's end after them."""
    events = [Event(sequence=number, locked=Event.Locked()) for number in sequences]
    if end:
        last = (sequences[-1] if sequences else fields.pop("after", 0)) + 1
        events.append(
            Event(
                sequence=last, run_finished=Event.RunFinished(state=RunState.RUN_STATE_SUCCEEDED, rows=["x"])
            )
        )
    return RunUpdate(run_id=run_id, events=events, **fields)


class Played(grpc.GenericRpcHandler):
    """Plays Upgrade, WatchRun and GetRun.

    Attributes:
        asked: What was called, in order: the method and, of WatchRun, the number that it goes on from.
    """

    def __init__(
        self, *streams: list[RunUpdate | Silence | Break], run: GetRunResponse | None = None
    ) -> None:
        """Play these streams, one for each call in order."""
        self.asked: list[tuple[str, int]] = []
        self._streams, self._run = list(streams), run
        self._leaving = threading.Event()
        self._server = grpc.server(ThreadPoolExecutor(4), [self])
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        """Tell who answers a call."""
        name = details.method.rpartition("/")[2]
        if name in {"Upgrade", "WatchRun"}:
            return grpc.unary_stream_rpc_method_handler(
                lambda raw, context: self._stream(name, raw, context),
                request_deserializer=lambda raw: raw,
                response_serializer=UpgradeResponse.SerializeToString,
            )
        return grpc.unary_unary_rpc_method_handler(
            lambda raw, context: self._run or GetRunResponse(),
            request_deserializer=lambda raw: raw,
            response_serializer=GetRunResponse.SerializeToString,
        )

    def stop(self) -> None:
        """Leave the stage."""
        self._leaving.set()
        self._server.stop(None).wait()

    def _stream(self, name: str, raw: bytes, context: Any) -> Iterator[UpgradeResponse]:
        after = WatchRunRequest.FromString(raw).after_sequence if name == "WatchRun" else 0
        self.asked.append((name, after))
        for part in self._streams.pop(0):
            if isinstance(part, Silence):
                self._leaving.wait()
            elif isinstance(part, Break):
                context.abort(grpc.StatusCode.UNAVAILABLE, "broken")
            else:
                yield UpgradeResponse(update=part)
