"""The scenarios that every client runs; their form is told in tests/scenarios/README.md."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from bed.driven import Make
from bed.mariadb import MariaDB
from bed.postgres import Postgres
from bed.programs import ROOT
from bed.project import Project
from migrated import Client, MigratedError, dbapi, events
from migrated.v1.event_pb2 import Direction

FOLDER = ROOT / "tests" / "scenarios"
LEFT_OUT = {"stateChanged", "waiting", "locked", "statementRunning", "blocked", "notice", "warning"}
WORDS = {
    "scenario": {"name", "engines", "daemon", "files", "bodies", "steps"},
    "body": {"down_revision", "up", "down"},
    "statement": {"sql", "parameters", "count", "rows", "fails", "raise"},
    "step": {"call", "with", "events", "result", "error", "write", "remove"},
}
"""What is run here. Another word would be a part of the list that is not."""


def _cases() -> list[Any]:
    found = []
    for file in sorted(FOLDER.glob("*.yaml")):
        for scenario in yaml.safe_load(file.read_text())["scenarios"]:
            _known(scenario)
            for engine in scenario.get("engines", ["sqlite"]):
                found.append(pytest.param(scenario, engine, id=f"{scenario['name']}-{engine}"))
    return found


def _known(scenario: dict[str, Any]) -> None:
    bodies = list(scenario.get("bodies", {}).values())
    statements = [one for body in bodies for way in ("up", "down") for one in body.get(way, [])]
    parts = {"scenario": [scenario], "body": bodies, "statement": statements, "step": scenario["steps"]}
    for part, all_of_it in parts.items():
        for one in all_of_it:
            assert one.keys() <= WORDS[part], f"{scenario['name']}: {one.keys() - WORDS[part]} of a {part}"


def told(message: Message) -> dict[str, Any]:
    """Write a message in protobuf's JSON form, with the fields that are not set."""
    written: dict[str, Any] = MessageToDict(message, always_print_fields_with_no_presence=True)
    return written


def holds(expected: Any, found: Any, at: str) -> None:
    """See that what was found is what was expected."""
    if isinstance(expected, dict) and "$has" in expected:
        assert expected["$has"] in found, f"{at}: {found!r}"
    elif isinstance(expected, dict):
        assert isinstance(found, dict), f"{at}: {found!r}"
        for key, value in expected.items():
            assert key in found, f"{at}.{key} is missing: {found!r}"
            holds(value, found[key], f"{at}.{key}")
    elif isinstance(expected, list):
        assert isinstance(found, list), f"{at}: {found!r}"
        assert len(expected) == len(found), f"{at}: {found!r}"
        for number, (one, other) in enumerate(zip(expected, found, strict=True)):
            holds(one, other, f"{at}[{number}]")
    else:
        assert expected == found, f"{at}: {found!r}"


class Scenario:
    """A scenario on its way."""

    def __init__(
        self, project: Project, client: Make, settings: dict[str, Any], bodies: dict[str, Any]
    ) -> None:
        self.project, self.client, self.settings, self.bodies = project, client, settings, bodies
        self.last_run = ""
        self.events: list[Any] = []
        for revision, body in bodies.items():
            head = f"# revision: {revision}\n# down_revision: {body['down_revision']}\n"
            self.write({f"migrations/{revision}.rev.py": head})

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.project.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def step(self, step: dict[str, Any], at: str) -> None:
        if "write" in step:
            self.write(step["write"])
            return
        if "remove" in step:
            for name in step["remove"]:
                Path(self.project.folder, name).unlink()
            return
        given = dict(step.get("with", {}))
        published = given.pop("published", False)
        self.events = []
        with self.client(self.project.config(**self.settings), published=published) as c:
            try:
                found = self.call(step["call"], c, given)
                error = None
            except MigratedError as failure:
                found, error = {}, failure
        if "events" in step:
            names = [self._named(event) for event in self.events if self._named(event) not in LEFT_OUT]
            wanted = [event if isinstance(event, dict) else {event: {}} for event in step["events"]]
            assert names == [next(iter(event)) for event in wanted], f"{at}: {error}"
            kept = [told(e.message) for e in self.events if self._named(e) not in LEFT_OUT]
            holds(wanted, kept, f"{at}.events")
        if "error" in step:
            assert error is not None, f"{at}: it did not fail: {found}"
            place = {"path": error.place.path, "line": error.place.line} if error.place else {}
            fields = {"code": error.code, "reason": error.reason, "revision": error.revision, "place": place}
            rest = {
                "state": error.state,
                "next": error.next_command,
                "sqlstate": error.sql and error.sql.sqlstate,
            }
            holds(step["error"], fields | rest, f"{at}.error")
        elif error is not None:
            raise AssertionError(f"{at}: {error}") from error
        holds(step.get("result", {}), found, f"{at}.result")

    def call(self, name: str, c: Any, given: dict[str, Any]) -> dict[str, Any]:
        """Call by the names of the table in the README."""
        if name in {"upgrade", "downgrade", "stamp", "watch"}:
            return self._run(name, c, given)
        calls: dict[str, Callable[[], Any]] = {
            "current": c.current,
            "plan": lambda: c.plan(**given),
            "render": lambda: {"text": c.render(*given.pop("revisions"), **given)},
            "history": lambda: {"revisions": [told(revision) for revision in c.history(**given)]},
            "heads": lambda: {"heads": [told(revision) for revision in c.heads()]},
            "branches": lambda: {"branches": [told(branch) for branch in c.branches()]},
            "resolve": lambda: {"resolved": c.resolve(*given["identifiers"])},
            "revision": lambda: _new(c.revision(**given)),
            "merge": lambda: _new(c.merge(*given.pop("revisions"), **given)),
            "push": lambda: c.push(**given),
            "wait": lambda: {"rows": c.wait(given["revision"], timedelta(seconds=given["timeout"]))},
            "check": lambda: c.check(given["schema"]),
        }
        found = calls[name]()
        return told(found) if isinstance(found, Message) else found

    def _run(self, name: str, c: Any, given: dict[str, Any]) -> dict[str, Any]:
        first = given.get("after", 0)
        if name == "watch":
            run = c.watch(self.last_run, **given)
        elif name == "stamp":
            run = c.stamp(*given.pop("revisions"), **given)
        else:
            run = getattr(c, name)(given["revision"])
        for event in run:
            self.events.append(event)
            if isinstance(event.kind, events.ExecutorWanted):
                self._execute(run.run_id)
        self.last_run = run.run_id
        assert [event.sequence for event in self.events] == list(
            range(first + 1, first + 1 + len(self.events))
        )
        end = told(self.events[-1].message)
        finished: dict[str, Any] = end["runFinished"]
        return finished

    def _execute(self, run_id: str) -> None:
        """Do the body that the run waits with. PEP 249 knows no asyncio: of both forms it is the blocking one."""
        with Client(self.project.config(**self.settings)) as client:
            conversation = dbapi.Conversation(client, run_id)
            step = conversation.step()
            assert step is not None
            way = "up" if Direction.Name(step.direction) == "DIRECTION_UP" else "down"
            raised = _body(
                dbapi.Connection(conversation, step), step.dialect, self.bodies[step.revision][way]
            )
            end = conversation.failed(raised) if raised else conversation.done()
            assert end.done == (not raised), end.message
            conversation.close()

    @staticmethod
    def _named(event: Any) -> str:
        head, *rest = str(event.name).split("_")
        return head + "".join(word.capitalize() for word in rest)


def _body(connection: dbapi.Connection, dialect: str, does: list[dict[str, Any]]) -> str:
    """Do what the list says, and tell the text that it ends with, where it fails."""
    for one in does:
        if "raise" in one:
            return str(one["raise"])
        sql: str = one["sql"]
        if dialect == "postgresql":
            first, *rest = sql.split("?")
            sql = first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))
        cursor = connection.cursor()
        if one.get("fails"):
            with pytest.raises(dbapi.Error):
                cursor.execute(sql, one.get("parameters", ()))
            continue
        cursor.execute(sql, one.get("parameters", ()))
        if "rows" in one:
            assert [list(row) for row in cursor.fetchall()] == one["rows"], sql
        if "count" in one:
            assert cursor.rowcount == one["count"], sql
    return ""


def _new(made: Any) -> dict[str, Any]:
    assert made.path.is_file()
    return {"revision": told(made.revision), "path": str(made.path)}


@pytest.mark.parametrize(("scenario", "engine"), _cases())
def test_scenario(
    scenario: dict[str, Any], engine: str, project: Project, client: Make, request: pytest.FixtureRequest
) -> None:
    if engine == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        project.url = server.database()
    elif engine == "mysql":
        other: MariaDB = request.getfixturevalue("mysql")
        project.url = other.database()
    settings = {"server": project.serve()} if scenario.get("daemon") == "shared" else {}
    running = Scenario(project, client, settings, scenario.get("bodies", {}))
    running.write(scenario["files"])
    for number, step in enumerate(scenario["steps"], 1):
        running.step(step, f"{scenario['name']} step {number}")


def test_names_are_unique() -> None:
    names = [case.values[0]["name"] for case in _cases()]
    scenarios = {id(case.values[0]) for case in _cases()}
    assert len(set(names)) == len(scenarios)
