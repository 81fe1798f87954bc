"""Streams that die: each event comes once, in order, wherever the connection is cut."""

from __future__ import annotations

from bed.cutter import Cutter
from bed.driven import Make
from bed.project import Project
from migrated import MigratedError

HANDSHAKE = 120
"""Bytes after which HTTP/2 is agreed on: before that there is no connection, which is told at once."""


def served(project: Project, client: Make) -> str:
    """Start a daemon that knows the folder, so that there is nothing but the run's stream to cut."""
    project.three()
    address = project.serve()
    with client(project.config(server=address)) as c:
        c.push()
    return address


def sequences(client: Make, project: Project, server: str, goal: str) -> list[int]:
    with client(project.config(server=server)) as c:
        run = c.upgrade(goal) if goal != "base" else c.downgrade(goal)
        told = [event.sequence for event in run]
        assert run.result().succeeded
    return told


def test_cut_at_every_event(project: Project, client: Make) -> None:
    address = served(project, client)
    cut = HANDSHAKE
    while True:
        cutter = Cutter(address, [cut])
        told = sequences(client, project, cutter.address, "head")
        cutter.close()
        assert told == list(range(1, len(told) + 1)), f"cut after {cut} bytes"
        sequences(client, project, address, "base")
        if len(cutter.passed) == 1:
            # The cut lies behind the last byte of the run.
            break
        # A step is shorter than any event.
        cut += 29
    assert cut > HANDSHAKE + 500


def test_cut_again_and_again(project: Project, client: Make) -> None:
    address = served(project, client)
    cutter = Cutter(address, [400, 300, 300, 300, 250, 250])
    told = sequences(client, project, cutter.address, "head")
    assert told == list(range(1, len(told) + 1))
    assert len(cutter.passed) > 3
    cutter.close()


def test_a_daemon_that_was_killed_is_come_back_to(project: Project, client: Make) -> None:
    project.three()
    address = project.serve()
    with client(project.config(server=address)) as c:
        run = c.upgrade("head")
        told = [next(iter(run)).sequence]
        project.daemons[0].kill()
        assert project.serve(address) == address
        try:
            told += [event.sequence for event in run]
        except MigratedError as error:
            # Where the run had not ended, the next daemon says what became of it.
            assert error.reason == "RUN_INTERRUPTED"  # noqa: PT017
        assert told == list(range(1, len(told) + 1))
        assert c.upgrade("head").result().rows == ("c3",)
