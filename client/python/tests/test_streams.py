"""What a stream may do, played: silence, gaps, repetitions, other runs, a daemon that is newer."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bed.driven import Make
from bed.played import Break, Played, Silence, update
from bed.project import Project
from migrated import RunState, errors
from migrated._async import wire as async_wire
from migrated._sync import wire as sync_wire
from migrated.events import ClientOutdated, Unknown
from migrated.v1 import Event, GetRunResponse, Run, RunUpdate
from migrated.v1 import RunState as RunStateMessage

Play = Callable[..., Played]


@pytest.fixture
def play() -> Iterator[Play]:
    """Plays daemons, which leave with the test."""
    stages: list[Played] = []

    def made(*streams: Any, **options: Any) -> Played:
        stages.append(Played(*streams, **options))
        return stages[-1]

    yield made
    for stage in stages:
        stage.stop()


def read(project: Project, client: Make, stage: Played) -> tuple[list[int], Any]:
    project.three()
    with client(project.config(server=stage.address)) as c:
        run = c.upgrade("head")
        return [event.sequence for event in run], run.result()


def test_a_stream_that_breaks_goes_on_behind_the_last_event(
    project: Project, client: Make, play: Play
) -> None:
    stage = play([update(), update(1, 2), Break()], [update(3), Break()], [Break()], [update(4, end=True)])
    told, result = read(project, client, stage)
    assert told == [1, 2, 3, 4, 5]
    assert result.succeeded
    assert stage.asked == [("Upgrade", 0), ("WatchRun", 2), ("WatchRun", 3), ("WatchRun", 3)]


def test_events_that_come_again_are_left_out(project: Project, client: Make, play: Play) -> None:
    stage = play([update(1, 2), Break()], [update(1, 2, 3), update(3, 4, end=True)])
    assert read(project, client, stage)[0] == [1, 2, 3, 4, 5]


def test_a_gap_is_read_again(project: Project, client: Make, play: Play) -> None:
    stage = play([update(1), update(3)], [update(2, 3, end=True)])
    assert read(project, client, stage)[0] == [1, 2, 3, 4]
    assert stage.asked == [("Upgrade", 0), ("WatchRun", 1)]


def test_a_stream_that_grows_old_is_taken_up(project: Project, client: Make, play: Play) -> None:
    stage = play([update(1), update(resume_after=1)], [update(heartbeat=True), update(2, end=True)])
    assert read(project, client, stage)[0] == [1, 2, 3]


def test_streams_of_a_silent_run_that_grow_old_are_no_losses(
    project: Project, client: Make, play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    old = [[update(heartbeat=True), update(resume_after=1)] for _ in range(4)]
    young = [[update(resume_after=1)] for _ in range(2)]
    stage = play([update(1), update(resume_after=1)], *old, *young, [update(2, end=True)])
    assert read(project, client, stage)[0] == [1, 2, 3]
    assert stage.asked[1:] == [("WatchRun", 1)] * 7
    assert not caplog.messages


def test_silence_is_a_loss(
    project: Project, client: Make, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    for form in ("_sync", "_async"):
        monkeypatch.setattr(importlib.import_module(f"migrated.{form}.run"), "SILENCE", 0.3)
    stage = play([update(1), Silence()], [Silence()], [update(2, end=True)])
    assert read(project, client, stage)[0] == [1, 2, 3]
    assert len(stage.asked) == 3


def test_a_loss_without_end_is_told(
    project: Project, client: Make, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrated.loss.BUDGET", 0.2)
    stage = play([update(1), Break()], *[[Break()] for _ in range(20)])
    with pytest.raises(errors.StreamLost) as caught:
        read(project, client, stage)
    assert "r1" in caught.value.state
    assert "migratectl runs watch r1 --after 1" in caught.value.next_command


def test_a_joined_run_ends_with_the_goal(project: Project, client: Make, play: Play) -> None:
    finished = Event(sequence=2, step_finished=Event.StepFinished(rows=["a1"]))
    stage = play(
        [update(1, joined=True), RunUpdate(run_id="r1", events=[finished], joined=True, goal_reached=True)]
    )
    told, result = read(project, client, stage)
    assert told == [1, 2]
    assert (result.state, result.rows, result.applied) == (RunState.RUNNING, ("a1",), 1)
    assert result.succeeded


def test_a_joined_request_is_sent_again_and_may_get_another_run(
    project: Project, client: Make, play: Play
) -> None:
    stage = play(
        [update(1, 2, joined=True), Break()],
        [update(1, 2, 3, joined=True), Break()],
        [update(1, run_id="r2", end=True)],
    )
    told, result = read(project, client, stage)
    assert told == [1, 2, 3, 1, 2]
    assert result.run_id == "r2"
    assert [name for name, _ in stage.asked] == ["Upgrade"] * 3


def test_a_run_that_had_ended(project: Project, client: Make, play: Play) -> None:
    run = Run(id="r1", state=RunStateMessage.RUN_STATE_FAILED, rows_after=["a1"], steps_done=1)
    run.end_time.GetCurrentTime()
    run.failure.reason = "STATEMENT_FAILED"
    run.failure.code = "MG4005"
    stage = play([update(1), Break()], [update()], run=GetRunResponse(run=run))
    with pytest.raises(errors.StatementFailed) as caught:
        read(project, client, stage)
    assert isinstance(caught.value, errors.RunFailed)
    assert caught.value.result.rows == ("a1",)


def test_a_newer_daemon_tells_what_we_do_not_know(project: Project, client: Make, play: Play) -> None:
    project.three()
    stage = play([RunUpdate(run_id="r1", events=[Event(sequence=1)]), update(after=1, end=True)])
    with client(project.config(server=stage.address)) as c:
        run = iter(c.upgrade("head"))
        with pytest.warns(ClientOutdated, match="upgrade it"):
            assert isinstance(next(run).kind, Unknown)
        assert next(run).name == "run_finished"
        assert list(run) == []


def test_a_conversation_in_both_directions(project: Project) -> None:
    """What has no RPC of its own yet: a stream that answers a stream."""
    import grpc

    class Echo(grpc.GenericRpcHandler):
        def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
            def answer(requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
                yield from requests
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "no more")

            return grpc.stream_stream_rpc_method_handler(answer, lambda raw: raw, lambda raw: raw)

    server = grpc.server(ThreadPoolExecutor(1), [Echo()])
    config = project.config(server=f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
    server.start()
    sent = [Run(id=f"r{number}") for number in range(3)]
    told: list[str] = []

    def blocking() -> None:
        wire = sync_wire.Wire(config)
        try:
            told.extend(run.id for run in wire.exchange(sync_wire.Method("/a/B", Run, Run), iter(sent)))
        finally:
            wire.close()

    async def awaiting() -> None:
        async def requests() -> AsyncIterator[Run]:
            for run in sent:
                yield run

        wire = async_wire.Wire(config)
        try:
            async for run in wire.exchange(async_wire.Method("/a/B", Run, Run), requests()):
                told.append(run.id)
        finally:
            await wire.close()

    try:
        with pytest.raises(errors.Unauthenticated, match="no more"):
            blocking()
        with pytest.raises(errors.Unauthenticated, match="no more"):
            asyncio.run(awaiting())
    finally:
        server.stop(None).wait()
    assert told == ["r0", "r1", "r2"] * 2
