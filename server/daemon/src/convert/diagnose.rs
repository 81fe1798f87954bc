//! `diagnose.proto`.

use super::event::direction;
use super::run::{run, run_kind};
use migrated_engine::{DiagnosedStatement, Diagnosis, Fate, Health};
use migrated_proto::v1;

/// A diagnosis as the wire has it.
pub(crate) fn diagnosis(found: Diagnosis) -> v1::Diagnosis {
    let (resume_kind, resume_goal) = match found.resume {
        Some((kind, goal)) => (run_kind(kind), goal.join(" ")),
        None => (v1::RunKind::Unspecified, String::new()),
    };
    let health = match found.health {
        Health::Clean => v1::TargetHealth::Clean,
        Health::UnderWay => v1::TargetHealth::UnderWay,
        Health::Interrupted => v1::TargetHealth::Interrupted,
        Health::Partial => v1::TargetHealth::Partial,
        Health::Undecided => v1::TargetHealth::Undecided,
    };
    let going = if found.revision.is_empty() {
        v1::Direction::Unspecified.into()
    } else {
        direction(found.direction).into()
    };
    v1::Diagnosis {
        target: found.target,
        health: health.into(),
        rows: found.rows,
        run: found.run.map(run),
        revision: found.revision,
        direction: going,
        path: found.path,
        statements: found.statements.into_iter().map(statement).collect(),
        at_work: found.at_work,
        summary: found.summary,
        next: found.next,
        resume_kind: resume_kind.into(),
        resume_goal,
    }
}

fn statement(found: DiagnosedStatement) -> v1::DiagnosedStatement {
    let fate = match found.fate.fate {
        Fate::Done => v1::StatementFate::Done,
        Fate::TookEffect => v1::StatementFate::TookEffect,
        Fate::NoEffect => v1::StatementFate::NoEffect,
        Fate::Undecided => v1::StatementFate::Undecided,
        Fate::NotReached => v1::StatementFate::NotReached,
        Fate::SessionOnly => v1::StatementFate::SessionOnly,
    };
    v1::DiagnosedStatement {
        number: found.fate.number,
        line: found.line,
        summary: found.summary,
        fate: fate.into(),
        evidence: found.fate.evidence,
        edited: found.fate.edited,
    }
}
