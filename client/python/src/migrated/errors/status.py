"""What the status of a call means: as the daemon told it, or, where nobody of ours told, by its canonical code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2

import migrated.errors as public
from migrated._release import VERSION
from migrated.errors.base import NOTHING_EXECUTED, MigratedError, Place, VersionMismatch
from migrated.v1.error_pb2 import SqlError

DETAILS = "grpc-status-details-bin"
"""The trailer that carries a `google.rpc.Status`."""

RELEASE = "migrated-release"
"""The header by which a daemon tells its release."""


UNSENT = ("failed to connect", "Failed to connect", "DNS resolution failed", "Handshake")
"""What gRPC says where no connection came about."""


def reason_class(reason: str, code: str = "") -> type[MigratedError]:
    """Tell the class of a reason; one that this release does not know has the class of its code's part."""
    return _BY_REASON.get(reason) or next(
        (part for prefix, part in _PARTS if code.startswith(prefix)), MigratedError
    )


def place_of(sql: SqlError | None) -> Place | None:
    """Tell the place that the database's detail names."""
    return Place(sql.path, sql.line, sql.column_number) if sql is not None and sql.path else None


def is_transport(error: grpc.RpcError) -> bool:
    """Tell whether the same call may succeed later, or elsewhere: the transport failed, or the daemon stops."""
    info = error_info(details_of(error))
    if info is not None:
        return bool(info.reason == "SHUTTING_DOWN")
    return error.code() in {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.CANCELLED,
    }


def is_unsent(error: grpc.RpcError) -> bool:
    """Tell whether no connection came about, so that nothing can have been sent."""
    said = error.details() or ""
    return error.code() is grpc.StatusCode.UNAVAILABLE and any(text in said for text in UNSENT)


def details_of(error: grpc.RpcError) -> list[Message]:
    """Tell the details of a status; those of unknown types are left out."""
    # Pairs; the two forms of gRPC have types of their own for them.
    trailers: Any = error.trailing_metadata() or ()
    raw = next((value for key, value in trailers if key == DETAILS), None)
    if not isinstance(raw, bytes):
        return []
    try:
        packed = status_pb2.Status.FromString(raw).details
        unpacked = [_unpacked(detail) for detail in packed]
    except DecodeError:
        return []
    return [detail for detail in unpacked if detail is not None]


def error_info(details: list[Message]) -> error_details_pb2.ErrorInfo | None:
    """Tell the reason with its metadata, where our daemon sent one."""
    infos = (detail for detail in details if isinstance(detail, error_details_pb2.ErrorInfo))
    return next(infos, None)


def of_rpc(error: grpc.RpcError, address: str) -> MigratedError:
    """Make the exception of a call that failed.

    Args:
        error: What the call raised.
        address: Where the daemon was looked for, for the message.

    """
    details = details_of(error)
    info = error_info(details)
    if info is None:
        return _of_bare_status(error, address)
    metadata = dict(info.metadata)
    code, state, next_command = (metadata.pop(key, "") for key in ("code", "state", "next"))
    sql = next((detail for detail in details if isinstance(detail, SqlError)), None)
    retry = next((detail for detail in details if isinstance(detail, error_details_pb2.RetryInfo)), None)
    return reason_class(info.reason, code)(
        error.details() or "",
        code=code,
        reason=info.reason,
        revision=metadata.get("revision", ""),
        place=_nearest(_named_place(metadata), place_of(sql)),
        state=state,
        next_command=next_command,
        sql=sql,
        metadata=metadata,
        details=details,
        retry_after=retry.retry_delay.ToTimedelta() if retry is not None else None,
    )


def _of_bare_status(error: grpc.RpcError, address: str) -> MigratedError:
    said = error.details() or ""
    code = error.code()
    unsent = NOTHING_EXECUTED if is_unsent(error) else ""
    if code is grpc.StatusCode.INTERNAL and "RST_STREAM" in said:
        code = grpc.StatusCode.UNAVAILABLE
    match code:
        case grpc.StatusCode.UNAVAILABLE | grpc.StatusCode.UNKNOWN | grpc.StatusCode.CANCELLED:
            told = f"cannot reach the daemon at {address}: {said or code.name}"
            return public.DaemonUnreachable(told, state=unsent or MigratedError.STATE)
        case grpc.StatusCode.UNAUTHENTICATED:
            return public.Unauthenticated(said)
        case grpc.StatusCode.PERMISSION_DENIED:
            return public.PermissionDenied(said)
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return public.DeadlinePassed(said or "the deadline of the call passed")
        case grpc.StatusCode.UNIMPLEMENTED:
            theirs = release_of(error)
            upgrade = "daemon" if _numbers(theirs) <= _numbers(VERSION) else "client"
            return mismatch(upgrade, f"the daemon at {address} does not know this call", theirs)
        case _:
            return MigratedError(said or code.name, reason=code.name)


def mismatch(upgrade: str, message: str, theirs: str = "") -> VersionMismatch:
    """Make the error of two releases that do not fit, which says what to upgrade."""
    which = (
        "the daemon" if upgrade == "daemon" else "the package `migrated` (`pip install --upgrade migrated`)"
    )
    newest = (
        f"to {VERSION} or later" if upgrade == "daemon" else f"to {theirs or 'the release of the daemon'}"
    )
    of = (
        f"release {theirs}, this package of {VERSION}"
        if theirs
        else f"another release than this package, {VERSION}"
    )
    error = VersionMismatch(f"{message}: it is of {of}")
    error.upgrade = upgrade
    error.next_command = f"upgrade {which} {newest}"
    return error


def release_of(error: grpc.RpcError) -> str:
    """Tell the release that the daemon named; empty where it named none."""
    for told in ("initial_metadata", "trailing_metadata"):
        pairs: Any = getattr(error, told, tuple)() or ()
        for key, value in pairs:
            if key == RELEASE:
                return str(value)
    return ""


def _numbers(release: str) -> list[int]:
    digits = release.partition("-")[0].split(".")
    return [int(number) if number.isdigit() else 0 for number in digits]


def _unpacked(detail: Packed) -> Message | None:
    name = detail.type_url.rpartition("/")[2]
    try:
        kind = message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(name))
    except KeyError:
        return None
    return kind.FromString(detail.value)


def _named_place(metadata: Mapping[str, str]) -> Place | None:
    path = metadata.get("path")
    numbers = (metadata.get(key, "") for key in ("line", "column"))
    return Place(path, *(int(n) if n.isdigit() else 0 for n in numbers)) if path else None


def _nearest(named: Place | None, detailed: Place | None) -> Place | None:
    """Tell the place that knows a line: the file is often named beside the message and the line in the detail."""
    if named is None or detailed is None:
        return named or detailed
    return named if named.line else detailed


_PARTS: tuple[tuple[str, type[MigratedError]], ...] = (
    ("MG10", public.GraphError),
    ("MG11", public.RevisionFileError),
    ("MG2", public.SchemaError),
    ("MG3", public.StoreError),
    ("MG4", public.TargetError),
    ("MG5", public.EngineError),
    ("MG6", public.AccessError),
    ("MG7", public.ClientError),
)
_BY_REASON: dict[str, type[MigratedError]] = {
    kind.REASON: kind for _, part in _PARTS for kind in part.__subclasses__() if kind.CODE
}
