//! The rules of our own.

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It may be meant, and should be known.
    Warning,
    /// It loses data, or fails: it has to be allowed by name.
    Error,
}

impl Severity {
    /// The name as it is shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The stable code.
    pub code: &'static str,
    /// What it looks for.
    pub title: &'static str,
    /// How bad its findings are.
    pub severity: Severity,
    /// Squawk's rules about the same thing: allowing the code allows them too.
    pub kin: &'static [&'static str],
}

/// Every rule of our own, in the order of the codes.
pub const RULES: &[Rule] = &[
    Rule {
        code: "L000",
        title: "a rule that is not known is allowed",
        severity: Severity::Warning,
        kin: &[],
    },
    Rule {
        code: "L001",
        title: "data is destroyed",
        severity: Severity::Error,
        kin: &[
            "ban-drop-table",
            "ban-drop-column",
            "ban-drop-database",
            "ban-drop-schema",
            "ban-truncate-cascade",
        ],
    },
    Rule {
        code: "L002",
        title: "a column without a default is required",
        severity: Severity::Error,
        kin: &["adding-required-field"],
    },
    Rule {
        code: "L003",
        title: "an existing column becomes NOT NULL",
        severity: Severity::Warning,
        kin: &["adding-not-nullable-field"],
    },
    Rule {
        code: "L004",
        title: "existing rows have to be unique",
        severity: Severity::Warning,
        kin: &["disallowed-unique-constraint"],
    },
    Rule {
        code: "L005",
        title: "existing rows have to keep a new constraint",
        severity: Severity::Warning,
        kin: &["constraint-missing-not-valid", "adding-foreign-key-constraint"],
    },
    Rule {
        code: "L006",
        title: "a table is rewritten",
        severity: Severity::Warning,
        kin: &["changing-column-type", "adding-field-with-default", "prefer-repack"],
    },
    Rule {
        code: "L007",
        title: "a lock is held for long",
        severity: Severity::Warning,
        kin: &[
            "require-concurrent-index-creation",
            "require-concurrent-index-deletion",
            "require-concurrent-reindex",
            "require-concurrent-partition-detach",
        ],
    },
    Rule {
        code: "L008",
        title: "rows are changed before a statement that commits",
        severity: Severity::Warning,
        kin: &[],
    },
    Rule {
        code: "L009",
        title: "a new enum value is used before COMMIT",
        severity: Severity::Error,
        kin: &[],
    },
];

/// The rule of that code, whatever its case.
pub fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code.eq_ignore_ascii_case(code))
}
