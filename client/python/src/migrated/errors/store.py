"""The failures MG3…, as docs/errors lists them. Generated."""

from migrated.errors.base import StoreError

__all__ = [
    "AlreadyExists",
    "BodyMismatch",
    "EventsPruned",
    "HeadsChanged",
    "LeaseLost",
    "ManifestUnknown",
    "PruneRefused",
    "PublishedChanged",
    "StoreCorrupt",
    "StoreFull",
    "StoreTooNew",
    "StoreUnavailable",
]


class StoreUnavailable(StoreError):
    """The revision store cannot be opened, read or written."""

    CODE = "MG3001"
    REASON = "STORE_UNAVAILABLE"


class HeadsChanged(StoreError):
    """Somebody else changed the published heads first."""

    CODE = "MG3002"
    REASON = "HEADS_CHANGED"


class StoreCorrupt(StoreError):
    """The store holds something that cannot be read back."""

    CODE = "MG3003"
    REASON = "STORE_CORRUPT"


class StoreFull(StoreError):
    """No room is left for the store."""

    CODE = "MG3004"
    REASON = "STORE_FULL"


class StoreTooNew(StoreError):
    """The store was written by a newer release."""

    CODE = "MG3005"
    REASON = "STORE_TOO_NEW"


class ManifestUnknown(StoreError):
    """The manifest of that digest is not known here: upload it."""

    CODE = "MG3006"
    REASON = "MANIFEST_UNKNOWN"


class EventsPruned(StoreError):
    """Events before that number were pruned."""

    CODE = "MG3007"
    REASON = "EVENTS_PRUNED"


class PruneRefused(StoreError):
    """A push that would take away what a target has applied."""

    CODE = "MG3008"
    REASON = "PRUNE_REFUSED"


class AlreadyExists(StoreError):
    """Something of that name exists already."""

    CODE = "MG3009"
    REASON = "ALREADY_EXISTS"


class BodyMismatch(StoreError):
    """A body whose bytes are not those that its hash names."""

    CODE = "MG3010"
    REASON = "BODY_MISMATCH"


class PublishedChanged(StoreError):
    """A published revision was changed."""

    CODE = "MG3011"
    REASON = "PUBLISHED_CHANGED"


class LeaseLost(StoreError):
    """The run is another daemon's by now: this one's lease lapsed."""

    CODE = "MG3012"
    REASON = "LEASE_LOST"
