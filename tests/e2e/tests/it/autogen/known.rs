//! Pairs that do not hold, with the reason.

use super::steps::Form;
use crate::harness::Engine;

/// A row that breaks.
pub(super) struct Known {
    pub(super) id: &'static str,
    pub(super) engine: Engine,
    /// `None`: in both forms.
    pub(super) form: Option<Form>,
    /// The verdict.
    pub(super) what: &'static str,
    /// Why it is so.
    #[expect(dead_code, reason = "people read it")]
    pub(super) why: &'static str,
}

/// Every row that breaks. One that holds again must go from here.
pub(super) const KNOWN: &[Known] = &[
    Known {
        id: "bx_extension_rev",
        engine: Engine::Postgres,
        form: None,
        what: "missed",
        why: "a desired schema that does not speak of an extension keeps it: SQL that an ORM prints never speaks of \
              any, and to propose that those of a database's owner be dropped would be the worse mistake. A description \
              that leaves one out keeps it too; `drop_extension` drops it",
    },
    Known {
        id: "nd_sl_affinity",
        engine: Engine::Sqlite,
        form: None,
        what: "false difference",
        why: "SQLite keeps a type's name as it was written, and other rows want a change of it to be seen: BOOLEAN and \
              DATETIME have another affinity than INTEGER and TEXT, and store '1' otherwise. A rule of `types` makes \
              one of two names that a project takes for the same",
    },
];
