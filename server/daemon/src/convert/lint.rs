//! `lint.proto`.

use migrated_core::lint::Severity;
use migrated_engine::{LintFinding, LintOptions, Linted};
use migrated_proto::v1;

/// A finding.
pub(crate) fn finding(finding: LintFinding) -> v1::LintFinding {
    let LintFinding { revision, path, direction, found } = finding;
    let severity = match found.severity {
        Severity::Warning => v1::LintSeverity::Warning,
        Severity::Error => v1::LintSeverity::Error,
    };
    v1::LintFinding {
        code: found.code,
        severity: severity.into(),
        revision,
        path,
        line: found.line,
        column: found.column,
        message: found.message,
        safer: found.safer,
        direction: super::event::direction(direction).into(),
    }
}

/// What lint looks at.
pub(crate) fn lint_options(options: Option<v1::LintOptions>) -> LintOptions {
    LintOptions { ignore: options.unwrap_or_default().ignore }
}

/// What lint found.
pub(crate) fn linted(linted: Linted) -> v1::LintResponse {
    let looked = |looked: migrated_engine::LintedRevision| v1::lint_response::Looked {
        revision: looked.revision,
        path: looked.path,
    };
    v1::LintResponse {
        dialect: linted.dialect.as_str().to_owned(),
        revisions: linted.revisions.into_iter().map(looked).collect(),
        findings: linted.findings.into_iter().map(finding).collect(),
    }
}
