"""The failures MG7…, as docs/errors lists them. Generated."""

from migrated.errors.base import ClientError

__all__ = [
    "ConfigInvalid",
    "DaemonUnreachable",
    "EmbeddedStart",
    "LocalFile",
    "NeedsTerminal",
    "StreamLost",
]


class DaemonUnreachable(ClientError):
    """The daemon cannot be reached."""

    CODE = "MG7001"
    REASON = "DAEMON_UNREACHABLE"
    NEXT = "check the address and that the daemon runs, then repeat the call"


class ConfigInvalid(ClientError):
    """A configuration file, variable or flag that cannot be used."""

    CODE = "MG7002"
    REASON = "CONFIG_INVALID"
    NEXT = "correct it; `migratectl config` shows what applies"


class StreamLost(ClientError):
    """The stream was lost while the run goes on."""

    CODE = "MG7003"
    REASON = "STREAM_LOST"
    STATE = "not known from here: `migratectl current` shows where the target stands"
    NEXT = "`migratectl runs list`, then `migratectl runs watch RUN`"


class LocalFile(ClientError):
    """A local file or folder cannot be read or written."""

    CODE = "MG7004"
    REASON = "LOCAL_FILE"
    STATE = "no target is involved"
    NEXT = "see that the path exists and can be read and written, then repeat the call"


class EmbeddedStart(ClientError):
    """The embedded daemon could not be started."""

    CODE = "MG7005"
    REASON = "EMBEDDED_START"
    NEXT = "`migratectl daemon logs` shows what it said"


class NeedsTerminal(ClientError):
    """A question that only a terminal can answer."""

    CODE = "MG7006"
    REASON = "NEEDS_TERMINAL"
