//! A screen that a test can read.

use crate::output::{Format, Outcome, Output, Sinks, Style};
use migrated_proto::v1 as pb;
use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

/// Text that the test still sees after the sinks have it.
#[derive(Clone, Default)]
pub(super) struct Shared(Rc<RefCell<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Shared {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).expect("it is text")
    }
}

pub(super) struct Screen {
    pub(super) output: Output,
    out: Shared,
    pub(super) err: Shared,
    dir: tempfile::TempDir,
}

impl Screen {
    pub(super) fn new(format: Format) -> Screen {
        let (out, err) = (Shared::default(), Shared::default());
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir_all(dir.path().join("db/migrations")).expect("a folder");
        let file = "-- revision: f3c9\n-- migrate:up\nDROP INDEX legacy_idx;\nALTER TABLE orders DROP COLUMN legacy;\n";
        std::fs::write(dir.path().join("db/migrations/f3c9.sql"), file).expect("a revision file");
        let style = Style {
            project_dir: dir.path().join("db"),
            workspace: Some(dir.path().to_path_buf()),
            ..Style::default()
        };
        let sinks = Sinks::new(Box::new(out.clone()), Box::new(err.clone()));
        let summary = Some(dir.path().join("summary.md"));
        Screen { output: Output { format, style, quiet: false, sinks, live: false, summary }, out, err, dir }
    }

    pub(super) fn show(&mut self, events: &[pb::Event], outcome: &Outcome) -> String {
        let mut view = self.output.run_view();
        view.run(self.output.sinks(), "01JD3K");
        events.iter().for_each(|event| view.event(self.output.sinks(), event));
        view.note(self.output.sinks(), "the stream is back");
        view.end(self.output.sinks(), outcome);
        self.both()
    }

    pub(super) fn both(&self) -> String {
        let visible = |text: String| text.replace('\u{1b}', "<ESC>").replace('\r', "<CR>");
        let mut text =
            format!("=== stdout\n{}=== stderr\n{}", visible(self.out.text()), visible(self.err.text()));
        if let Ok(summary) = std::fs::read_to_string(self.dir.path().join("summary.md")) {
            text.push_str(&format!("=== summary\n{summary}"));
        }
        text
    }
}
