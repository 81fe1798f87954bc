"""The connection that a revision's body gets, for a test to be the body."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from bed.project import Project
from migrated import Client, events
from migrated.dbapi import Connection, Conversation

_NUMBERS = count(1)


@contextmanager
def step_of(project: Project, client: Client | None = None) -> Iterator[Connection]:
    """Open a step of a revision of its own; it is done with the block, and failed where that raises."""
    revision = f"step{next(_NUMBERS)}"
    (project.folder / "migrations" / f"{revision}.rev.py").write_text(f"# revision: {revision}\n")
    own = Client(project.config()) if client is None else client
    with own:
        run = own.upgrade(revision)
        for event in run:
            if isinstance(event.kind, events.ExecutorWanted):
                break
        conversation = Conversation(own, run.run_id)
        step = conversation.step()
        assert step is not None
        try:
            yield Connection(conversation, step)
        except BaseException as error:
            conversation.failed(repr(error))
            raise
        else:
            end = conversation.done()
            assert end.done, end.message
        finally:
            conversation.close()
            for _ in _to_the_end(run):
                pass


def _to_the_end(run: Iterator[object]) -> Iterator[object]:
    from migrated import RunFailed

    try:
        yield from run
    except RunFailed:
        return
