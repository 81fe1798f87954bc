"""The failures MG6…, as docs/errors lists them. Generated."""

from migrated.errors.base import AccessError

__all__ = [
    "AdHocUrlRefused",
    "PermissionDenied",
    "Unauthenticated",
]


class Unauthenticated(AccessError):
    """No token, or one that is unknown or expired."""

    CODE = "MG6001"
    REASON = "UNAUTHENTICATED"
    NEXT = "set a token: `token` or `token_file`, MIGRATECTL_TOKEN, or `token_file` in migratectl.toml"


class PermissionDenied(AccessError):
    """The token lacks the right."""

    CODE = "MG6002"
    REASON = "PERMISSION_DENIED"


class AdHocUrlRefused(AccessError):
    """A database URL in a request, where the configuration allows none."""

    CODE = "MG6003"
    REASON = "AD_HOC_URL_REFUSED"
