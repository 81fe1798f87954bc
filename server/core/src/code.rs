//! Stable error codes. A code never changes its meaning; `docs/errors/` has a page for each.

/// Declares [`Code`] once, so that number, reason and the list of all codes cannot drift apart.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $reason:literal;)*) => {
        /// What went wrong, as a stable number (`MG1001`) and an UPPER_SNAKE reason (`UNKNOWN_REVISION`).
        ///
        /// The thousands say where: 1 graph and revision files, 3 store, 4 target, 5 engine, 6 access,
        /// 7 client and configuration. (2 is kept for the schema.)
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $variant),* }

        impl Code {
            /// Every code, in order of number.
            pub const ALL: &'static [Code] = &[$(Code::$variant),*];

            /// The stable number, as `MG1001`.
            pub const fn number(self) -> &'static str {
                match self { $(Code::$variant => concat!("MG", stringify!($number))),* }
            }

            /// The reason in UPPER_SNAKE, as it stands in `google.rpc.ErrorInfo`.
            pub const fn reason(self) -> &'static str {
                match self { $(Code::$variant => $reason),* }
            }

            /// The code of a reason, if it is one of ours.
            pub fn from_reason(reason: &str) -> Option<Code> {
                match reason { $($reason => Some(Code::$variant),)* _ => None }
            }
        }
    };
}

codes! {
    /// No revision, label or symbol of that name.
    UnknownRevision = 1001, "UNKNOWN_REVISION";
    /// A partial id that several revisions or labels begin with.
    AmbiguousRevision = 1002, "AMBIGUOUS_REVISION";
    /// `label@…` with a label that nobody carries.
    NoSuchLabel = 1003, "NO_SUCH_LABEL";
    /// The revision exists but is not on the branch that was named.
    NotInBranch = 1004, "NOT_IN_BRANCH";
    /// `head` where there are several.
    MultipleHeads = 1005, "MULTIPLE_HEADS";
    /// A relative step meets a branch point or a merge point.
    AmbiguousWalk = 1006, "AMBIGUOUS_WALK";
    /// A relative step from a version table with several rows.
    AmbiguousRelative = 1007, "AMBIGUOUS_RELATIVE";
    /// A relative step that leads past the end of the graph.
    RelativeOutOfRange = 1008, "RELATIVE_OUT_OF_RANGE";
    /// Revisions asked for together, or version rows, contain each other.
    Overlapping = 1009, "OVERLAPPING";
    /// A range or target that does not lie below where it must.
    NotAnAncestor = 1010, "NOT_AN_ANCESTOR";
    /// The downgrade target does not lie below the version rows.
    InvalidDowngradeTarget = 1011, "INVALID_DOWNGRADE_TARGET";
    /// Revisions follow each other in a circle.
    Cycle = 1012, "CYCLE";
    /// Revisions depend on each other in a circle.
    DependencyCycle = 1013, "DEPENDENCY_CYCLE";
    /// A branch label that stands on two revisions, or that is a revision's id.
    DuplicateLabel = 1014, "DUPLICATE_LABEL";
    /// Two files with the same revision id.
    DuplicateRevision = 1015, "DUPLICATE_REVISION";
    /// An id or label with a character that identifiers use (`@ - + :`).
    IllegalId = 1016, "ILLEGAL_ID";
    /// A `down_revision` that no file has.
    MissingParent = 1017, "MISSING_PARENT";
    /// A `depends_on` that no file or label has.
    MissingDependency = 1018, "MISSING_DEPENDENCY";
    /// A new revision on something that is not a head, without `--splice`.
    NotAHead = 1019, "NOT_A_HEAD";
    /// The same revision twice among the heads to merge.
    DuplicateHeads = 1020, "DUPLICATE_HEADS";
    /// A range where a single revision is wanted.
    RangeNotAllowed = 1021, "RANGE_NOT_ALLOWED";
    /// A single revision where a range is wanted.
    RangeRequired = 1022, "RANGE_REQUIRED";
    /// An identifier that cannot be read.
    Malformed = 1023, "MALFORMED";
    /// A revision file that is not UTF-8.
    FileNotUtf8 = 1101, "FILE_NOT_UTF8";
    /// A revision file without content.
    FileEmpty = 1102, "FILE_EMPTY";
    /// A revision file without the `-- revision:` header.
    FileNoHeader = 1103, "FILE_NO_HEADER";
    /// A header line that is unknown, doubled or has an unreadable value.
    FileInvalidHeader = 1104, "FILE_INVALID_HEADER";
    /// A `-- migrate:` line that is unknown, doubled or has an unknown option.
    FileInvalidSection = 1105, "FILE_INVALID_SECTION";
    /// A quote, comment or body that never ends.
    ScriptUnterminated = 1106, "SCRIPT_UNTERMINATED";
    /// The revision has no body in this direction for this dialect.
    NoBody = 1107, "NO_BODY";
    /// COMMIT, ROLLBACK or BEGIN in a revision that runs in a transaction.
    TransactionControl = 1108, "TRANSACTION_CONTROL";
    /// Statements that refuse a transaction beside statements that want one.
    MixedTransaction = 1109, "MIXED_TRANSACTION";
    /// A pragma that a transaction turns into a no-op.
    PragmaInTransaction = 1110, "PRAGMA_IN_TRANSACTION";
    /// A client command (such as `\copy`) that no server knows.
    ClientCommand = 1111, "CLIENT_COMMAND";
    /// A revision file in a form that is not read: YAML with anchors, aliases, tags or several documents, a client's
    /// revision without a transaction where the engine has transactions.
    UnsupportedForm = 1112, "UNSUPPORTED_FORM";

    /// A schema file or message that cannot be read, or that the engine refuses in scratch.
    SchemaInvalid = 2001, "SCHEMA_INVALID";
    /// Nowhere to make a scratch database.
    ScratchRequired = 2002, "SCRATCH_REQUIRED";
    /// Autogenerate on a target that does not stand at head: it would find again what pending revisions do.
    NotAtHead = 2003, "NOT_AT_HEAD";
    /// Dropping what holds data, without having been allowed to.
    DropNotAllowed = 2004, "DROP_NOT_ALLOWED";
    /// An operation that the dialect has no way to do, or that does not fit the schema.
    OperationInvalid = 2005, "OPERATION_INVALID";
    /// The schema changed while it was read.
    SchemaMoved = 2006, "SCHEMA_MOVED";

    /// The revision store cannot be opened, read or written.
    StoreUnavailable = 3001, "STORE_UNAVAILABLE";
    /// Somebody else changed the published heads first.
    HeadsChanged = 3002, "HEADS_CHANGED";
    /// The store holds something that cannot be read back.
    StoreCorrupt = 3003, "STORE_CORRUPT";
    /// No room is left for the store.
    StoreFull = 3004, "STORE_FULL";
    /// The store was written by a newer release.
    StoreTooNew = 3005, "STORE_TOO_NEW";
    /// The manifest of that digest is not known here: upload it.
    ManifestUnknown = 3006, "MANIFEST_UNKNOWN";
    /// Events before that number were pruned.
    EventsPruned = 3007, "EVENTS_PRUNED";
    /// A push that would take away what a target has applied.
    PruneRefused = 3008, "PRUNE_REFUSED";
    /// Something of that name exists already.
    AlreadyExists = 3009, "ALREADY_EXISTS";
    /// A body whose bytes are not those that its hash names.
    BodyMismatch = 3010, "BODY_MISMATCH";
    /// A published revision was changed.
    PublishedChanged = 3011, "PUBLISHED_CHANGED";
    /// The run is another daemon's by now: this one's lease lapsed.
    LeaseLost = 3012, "LEASE_LOST";

    /// The database server cannot be reached.
    TargetUnreachable = 4001, "TARGET_UNREACHABLE";
    /// The database refused user or password.
    TargetAuthentication = 4002, "TARGET_AUTHENTICATION";
    /// The database refused for want of a right.
    TargetPermission = 4003, "TARGET_PERMISSION";
    /// A transaction pooler stands between us and the database.
    PooledConnection = 4004, "POOLED_CONNECTION";
    /// A statement failed.
    StatementFailed = 4005, "STATEMENT_FAILED";
    /// The version table holds other rows than the plan expects.
    VersionRowsChanged = 4006, "VERSION_ROWS_CHANGED";
    /// A revision id longer than the version table's column.
    IdTooLong = 4007, "ID_TOO_LONG";
    /// Two revision ids that are one under the column's collation.
    IdCollision = 4008, "ID_COLLISION";
    /// Some statements of a revision took effect and others did not.
    TargetPartial = 4009, "TARGET_PARTIAL";
    /// The connection to the database broke.
    ConnectionLost = 4010, "CONNECTION_LOST";
    /// The connection broke inside COMMIT and nothing tells how it ended.
    OutcomeUnknown = 4011, "OUTCOME_UNKNOWN";
    /// A database URL that cannot be read.
    TargetUrlInvalid = 4012, "TARGET_URL_INVALID";
    /// `sqlite::memory:` cannot outlive its connection.
    MemoryTarget = 4013, "MEMORY_TARGET";
    /// The migration lock was lost while a run held it.
    LockLost = 4014, "LOCK_LOST";
    /// The database or schema does not exist.
    DatabaseMissing = 4015, "DATABASE_MISSING";
    /// A lock in the database was not given within the budget.
    LockTimeout = 4016, "LOCK_TIMEOUT";
    /// Any other refusal by the database outside of a revision's statements.
    TargetRefused = 4017, "TARGET_REFUSED";
    /// The version table has another shape than Alembic's.
    VersionTableShape = 4018, "VERSION_TABLE_SHAPE";
    /// A SQLite file as target of daemons that share a store: they may stand on several machines.
    TargetNotShared = 4019, "TARGET_NOT_SHARED";

    /// A revision's content changed after it was applied.
    ChangedRevision = 5001, "CHANGED_REVISION";
    /// The run was cancelled.
    Cancelled = 5002, "CANCELLED";
    /// The deadline passed.
    DeadlinePassed = 5003, "DEADLINE_PASSED";
    /// Another run held the target for longer than `--lock-wait`.
    LockWaitExpired = 5004, "LOCK_WAIT_EXPIRED";
    /// No run of that id.
    RunNotFound = 5005, "RUN_NOT_FOUND";
    /// The daemon stopped while the run was under way.
    RunInterrupted = 5006, "RUN_INTERRUPTED";
    /// The daemon is stopping and takes no new runs.
    ShuttingDown = 5007, "SHUTTING_DOWN";
    /// No target of that name.
    TargetNotFound = 5008, "TARGET_NOT_FOUND";
    /// No project of that name.
    ProjectNotFound = 5009, "PROJECT_NOT_FOUND";
    /// A configured limit was reached.
    LimitExceeded = 5010, "LIMIT_EXCEEDED";
    /// One transaction for the whole run is not possible here.
    RunTransactionRefused = 5011, "RUN_TRANSACTION_REFUSED";
    /// A request that lacks something or contradicts itself.
    InvalidRequest = 5012, "INVALID_REQUEST";
    /// An unexpected fault of our own.
    Internal = 5013, "INTERNAL";
    /// A DONE statement of a partly applied revision was changed.
    ChangedPartial = 5015, "CHANGED_PARTIAL";
    /// A run waits for a client to execute a revision, and none came.
    ExecutorMissing = 5016, "EXECUTOR_MISSING";
    /// The client that executed a revision went away in the middle of it.
    ExecutorLost = 5017, "EXECUTOR_LOST";
    /// The client that executed a revision says that its body failed.
    ExecutorFailed = 5018, "EXECUTOR_FAILED";
    /// A revision whose SQL only its client knows, where SQL was asked for.
    NeedsExecutor = 5019, "NEEDS_EXECUTOR";

    /// No token, or one that is unknown or expired.
    Unauthenticated = 6001, "UNAUTHENTICATED";
    /// The token lacks the right.
    PermissionDenied = 6002, "PERMISSION_DENIED";
    /// A database URL in a request, where the configuration allows none.
    AdHocUrlRefused = 6003, "AD_HOC_URL_REFUSED";

    /// The daemon cannot be reached.
    DaemonUnreachable = 7001, "DAEMON_UNREACHABLE";
    /// A configuration file, variable or flag that cannot be used.
    ConfigInvalid = 7002, "CONFIG_INVALID";
    /// The stream was lost while the run goes on.
    StreamLost = 7003, "STREAM_LOST";
    /// A local file or folder cannot be read or written.
    LocalFile = 7004, "LOCAL_FILE";
    /// The embedded daemon could not be started.
    EmbeddedStart = 7005, "EMBEDDED_START";
    /// A question that only a terminal can answer.
    NeedsTerminal = 7006, "NEEDS_TERMINAL";
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::Code;
    use std::collections::HashSet;

    #[test]
    fn numbers_and_reasons_are_unique() {
        let numbers: HashSet<_> = Code::ALL.iter().map(|c| c.number()).collect();
        let reasons: HashSet<_> = Code::ALL.iter().map(|c| c.reason()).collect();
        assert_eq!((numbers.len(), reasons.len()), (Code::ALL.len(), Code::ALL.len()));
        assert!(Code::ALL.iter().all(|c| Code::from_reason(c.reason()) == Some(*c)));
    }
}
