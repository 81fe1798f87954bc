"""The failures MG5…, as docs/errors lists them. Generated."""

from migrated.errors.base import EngineError

__all__ = [
    "Cancelled",
    "ChangedPartial",
    "ChangedRevision",
    "DeadlinePassed",
    "ExecutorFailed",
    "ExecutorLost",
    "ExecutorMissing",
    "Internal",
    "InvalidRequest",
    "LimitExceeded",
    "LockWaitExpired",
    "NeedsExecutor",
    "ProjectNotFound",
    "RunInterrupted",
    "RunNotFound",
    "RunTransactionRefused",
    "ShuttingDown",
    "TargetNotFound",
]


class ChangedRevision(EngineError):
    """A revision's content changed after it was applied."""

    CODE = "MG5001"
    REASON = "CHANGED_REVISION"


class Cancelled(EngineError):
    """The run was cancelled."""

    CODE = "MG5002"
    REASON = "CANCELLED"


class DeadlinePassed(EngineError):
    """The deadline passed."""

    CODE = "MG5003"
    REASON = "DEADLINE_PASSED"


class LockWaitExpired(EngineError):
    """Another run held the target for longer than `--lock-wait`."""

    CODE = "MG5004"
    REASON = "LOCK_WAIT_EXPIRED"


class RunNotFound(EngineError):
    """No run of that id."""

    CODE = "MG5005"
    REASON = "RUN_NOT_FOUND"


class RunInterrupted(EngineError):
    """The daemon stopped while the run was under way."""

    CODE = "MG5006"
    REASON = "RUN_INTERRUPTED"


class ShuttingDown(EngineError):
    """The daemon is stopping and takes no new runs."""

    CODE = "MG5007"
    REASON = "SHUTTING_DOWN"


class TargetNotFound(EngineError):
    """No target of that name."""

    CODE = "MG5008"
    REASON = "TARGET_NOT_FOUND"


class ProjectNotFound(EngineError):
    """No project of that name."""

    CODE = "MG5009"
    REASON = "PROJECT_NOT_FOUND"


class LimitExceeded(EngineError):
    """A configured limit was reached."""

    CODE = "MG5010"
    REASON = "LIMIT_EXCEEDED"


class RunTransactionRefused(EngineError):
    """One transaction for the whole run is not possible here."""

    CODE = "MG5011"
    REASON = "RUN_TRANSACTION_REFUSED"


class InvalidRequest(EngineError):
    """A request that lacks something or contradicts itself."""

    CODE = "MG5012"
    REASON = "INVALID_REQUEST"


class Internal(EngineError):
    """An unexpected fault of our own."""

    CODE = "MG5013"
    REASON = "INTERNAL"


class ChangedPartial(EngineError):
    """A DONE statement of a partly applied revision was changed."""

    CODE = "MG5015"
    REASON = "CHANGED_PARTIAL"


class ExecutorMissing(EngineError):
    """A run waits for a client to execute a revision, and none came."""

    CODE = "MG5016"
    REASON = "EXECUTOR_MISSING"


class ExecutorLost(EngineError):
    """The client that executed a revision went away in the middle of it."""

    CODE = "MG5017"
    REASON = "EXECUTOR_LOST"


class ExecutorFailed(EngineError):
    """The client that executed a revision says that its body failed."""

    CODE = "MG5018"
    REASON = "EXECUTOR_FAILED"


class NeedsExecutor(EngineError):
    """A revision whose SQL only its client knows, where SQL was asked for."""

    CODE = "MG5019"
    REASON = "NEEDS_EXECUTOR"
