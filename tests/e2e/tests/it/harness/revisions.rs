//! Writing revision files.

use super::{Engine, Gate, Project};

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

    /// As [`Project::three`], but `b2` stops at the gate, which is shut.
    pub(crate) fn gated(&self) -> Gate {
        self.stops();
        Gate::shut(&self.database)
    }

    /// As [`Project::gated`], for rehearsals.
    pub(crate) fn gated_in_rehearsals(&self) -> Gate {
        self.three();
        let stop = Gate::stop_in_rehearsals(&self.database);
        self.revision("b2", "a1", &format!("{stop}\nCREATE TABLE t_b2 (id integer);"), "DROP TABLE t_b2;");
        Gate::shut_in_rehearsals(&self.database)
    }

    /// As [`Project::gated`], for the gate that another project on the same database shut.
    pub(crate) fn stops(&self) {
        self.three();
        let stop = Gate::stop(&self.database);
        self.revision("b2", "a1", &format!("{stop}\nCREATE TABLE t_b2 (id integer);"), "DROP TABLE t_b2;");
    }

    /// Writes three revisions, of which the second adds one to a counter, outside of a transaction, and takes its
    /// time.
    pub(crate) fn slow_counter(&self) {
        let first = "CREATE TABLE counter (v integer NOT NULL);\nINSERT INTO counter VALUES (0);";
        self.revision("a1", "", first, "DROP TABLE counter;");
        let slow = match self.database.engine {
            Engine::Postgres => "UPDATE counter SET v = v + 1 FROM pg_sleep(4);",
            Engine::Mariadb => "UPDATE counter SET v = v + 1 WHERE sleep(4) = 0;",
            Engine::Sqlite => {
                "UPDATE counter SET v = v + 1 WHERE (WITH RECURSIVE n(i) AS \
                 (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000000) SELECT count(*) FROM n) > 0;"
            }
        };
        self.revision("b2", "a1", &format!("transaction:false\n{slow}"), "");
        self.revision("c3", "b2", "UPDATE counter SET v = v + 10;", "");
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
