//! What can be wrong with a graph, an identifier or a plan, in words and with a stable code.

use super::deviation::Deviation;
use crate::Code;

/// A [`Fault`], and the declared deviation if Alembic would not have raised it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct RevisionError {
    /// What is wrong, with every name in it.
    pub fault: Fault,
    /// Set where Alembic would have answered something else.
    pub deviation: Option<Deviation>,
}

impl RevisionError {
    /// The stable code of the fault.
    pub fn code(&self) -> Code {
        self.fault.code()
    }

    /// Every dynamic part of the message, as key and value; lists are joined with `, `.
    pub fn metadata(&self) -> Vec<(&'static str, String)> {
        self.fault.metadata()
    }

    pub(super) fn declared(mut self, deviation: Deviation) -> Self {
        self.deviation = Some(deviation);
        self
    }
}

impl From<Fault> for RevisionError {
    fn from(fault: Fault) -> Self {
        Self { fault, deviation: None }
    }
}

/// One kind of mistake, with all its nouns. `Display` is one line that also tells the way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No revision, label or symbol of that name.
    #[error("no revision or label `{ident}`{}", on_branch(.branch, .near))]
    UnknownRevision {
        /// What was asked for.
        ident: String,
        /// The branch that it was looked for on, if one was named and the rest of the graph would know it.
        branch: Option<String>,
        /// Names that look like it, nearest first.
        near: Vec<String>,
    },
    /// A row of the version table that the graph does not hold.
    #[error("the version table stands at `{row}`, which no revision here has{}", did_you_mean(.near))]
    UnknownRow {
        /// The row.
        row: String,
        /// Names that look like it, nearest first.
        near: Vec<String>,
    },
    /// A partial id that fits several names.
    #[error("`{prefix}` is ambiguous: {}", join(.candidates))]
    AmbiguousRevision {
        /// What was asked for.
        prefix: String,
        /// Every id and label that begins with it, in load order.
        candidates: Vec<String>,
    },
    /// `label@…` with a label that nobody carries.
    #[error("no branch `{label}`{}", did_you_mean(.near))]
    NoSuchLabel {
        /// The label.
        label: String,
        /// Labels and ids that look like it, or all that begin with it.
        near: Vec<String>,
    },
    /// A revision outside of the branch that was named with it.
    #[error("revision `{revision}` is not on branch `{branch}`")]
    NotInBranch {
        /// The revision's full id.
        revision: String,
        /// The branch, as it was given.
        branch: String,
    },
    /// A single head is wanted where there are several.
    #[error("`{argument}` is ambiguous, there are {} heads: {}; name one, use `<label>@head` or `heads`",
        .heads.len(), join(.heads))]
    MultipleHeads {
        /// What was asked for.
        argument: String,
        /// The heads it could mean.
        heads: Vec<String>,
    },
    /// A relative step meets a fork or a merge.
    #[error("cannot step {direction} from {}: {} are possible; name the revision, or its branch as `<label>@…`",
        or_base(.from), join(.choices))]
    AmbiguousWalk {
        /// Where the walk stands, `None` outside of the graph (below the bases, above the heads).
        from: Option<String>,
        /// `up` or `down`.
        direction: &'static str,
        /// Where the next step could lead.
        choices: Vec<String>,
    },
    /// A relative step from several version rows.
    #[error("`{target}` is ambiguous from several version rows ({}); say `<label>@{target}` or name a revision",
        join(.rows))]
    AmbiguousRelative {
        /// What was asked for.
        target: String,
        /// The rows it could start from.
        rows: Vec<String>,
    },
    /// A relative step past the end of the graph.
    #[error("`{target}` leads past the end of the graph")]
    RelativeOutOfRange {
        /// What was asked for.
        target: String,
    },
    /// Revisions asked for together, or version rows, of which one contains the other.
    #[error("`{revision}` already contains {}: they cannot stand side by side", join(.others))]
    Overlapping {
        /// The upper one.
        revision: String,
        /// The ones below it.
        others: Vec<String>,
    },
    /// The ends of a range, or a target and the version rows, that do not lie below each other.
    #[error("`{lower}` does not lie below `{upper}`")]
    NotAnAncestor {
        /// What should be the lower end.
        lower: String,
        /// What should be the upper end.
        upper: String,
    },
    /// Nothing above the downgrade target is on the branch that was named.
    #[error("nothing above `{target}` is on branch `{branch}`, so there is no way down to it")]
    InvalidDowngradeTarget {
        /// The target, as it was given.
        target: String,
        /// The branch.
        branch: String,
    },
    /// The way down to the target leads through revisions of other branches.
    #[error("`{target}` would also take back {}, which are not on branch `{branch}`; name the target without the \
        branch to take them too, or say `{branch}@base` for the branch alone", join(.others))]
    DowngradeTakesOthers {
        /// The target, as it was given.
        target: String,
        /// The branch.
        branch: String,
        /// The revisions of other branches, in load order.
        others: Vec<String>,
    },
    /// Revisions follow each other in a circle.
    #[error("revisions follow each other in a circle: {}", circle(.revisions))]
    Cycle {
        /// One circle, each revision before its parent.
        revisions: Vec<String>,
    },
    /// Revisions depend on each other in a circle.
    #[error("revisions depend on each other in a circle: {}", circle(.revisions))]
    DependencyCycle {
        /// One circle, each revision before what it needs.
        revisions: Vec<String>,
    },
    /// A label that stands twice, or that is a revision's id.
    #[error("label `{label}` of revision `{revision}` is already {}",
        if .label == .other { "a revision's id".to_owned() } else { format!("a label of revision `{other}`") })]
    DuplicateLabel {
        /// The label.
        label: String,
        /// The revision that declares it.
        revision: String,
        /// The revision that has it already.
        other: String,
    },
    /// An id that stands twice.
    #[error("revision `{revision}` is there more than once")]
    DuplicateRevision {
        /// The id.
        revision: String,
    },
    /// An id with a character that identifiers use.
    #[error("`{id}` cannot be a revision id: {}",
        if .id.is_empty() { "it is empty".to_owned() } else { format!("it contains `{characters}`") })]
    IllegalId {
        /// The id.
        id: String,
        /// Those of `@ - + :` that it contains.
        characters: String,
    },
    /// A `down_revision` that no revision has.
    #[error("revision `{revision}` follows `{parent}`, which is not there{}", did_you_mean(.near))]
    MissingParent {
        /// The revision.
        revision: String,
        /// Its missing parent.
        parent: String,
        /// Ids that look like it; the full id where a partial one or a label was given.
        near: Vec<String>,
    },
    /// A `depends_on` that no revision or label has.
    #[error("revision `{revision}` depends on `{dependency}`, which is not there{}", did_you_mean(.near))]
    MissingDependency {
        /// The revision.
        revision: String,
        /// What is missing.
        dependency: String,
        /// Names that look like it; the full id where a partial one was given.
        near: Vec<String>,
    },
    /// A new revision on something that has children, without splice.
    #[error("revision `{revision}` is not a head ({} follow it); use --splice to start a branch there",
        join(.children))]
    NotAHead {
        /// The revision.
        revision: String,
        /// What follows it.
        children: Vec<String>,
    },
    /// The same parent twice.
    #[error("revision `{revision}` is named twice among the parents")]
    DuplicateHeads {
        /// The revision.
        revision: String,
    },
    /// A range where a single revision is wanted.
    #[error("`{range}` is a range, which is only possible offline (--sql)")]
    RangeNotAllowed {
        /// What was given.
        range: String,
    },
    /// A single revision where a range is wanted.
    #[error("`{given}` is not a range; say {wanted}")]
    RangeRequired {
        /// What was given.
        given: String,
        /// The forms that would do.
        wanted: &'static str,
    },
    /// An identifier that cannot be read.
    #[error("cannot read `{ident}`: {reason}")]
    Malformed {
        /// What was given.
        ident: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Fault {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::UnknownRevision { .. } | Self::UnknownRow { .. } => Code::UnknownRevision,
            Self::AmbiguousRevision { .. } => Code::AmbiguousRevision,
            Self::NoSuchLabel { .. } => Code::NoSuchLabel,
            Self::NotInBranch { .. } => Code::NotInBranch,
            Self::MultipleHeads { .. } => Code::MultipleHeads,
            Self::AmbiguousWalk { .. } => Code::AmbiguousWalk,
            Self::AmbiguousRelative { .. } => Code::AmbiguousRelative,
            Self::RelativeOutOfRange { .. } => Code::RelativeOutOfRange,
            Self::Overlapping { .. } => Code::Overlapping,
            Self::NotAnAncestor { .. } => Code::NotAnAncestor,
            Self::InvalidDowngradeTarget { .. } | Self::DowngradeTakesOthers { .. } => {
                Code::InvalidDowngradeTarget
            }
            Self::Cycle { .. } => Code::Cycle,
            Self::DependencyCycle { .. } => Code::DependencyCycle,
            Self::DuplicateLabel { .. } => Code::DuplicateLabel,
            Self::DuplicateRevision { .. } => Code::DuplicateRevision,
            Self::IllegalId { .. } => Code::IllegalId,
            Self::MissingParent { .. } => Code::MissingParent,
            Self::MissingDependency { .. } => Code::MissingDependency,
            Self::NotAHead { .. } => Code::NotAHead,
            Self::DuplicateHeads { .. } => Code::DuplicateHeads,
            Self::RangeNotAllowed { .. } => Code::RangeNotAllowed,
            Self::RangeRequired { .. } => Code::RangeRequired,
            Self::Malformed { .. } => Code::Malformed,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        let list = |names: &[String]| names.join(", ");
        match self {
            Self::UnknownRevision { ident, branch, near } => vec![
                ("ident", ident.clone()),
                ("branch", branch.clone().unwrap_or_default()),
                ("near", list(near)),
            ],
            Self::UnknownRow { row, near } => vec![("row", row.clone()), ("near", list(near))],
            Self::AmbiguousRevision { prefix, candidates } => {
                vec![("prefix", prefix.clone()), ("candidates", list(candidates))]
            }
            Self::NoSuchLabel { label, near } => vec![("label", label.clone()), ("near", list(near))],
            Self::NotInBranch { revision, branch } => {
                vec![("revision", revision.clone()), ("branch", branch.clone())]
            }
            Self::MultipleHeads { argument, heads } => {
                vec![("argument", argument.clone()), ("heads", list(heads))]
            }
            Self::AmbiguousWalk { from, direction, choices } => vec![
                ("from", from.clone().unwrap_or_default()),
                ("direction", (*direction).to_owned()),
                ("choices", list(choices)),
            ],
            Self::AmbiguousRelative { target, rows } => {
                vec![("target", target.clone()), ("rows", list(rows))]
            }
            Self::RelativeOutOfRange { target } => vec![("target", target.clone())],
            Self::Overlapping { revision, others } => {
                vec![("revision", revision.clone()), ("others", list(others))]
            }
            Self::NotAnAncestor { lower, upper } => vec![("lower", lower.clone()), ("upper", upper.clone())],
            Self::InvalidDowngradeTarget { target, branch } => {
                vec![("target", target.clone()), ("branch", branch.clone())]
            }
            Self::DowngradeTakesOthers { target, branch, others } => {
                vec![("target", target.clone()), ("branch", branch.clone()), ("others", list(others))]
            }
            Self::Cycle { revisions } | Self::DependencyCycle { revisions } => {
                vec![("revisions", list(revisions))]
            }
            Self::DuplicateLabel { label, revision, other } => {
                vec![("label", label.clone()), ("revision", revision.clone()), ("other", other.clone())]
            }
            Self::DuplicateRevision { revision } | Self::DuplicateHeads { revision } => {
                vec![("revision", revision.clone())]
            }
            Self::IllegalId { id, characters } => {
                vec![("id", id.clone()), ("characters", characters.clone())]
            }
            Self::MissingParent { revision, parent, near } => {
                vec![("revision", revision.clone()), ("parent", parent.clone()), ("near", list(near))]
            }
            Self::MissingDependency { revision, dependency, near } => {
                vec![("revision", revision.clone()), ("dependency", dependency.clone()), ("near", list(near))]
            }
            Self::NotAHead { revision, children } => {
                vec![("revision", revision.clone()), ("children", list(children))]
            }
            Self::RangeNotAllowed { range } => vec![("range", range.clone())],
            Self::RangeRequired { given, wanted } => {
                vec![("given", given.clone()), ("wanted", (*wanted).to_owned())]
            }
            Self::Malformed { ident, reason } => vec![("ident", ident.clone()), ("reason", reason.clone())],
        }
    }
}

/// How many names a message lists before it only counts.
const LISTED: usize = 8;

fn join(names: &[String]) -> String {
    let mut text = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > LISTED {
        text.push_str(&format!(" and {} more", names.len() - LISTED));
    }
    text
}

fn did_you_mean(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", join(near)) }
}

fn on_branch(branch: &Option<String>, near: &[String]) -> String {
    match branch {
        Some(branch) => format!(" on branch `{branch}`; elsewhere there is {}", join(near)),
        None => did_you_mean(near),
    }
}

fn or_base(from: &Option<String>) -> String {
    from.as_ref().map_or_else(|| "the end of the graph".to_owned(), |id| format!("`{id}`"))
}

fn circle(revisions: &[String]) -> String {
    revisions.iter().chain(revisions.first()).cloned().collect::<Vec<_>>().join(" -> ")
}
