"""Exceptions: what is refused, by whom, and what it says."""

from __future__ import annotations

import pickle
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as Packed
from google.rpc import error_details_pb2, status_pb2

from bed.driven import Make
from bed.project import Project
from migrated import MigratedError, errors
from migrated.errors.status import DETAILS, of_rpc, reason_class
from migrated.v1 import ListProjectsResponse, SqlError


def test_every_reason_has_its_class() -> None:
    assert reason_class("MULTIPLE_HEADS") is errors.MultipleHeads
    assert issubclass(errors.MultipleHeads, errors.GraphError)
    assert reason_class("OF_TOMORROW", "MG4999") is errors.TargetError
    assert reason_class("OF_TOMORROW") is MigratedError


@pytest.mark.parametrize(
    ("revision", "kind", "code"),
    [
        ("nothing", errors.UnknownRevision, "MG1001"),
        ("head", errors.MultipleHeads, "MG1005"),
        ("+9", errors.AmbiguousWalk, "MG1006"),
        ("a1:b2", errors.RangeNotAllowed, "MG1021"),
    ],
)
def test_refusals_have_code_reason_state_and_next(
    project: Project, client: Make, revision: str, kind: type[MigratedError], code: str
) -> None:
    project.three()
    project.write("d4", "b2")
    with client(project.config()) as c:
        with pytest.raises(kind) as caught:
            c.upgrade(revision).result()
        error = caught.value
        assert (error.code, error.reason) == (code, kind.REASON)
        assert not isinstance(error, errors.RunFailed)
        assert error.state
        assert error.next_command
        assert any(isinstance(detail, error_details_pb2.ErrorInfo) for detail in error.details)
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), again.code, again.state, str(again)) == (kind, code, error.state, str(error))


def test_a_file_that_cannot_be_read_is_named_with_its_line(project: Project, client: Make) -> None:
    project.write("a1").write_text("-- revision: a1\n-- down_rivision:\n\n-- migrate:up\nSELECT 1;\n")
    with client(project.config()) as c, pytest.raises(errors.RevisionFileError) as caught:
        c.heads()
    assert caught.value.place == errors.Place("migrations/a1.sql", 2)


def test_no_daemon_is_told_at_once(project: Project, client: Make) -> None:
    project.three()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    with client(project.config(server=address)) as c:
        for call in (lambda: c.upgrade("head").result(), c.current):
            with pytest.raises(errors.DaemonUnreachable) as caught:
                call()
            error = caught.value
            assert (error.code, error.reason) == ("MG7001", "DAEMON_UNREACHABLE")
            assert address in error.message
            assert "nothing was executed" in error.state
        with pytest.raises(errors.DaemonUnreachable):
            c.wait("head", timedelta(seconds=0.5))


def test_wait_gives_up_in_time(project: Project, client: Make) -> None:
    project.three()
    with client(project.config()) as c, pytest.raises(errors.DeadlinePassed) as caught:
        c.wait("head", timedelta(seconds=0.3))
    assert caught.value.state
    assert caught.value.next_command


class _Peer(grpc.GenericRpcHandler):
    """A peer that knows the paths that it is given, and nothing else."""

    def __init__(self, *known: str) -> None:
        self.known = known

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        if details.method not in self.known:
            return None
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: ListProjectsResponse(),
            request_deserializer=lambda raw: raw,
            response_serializer=ListProjectsResponse.SerializeToString,
        )


@pytest.mark.parametrize(
    ("known", "upgrade"), [(["/migrated.v1.ProjectService/ListProjects"], "daemon"), ([], "client")]
)
def test_releases_that_do_not_fit_say_what_to_upgrade(
    project: Project, client: Make, known: list[str], upgrade: str
) -> None:
    project.three()
    server = grpc.server(ThreadPoolExecutor(2), [_Peer(*known)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with client(project.config(server=f"127.0.0.1:{port}")) as c:
            for call in (lambda: c.upgrade("head").result(), c.heads):
                with pytest.raises(errors.VersionMismatch) as caught:
                    call()
                assert caught.value.upgrade == upgrade
                assert (
                    f"upgrade the {'daemon' if upgrade == 'daemon' else 'package'}"
                    in caught.value.next_command
                )
    finally:
        server.stop(None).wait()


class _Refusal(grpc.RpcError):
    """A status as a call raises it."""

    def __init__(self, code: grpc.StatusCode, said: str, *details: Any, release: str = "") -> None:
        self._code, self._said, self._release = code, said, release
        packed = []
        for detail in details:
            packed.append(Packed())
            packed[-1].Pack(detail)
        self._trailers = (
            ((DETAILS, status_pb2.Status(details=packed).SerializeToString()),) if details else ()
        )

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return self._said

    def initial_metadata(self) -> Any:
        return ()

    def trailing_metadata(self) -> Any:
        return (*self._trailers, *([("migrated-release", self._release)] if self._release else []))


@pytest.mark.parametrize(
    ("release", "upgrade", "next_command"),
    [
        ("0.0.9", "daemon", "upgrade the daemon to "),
        ("99.1.0", "client", "upgrade the package `migrated` (`pip install --upgrade migrated`) to 99.1.0"),
        ("", "daemon", "upgrade the daemon to "),
    ],
)
def test_a_daemon_of_another_release_is_told_with_what_to_upgrade(
    release: str, upgrade: str, next_command: str
) -> None:
    error = of_rpc(_Refusal(grpc.StatusCode.UNIMPLEMENTED, "", release=release), "h:1")
    assert isinstance(error, errors.VersionMismatch)
    assert error.upgrade == upgrade
    assert error.next_command.startswith(next_command)
    assert release in str(error)


def test_all_details_are_read() -> None:
    info = error_details_pb2.ErrorInfo(
        reason="STATEMENT_FAILED",
        metadata={"code": "MG4005", "state": "clean", "next": "fix it", "path": "m/a.sql", "revision": "a1"},
    )
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.FromTimedelta(timedelta(seconds=2))
    helping = error_details_pb2.Help(links=[error_details_pb2.Help.Link(url="docs/errors/MG4005.md")])
    sql = SqlError(sqlstate="42601", path="m/a.sql", line=7, column_number=3)
    error = of_rpc(_Refusal(grpc.StatusCode.ABORTED, "syntax error", info, sql, retry, helping), "h:1")
    assert type(error) is errors.StatementFailed
    assert (error.code, error.state, error.next_command, error.revision) == (
        "MG4005",
        "clean",
        "fix it",
        "a1",
    )
    assert error.place == errors.Place("m/a.sql", 7, 3)
    assert error.sql == sql
    assert error.retry_after == timedelta(seconds=2)
    assert error.metadata == {"path": "m/a.sql", "revision": "a1"}
    assert helping in error.details


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        (grpc.StatusCode.UNAVAILABLE, errors.DaemonUnreachable, "DAEMON_UNREACHABLE"),
        (grpc.StatusCode.UNAUTHENTICATED, errors.Unauthenticated, "UNAUTHENTICATED"),
        (grpc.StatusCode.PERMISSION_DENIED, errors.PermissionDenied, "PERMISSION_DENIED"),
        (grpc.StatusCode.DEADLINE_EXCEEDED, errors.DeadlinePassed, "DEADLINE_PASSED"),
        (grpc.StatusCode.UNIMPLEMENTED, errors.VersionMismatch, "UNIMPLEMENTED"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, MigratedError, "RESOURCE_EXHAUSTED"),
    ],
)
def test_a_peer_without_details_is_judged_by_its_code(
    code: grpc.StatusCode, kind: type[MigratedError], reason: str
) -> None:
    error = of_rpc(_Refusal(code, "x"), "h:1")
    assert type(error) is kind
    assert error.reason == reason
    assert error.state
    assert error.next_command
