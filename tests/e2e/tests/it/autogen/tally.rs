//! What came of the pairs: counts, and every row that broke.

use super::corpus::Row;
use super::known::{KNOWN, Known};
use super::steps::{Broken, Form};
use crate::harness::Engine;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

/// Verdicts of the rows of an engine.
pub(super) struct Tally {
    engine: Engine,
    counts: BTreeMap<(String, &'static str), u32>,
    wrong: Vec<String>,
    /// Rows that were there after an upgrade as before.
    kept: usize,
}

impl Tally {
    /// Nothing yet.
    pub(super) fn new(engine: Engine) -> Tally {
        Tally { engine, counts: BTreeMap::new(), wrong: Vec::new(), kept: 0 }
    }

    /// Counts a verdict. A row that is known to break must break, and in the way that is known.
    pub(super) fn add(&mut self, row: &Row, form: Form, verdict: Result<usize, Broken>) {
        let known = KNOWN.iter().find(|known| {
            known.id == row.id && known.engine == row.engine && known.form.is_none_or(|only| only == form)
        });
        let name = format!("{} {form:?}", row.id);
        let counted = match (&verdict, known) {
            (Ok(_), None) => "ok",
            (Ok(_), Some(_)) => {
                self.wrong.push(format!("{name} is no longer broken: strike it off the list"));
                "ok"
            }
            (Err(broken), Some(Known { what, .. })) if broken.what == *what => "known",
            (Err(_), _) if row.soft => "soft",
            (Err(broken), _) => {
                self.wrong.push(format!("{name}: {}", broken.what));
                broken.what
            }
        };
        self.kept += *verdict.as_ref().unwrap_or(&0);
        if let Err(broken) = verdict {
            // At once, and past the harness' capturing: the whole takes minutes.
            let shown = format!("#### {name}: {} ({counted})\n{}\n", broken.what, broken.shown);
            let _ = std::io::stderr().write_all(shown.as_bytes());
        }
        *self.counts.entry((format!("{form:?}"), counted)).or_default() += 1;
    }

    /// Tells the counts, and fails the test where a row broke that is not known to.
    /// Gives the number of rows that stayed.
    pub(super) fn told(self) -> usize {
        let Tally { engine, counts, wrong, kept } = self;
        let mut table = format!("| {:8} | {:8} | {:20} | rows |\n", "engine", "form", "verdict");
        for ((form, verdict), count) in counts {
            let _ = writeln!(table, "| {:8} | {form:8} | {verdict:20} | {count:4} |", engine.name());
        }
        let _ = writeln!(table, "{kept} rows stayed where they were");
        let _ = std::io::stderr().write_all(format!("\n{table}\n").as_bytes());
        assert!(wrong.is_empty(), "{table}\n{}", wrong.join("\n"));
        kept
    }
}
