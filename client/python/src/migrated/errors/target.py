"""The failures MG4…, as docs/errors lists them. Generated."""

from migrated.errors.base import TargetError

__all__ = [
    "ConnectionLost",
    "DatabaseMissing",
    "IdCollision",
    "IdTooLong",
    "LockLost",
    "LockTimeout",
    "MemoryTarget",
    "OutcomeUnknown",
    "PooledConnection",
    "StatementFailed",
    "TargetAuthentication",
    "TargetNotShared",
    "TargetPartial",
    "TargetPermission",
    "TargetRefused",
    "TargetUnreachable",
    "TargetUrlInvalid",
    "VersionRowsChanged",
    "VersionTableShape",
]


class TargetUnreachable(TargetError):
    """The database server cannot be reached."""

    CODE = "MG4001"
    REASON = "TARGET_UNREACHABLE"


class TargetAuthentication(TargetError):
    """The database refused user or password."""

    CODE = "MG4002"
    REASON = "TARGET_AUTHENTICATION"


class TargetPermission(TargetError):
    """The database refused for want of a right."""

    CODE = "MG4003"
    REASON = "TARGET_PERMISSION"


class PooledConnection(TargetError):
    """A transaction pooler stands between us and the database."""

    CODE = "MG4004"
    REASON = "POOLED_CONNECTION"


class StatementFailed(TargetError):
    """A statement failed."""

    CODE = "MG4005"
    REASON = "STATEMENT_FAILED"


class VersionRowsChanged(TargetError):
    """The version table holds other rows than the plan expects."""

    CODE = "MG4006"
    REASON = "VERSION_ROWS_CHANGED"


class IdTooLong(TargetError):
    """A revision id longer than the version table's column."""

    CODE = "MG4007"
    REASON = "ID_TOO_LONG"


class IdCollision(TargetError):
    """Two revision ids that are one under the column's collation."""

    CODE = "MG4008"
    REASON = "ID_COLLISION"


class TargetPartial(TargetError):
    """Some statements of a revision took effect and others did not."""

    CODE = "MG4009"
    REASON = "TARGET_PARTIAL"


class ConnectionLost(TargetError):
    """The connection to the database broke."""

    CODE = "MG4010"
    REASON = "CONNECTION_LOST"


class OutcomeUnknown(TargetError):
    """The connection broke inside COMMIT and nothing tells how it ended."""

    CODE = "MG4011"
    REASON = "OUTCOME_UNKNOWN"


class TargetUrlInvalid(TargetError):
    """A database URL that cannot be read."""

    CODE = "MG4012"
    REASON = "TARGET_URL_INVALID"


class MemoryTarget(TargetError):
    """`sqlite::memory:` cannot outlive its connection."""

    CODE = "MG4013"
    REASON = "MEMORY_TARGET"


class LockLost(TargetError):
    """The migration lock was lost while a run held it."""

    CODE = "MG4014"
    REASON = "LOCK_LOST"


class DatabaseMissing(TargetError):
    """The database or schema does not exist."""

    CODE = "MG4015"
    REASON = "DATABASE_MISSING"


class LockTimeout(TargetError):
    """A lock in the database was not given within the budget."""

    CODE = "MG4016"
    REASON = "LOCK_TIMEOUT"


class TargetRefused(TargetError):
    """Any other refusal by the database outside of a revision's statements."""

    CODE = "MG4017"
    REASON = "TARGET_REFUSED"


class VersionTableShape(TargetError):
    """The version table has another shape than Alembic's."""

    CODE = "MG4018"
    REASON = "VERSION_TABLE_SHAPE"


class TargetNotShared(TargetError):
    """A SQLite file as target of daemons that share a store."""

    CODE = "MG4019"
    REASON = "TARGET_NOT_SHARED"
