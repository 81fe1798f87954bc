"""The failures MG11…, as docs/errors lists them. Generated."""

from migrated.errors.base import RevisionFileError

__all__ = [
    "ClientCommand",
    "FileEmpty",
    "FileInvalidHeader",
    "FileInvalidSection",
    "FileNoHeader",
    "FileNotUtf8",
    "MixedTransaction",
    "NoBody",
    "PragmaInTransaction",
    "ScriptUnterminated",
    "TransactionControl",
    "UnsupportedForm",
]


class FileNotUtf8(RevisionFileError):
    """A revision file that is not UTF-8."""

    CODE = "MG1101"
    REASON = "FILE_NOT_UTF8"


class FileEmpty(RevisionFileError):
    """A revision file without content."""

    CODE = "MG1102"
    REASON = "FILE_EMPTY"


class FileNoHeader(RevisionFileError):
    """A revision file without the `-- revision:` header."""

    CODE = "MG1103"
    REASON = "FILE_NO_HEADER"


class FileInvalidHeader(RevisionFileError):
    """A header line that is unknown, doubled or has an unreadable value."""

    CODE = "MG1104"
    REASON = "FILE_INVALID_HEADER"


class FileInvalidSection(RevisionFileError):
    """A `-- migrate:` line that is unknown, doubled or has an unknown option."""

    CODE = "MG1105"
    REASON = "FILE_INVALID_SECTION"


class ScriptUnterminated(RevisionFileError):
    """A quote, comment or body that never ends."""

    CODE = "MG1106"
    REASON = "SCRIPT_UNTERMINATED"


class NoBody(RevisionFileError):
    """The revision has no body in this direction for this dialect."""

    CODE = "MG1107"
    REASON = "NO_BODY"


class TransactionControl(RevisionFileError):
    """COMMIT, ROLLBACK or BEGIN in a revision that runs in a transaction."""

    CODE = "MG1108"
    REASON = "TRANSACTION_CONTROL"


class MixedTransaction(RevisionFileError):
    """Statements that refuse a transaction beside statements that want one."""

    CODE = "MG1109"
    REASON = "MIXED_TRANSACTION"


class PragmaInTransaction(RevisionFileError):
    """A pragma that a transaction turns into a no-op."""

    CODE = "MG1110"
    REASON = "PRAGMA_IN_TRANSACTION"


class ClientCommand(RevisionFileError):
    r"""A client command (such as `\copy`) that no server knows."""

    CODE = "MG1111"
    REASON = "CLIENT_COMMAND"


class UnsupportedForm(RevisionFileError):
    """A revision file in a form that is not read."""

    CODE = "MG1112"
    REASON = "UNSUPPORTED_FORM"
