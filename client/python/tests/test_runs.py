"""Runs, from their first event to their last, on the real daemon."""

from __future__ import annotations

import gc
import pickle

import pytest

from bed.driven import Make
from bed.postgres import Postgres
from bed.project import Project
from migrated import RunFailed, RunState, errors, events

STEP = ["step_started", "statement_finished", "step_finished"]


def test_up_and_down_with_typed_events(placed: Project, client: Make) -> None:
    placed.three()
    with client(placed.config()) as c:
        run = c.upgrade("head")
        told = list(run)
        names = [event.name for event in told if event.name not in {"state_changed", "notice"}]
        assert names == ["run_accepted", "locked", "plan_ready", *STEP * 3, "run_finished"]
        assert [event.sequence for event in told] == list(range(1, len(told) + 1))
        assert {event.run_id for event in told} == {run.run_id}
        steps = [event.kind for event in told if isinstance(event.kind, events.StepFinished)]
        assert [(step.index, step.revision, list(step.rows)) for step in steps] == [
            (1, "a1", ["a1"]),
            (2, "b2", ["b2"]),
            (3, "c3", ["c3"]),
        ]
        assert told[0].time.tzinfo is not None
        result = run.result()
        assert (result.state, result.rows, result.applied) == (RunState.SUCCEEDED, ("c3",), 3)
        again = c.upgrade().result()
        assert again.nothing_to_do
        assert again.rows == ("c3",)
        back = c.downgrade("a1").result()
        assert (back.rows, back.applied) == (("a1",), 2)
        assert list(c.current().rows) == ["a1"]


def test_a_statement_that_fails_raises_its_class_with_place_and_state(placed: Project, client: Make) -> None:
    placed.write("a1")
    path = placed.write("b2", "a1", up="SELECT 1;\nSELECT nothing FROM nowhere;")
    with client(placed.config()) as c:
        run = c.upgrade("head")
        told = []
        with pytest.raises(errors.StatementFailed) as caught:
            told += [event.name for event in run]
        error = caught.value
        assert isinstance(error, RunFailed)
        assert (error.code, error.reason, error.revision) == ("MG4005", "STATEMENT_FAILED", "b2")
        assert error.place is not None
        assert (error.place.path, error.place.line) == (f"migrations/{path.name}", 7)
        assert error.sql is not None
        assert error.sql.statement_index == 2
        assert "stands at a1" in error.state
        assert error.next_command
        assert (error.result.state, error.result.rows, error.result.applied) == (RunState.FAILED, ("a1",), 1)
        for part in ("MG4005 STATEMENT_FAILED", f"{path.name}:7", "state: ", "next: "):
            assert part in str(error)
        copied = pickle.loads(pickle.dumps(error.__cause__ or errors.UnknownRevision("x", code="MG1001")))
        assert copied.code == "MG1001"
        # The end was told as events, before it was raised.
        with pytest.raises(errors.StatementFailed):
            c.upgrade("head").result()


def test_stamp_watch_and_history(project: Project, client: Make) -> None:
    project.three()
    with client(project.config()) as c:
        stamped = c.stamp("b2")
        assert stamped.result().rows == ("b2",)
        watched = c.watch(stamped.run_id)
        assert [event.sequence for event in watched] == list(range(1, stamped.after + 1))
        late = c.watch(stamped.run_id, after=2)
        assert next(iter(late)).sequence == 3
        late.close()
        assert c.watch(stamped.run_id, after=stamped.after).result().rows == ("b2",)
        assert [revision.id for revision in c.history(mark_current=True) if revision.is_current] == ["b2"]
        assert [revision.id for revision in c.history("a1:b2")] == ["b2", "a1"]
        assert c.get_run(stamped.run_id[:30]).run.id == stamped.run_id
        assert [run.id for run in c.runs(states=[RunState.SUCCEEDED])] == [stamped.run_id]
        assert list(c.runs(states=[RunState.FAILED])) == []


def test_a_run_that_is_left_goes_on(project: Project, client: Make) -> None:
    project.three()
    with client(project.config()) as c:
        run = c.upgrade("head")
        next(iter(run))
        run.close()
        with pytest.raises(errors.StreamLost):
            run.result()
        assert c.wait("head") == ["c3"]
        assert c.watch(run.run_id).result().rows == ("c3",)


def test_cancel_stops_a_statement(postgres: Postgres, project: Project, client: Make) -> None:
    project.url = postgres.database()
    project.write("a1", up="SELECT pg_sleep(600);")
    with client(project.config()) as c:
        run = c.upgrade("head")
        for event in run:
            if isinstance(event.kind, events.StepStarted):
                run.cancel("enough")
                break
        with pytest.raises(errors.Cancelled) as caught:
            run.result()
        assert isinstance(caught.value, RunFailed)
        assert caught.value.result.state is RunState.CANCELLED
        assert list(c.current().rows) == []


def test_the_same_request_id_is_one_run(project: Project, client: Make) -> None:
    project.three()
    with client(project.config()) as c:
        one, other = (c.upgrade("head", request_id="only-once") for _ in range(2))
        assert one.result() == other.result()
        assert one.run_id == other.run_id


def test_a_run_that_is_never_begun_is_warned_of(project: Project, client: Make) -> None:
    project.three()
    with client(project.config()) as c:
        with pytest.warns(RuntimeWarning, match="never begun"):
            _forget(c.upgrade("head"))
        assert list(c.current().rows) == []


def _forget(run: object) -> None:
    del run
    gc.collect()
