"""The failures MG2…, as docs/errors lists them. Generated."""

from migrated.errors.base import SchemaError

__all__ = [
    "DropNotAllowed",
    "NotAtHead",
    "OperationInvalid",
    "SchemaInvalid",
    "SchemaMoved",
    "ScratchRequired",
]


class SchemaInvalid(SchemaError):
    """A schema that cannot be read, or that the engine refuses."""

    CODE = "MG2001"
    REASON = "SCHEMA_INVALID"


class ScratchRequired(SchemaError):
    """Nowhere to make a scratch database."""

    CODE = "MG2002"
    REASON = "SCRATCH_REQUIRED"


class NotAtHead(SchemaError):
    """Autogenerate on a target with pending revisions."""

    CODE = "MG2003"
    REASON = "NOT_AT_HEAD"


class DropNotAllowed(SchemaError):
    """What destroys data was not allowed."""

    CODE = "MG2004"
    REASON = "DROP_NOT_ALLOWED"


class OperationInvalid(SchemaError):
    """An operation that the dialect has no way to do."""

    CODE = "MG2005"
    REASON = "OPERATION_INVALID"


class SchemaMoved(SchemaError):
    """The schema changed while it was read."""

    CODE = "MG2006"
    REASON = "SCHEMA_MOVED"
