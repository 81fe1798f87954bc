//! Writing revision files.

use super::Project;

impl Project {
    /// Writes a file into the folder of revisions.
    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path("migrations").join(name), text).expect("written");
    }

    /// Removes a file from the folder of revisions.
    pub(crate) fn remove(&self, name: &str) {
        std::fs::remove_file(self.path("migrations").join(name)).expect("it was there");
    }

    /// Writes `ID.sql`: its parents (comma separated, empty for a base), upgrade and downgrade bodies.
    pub(crate) fn revision(&self, id: &str, down_revision: &str, up: &str, down: &str) {
        self.revision_with(id, down_revision, "", up, down);
    }

    /// As [`Project::revision`], with further header lines such as `-- branch_labels: a`.
    pub(crate) fn revision_with(&self, id: &str, down_revision: &str, header: &str, up: &str, down: &str) {
        self.file(&format!("{id}.sql"), text(id, down_revision, header, up, down));
    }

    /// Writes revisions `a1`, `b2` and `c3`, one after the other, each with a table of its name.
    pub(crate) fn three(&self) {
        for (id, down_revision) in [("a1", ""), ("b2", "a1"), ("c3", "b2")] {
            let up = format!("CREATE TABLE t_{id} (id integer PRIMARY KEY);\nINSERT INTO t_{id} VALUES (1);");
            self.revision(id, down_revision, &up, &format!("DROP TABLE t_{id};"));
        }
    }
}

fn text(id: &str, down_revision: &str, header: &str, up: &str, down: &str) -> String {
    let mut text = format!("-- revision: {id}\n");
    if !down_revision.is_empty() {
        text.push_str(&format!("-- down_revision: {down_revision}\n"));
    }
    text.push_str(&format!("-- message: {id}\n"));
    if !header.is_empty() {
        text.push_str(&format!("{header}\n"));
    }
    // A body may begin with options of its own: `transaction:false` and the like stand on the section's line.
    let section = |body: &str| match body.strip_prefix("transaction:false\n") {
        Some(body) => format!(" transaction:false\n{body}\n"),
        None => format!("\n{body}\n"),
    };
    text.push_str(&format!("\n-- migrate:up{}", section(up)));
    if !down.is_empty() {
        text.push_str(&format!("\n-- migrate:down{}", section(down)));
    }
    text
}
