"""The failures MG10…, as docs/errors lists them. Generated."""

from migrated.errors.base import GraphError

__all__ = [
    "AmbiguousRelative",
    "AmbiguousRevision",
    "AmbiguousWalk",
    "Cycle",
    "DependencyCycle",
    "DuplicateHeads",
    "DuplicateLabel",
    "DuplicateRevision",
    "IllegalId",
    "InvalidDowngradeTarget",
    "Malformed",
    "MissingDependency",
    "MissingParent",
    "MultipleHeads",
    "NoSuchLabel",
    "NotAHead",
    "NotAnAncestor",
    "NotInBranch",
    "Overlapping",
    "RangeNotAllowed",
    "RangeRequired",
    "RelativeOutOfRange",
    "UnknownRevision",
]


class UnknownRevision(GraphError):
    """No revision, label or symbol of that name."""

    CODE = "MG1001"
    REASON = "UNKNOWN_REVISION"


class AmbiguousRevision(GraphError):
    """A partial id that several revisions or labels begin with."""

    CODE = "MG1002"
    REASON = "AMBIGUOUS_REVISION"


class NoSuchLabel(GraphError):
    """`label@…` with a label that nobody carries."""

    CODE = "MG1003"
    REASON = "NO_SUCH_LABEL"


class NotInBranch(GraphError):
    """The revision exists but is not on the branch that was named."""

    CODE = "MG1004"
    REASON = "NOT_IN_BRANCH"


class MultipleHeads(GraphError):
    """`head` where there are several."""

    CODE = "MG1005"
    REASON = "MULTIPLE_HEADS"


class AmbiguousWalk(GraphError):
    """A relative step meets a branch point or a merge point."""

    CODE = "MG1006"
    REASON = "AMBIGUOUS_WALK"


class AmbiguousRelative(GraphError):
    """A relative step from a version table with several rows."""

    CODE = "MG1007"
    REASON = "AMBIGUOUS_RELATIVE"


class RelativeOutOfRange(GraphError):
    """A relative step that leads past the end of the graph."""

    CODE = "MG1008"
    REASON = "RELATIVE_OUT_OF_RANGE"


class Overlapping(GraphError):
    """Revisions asked for together, or version rows, contain each other."""

    CODE = "MG1009"
    REASON = "OVERLAPPING"


class NotAnAncestor(GraphError):
    """A range or target that does not lie below where it must."""

    CODE = "MG1010"
    REASON = "NOT_AN_ANCESTOR"


class InvalidDowngradeTarget(GraphError):
    """The downgrade target does not lie below the version rows."""

    CODE = "MG1011"
    REASON = "INVALID_DOWNGRADE_TARGET"


class Cycle(GraphError):
    """Revisions follow each other in a circle."""

    CODE = "MG1012"
    REASON = "CYCLE"


class DependencyCycle(GraphError):
    """Revisions depend on each other in a circle."""

    CODE = "MG1013"
    REASON = "DEPENDENCY_CYCLE"


class DuplicateLabel(GraphError):
    """A branch label that stands on two revisions, or that is a revision's id."""

    CODE = "MG1014"
    REASON = "DUPLICATE_LABEL"


class DuplicateRevision(GraphError):
    """Two files with the same revision id."""

    CODE = "MG1015"
    REASON = "DUPLICATE_REVISION"


class IllegalId(GraphError):
    """An id or label with a character that identifiers use (`@ - + :`)."""

    CODE = "MG1016"
    REASON = "ILLEGAL_ID"


class MissingParent(GraphError):
    """A `down_revision` that no file has."""

    CODE = "MG1017"
    REASON = "MISSING_PARENT"


class MissingDependency(GraphError):
    """A `depends_on` that no file or label has."""

    CODE = "MG1018"
    REASON = "MISSING_DEPENDENCY"


class NotAHead(GraphError):
    """A new revision on something that is not a head, without `--splice`."""

    CODE = "MG1019"
    REASON = "NOT_A_HEAD"


class DuplicateHeads(GraphError):
    """The same revision twice among the heads to merge."""

    CODE = "MG1020"
    REASON = "DUPLICATE_HEADS"


class RangeNotAllowed(GraphError):
    """A range where a single revision is wanted."""

    CODE = "MG1021"
    REASON = "RANGE_NOT_ALLOWED"


class RangeRequired(GraphError):
    """A single revision where a range is wanted."""

    CODE = "MG1022"
    REASON = "RANGE_REQUIRED"


class Malformed(GraphError):
    """An identifier that cannot be read."""

    CODE = "MG1023"
    REASON = "MALFORMED"
