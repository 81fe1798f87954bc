"""The embedded daemon, shared with `migratectl`."""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from bed.driven import Make
from bed.project import Project
from migrated import VERSION, Client, errors
from migrated.embedded.live import Live, find, stop
from migrated.embedded.place import Place


def test_the_daemon_is_the_one_of_migratectl(project: Project, client: Make) -> None:
    project.three()
    place = Place.of(project.config())
    with client(project.config()) as c:
        assert c.upgrade("b2").result().rows == ("b2",)
        status = json.loads(project.ctl("daemon", "status", "--output", "json"))
        assert status["running"]
        assert (status["socket"], status["stateDir"]) == (str(place.socket), str(place.state_dir))
        assert "b2" in project.ctl("current")
        live = find(place)
        assert live == Live(place.socket, status["pid"])
        # What migratectl stops is started again by the next call.
        project.ctl("daemon", "stop")
        assert list(c.current().rows) == ["b2"]
        again = find(place)
        assert again is not None
        assert again.pid != live.pid
    assert (place.state_dir / ".gitignore").read_text() == "*\n"


def test_the_release_is_that_of_the_programs(project: Project) -> None:
    assert json.loads(project.ctl("version", "--output", "json"))["version"] == VERSION


def test_many_at_once_start_one_daemon(project: Project) -> None:
    project.three()

    def pid(_: int) -> int:
        with Client(project.config()) as c:
            list(c.heads())
            live = find(Place.of(project.config()))
            return live.pid if live is not None else 0

    with ThreadPoolExecutor(8) as pool:
        pids = set(pool.map(pid, range(8)))
    assert len(pids) == 1
    assert pids != {0}


def test_a_killed_daemon_and_a_stale_socket_are_replaced(project: Project, client: Make) -> None:
    project.three()
    with client(project.config()) as c:
        c.heads()
        live = find(Place.of(project.config()))
        assert live is not None
        os.kill(live.pid, signal.SIGKILL)
        assert c.upgrade("head").result().rows == ("c3",)


def test_a_daemon_of_another_release_is_replaced(project: Project, client: Make) -> None:
    project.three()
    place = Place.of(project.config())
    with client(project.config()) as c:
        c.heads()
    old = find(place)
    assert old is not None
    record = place.state_dir / "daemon.json"
    told = json.loads(record.read_bytes())
    record.write_text(json.dumps({**told, "version": "0.0.1"}))
    with client(project.config()) as c:
        c.heads()
    new = find(place)
    assert new is not None
    assert new.pid != old.pid
    assert stop(new)
    assert find(place) is None


def test_without_the_program_the_error_says_what_to_install(project: Project, client: Make) -> None:
    project.three()
    project.environ["PATH"] = str(project.home)
    with client(project.config()) as c, pytest.raises(errors.EmbeddedStart) as caught:
        c.heads()
    assert "install `migrated`" in caught.value.next_command


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("#!/bin/sh\necho broken >&2\nexit 3\n", "it said:\n  broken"),
        ("#!/bin/sh\necho hello\n", "said `hello` instead of its socket"),
    ],
)
def test_a_daemon_that_does_not_start_shows_its_log(
    project: Project, client: Make, script: str, told: str
) -> None:
    project.three()
    program = project.home / "broken"
    program.write_text(script)
    program.chmod(0o755)
    with client(project.config(embedded_binary=program)) as c, pytest.raises(errors.EmbeddedStart) as caught:
        c.upgrade("head").result()
    assert told in caught.value.message
    assert "daemon.log" in caught.value.next_command


def test_a_socket_folder_that_others_can_enter_is_refused(project: Project, client: Make) -> None:
    project.three()
    place = Place.of(project.config())
    place.socket.parent.mkdir(mode=0o755)
    place.socket.parent.chmod(0o755)
    with client(project.config()) as c, pytest.raises(errors.EmbeddedStart, match="nobody else can enter"):
        c.heads()


def test_a_runtime_folder_holds_the_socket(project: Project) -> None:
    runtime = project.home / "run"
    runtime.mkdir(mode=0o700)
    project.environ["XDG_RUNTIME_DIR"] = str(runtime)
    place = Place.of(project.config())
    assert place.socket.parent == runtime / "migrated"
    status = json.loads(project.ctl("daemon", "status", "--output", "json"))
    assert status["stateDir"] == str(place.state_dir)


def test_an_idle_time_that_is_none_is_refused(project: Project) -> None:
    project.three()
    for wrong in ("soon", "", "5 m"):
        with (
            Client(project.config(embedded_idle=wrong)) as c,
            pytest.raises(errors.ConfigInvalid, match="duration"),
        ):
            c.heads()


def test_there_is_no_folder(project: Project, client: Make) -> None:
    (project.folder / "migrations").rmdir()
    with client(project.config()) as c:
        for call in (c.heads, c.push, lambda: c.revision("x"), lambda: c.upgrade().result()):
            with pytest.raises(errors.LocalFile, match="no folder of revisions"):
                call()
