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
        why: "a desired schema that does not speak of an extension keeps it: its types and functions may be needed \
              by what the schema holds",
    },
    Known {
        id: "nd_sl_affinity",
        engine: Engine::Sqlite,
        form: None,
        what: "false difference",
        why: "SQLite keeps a type's name as it was written, and other rows want a change of it to be seen",
    },
];
