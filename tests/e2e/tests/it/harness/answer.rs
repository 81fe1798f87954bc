//! What a command answered.

use super::Project;

/// Exit code and output of a command that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) words: String,
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// What changes from run to run, and what stands for it.
    filters: Vec<(String, String)>,
    engine: &'static str,
}

impl Answer {
    pub(crate) fn new(project: &Project, words: String, exit: i32, stdout: String, stderr: String) -> Answer {
        let literal = |text: String| text.replace(['.', '+'], ".");
        let mut filters = vec![
            (literal(project.database.file().display().to_string()), "[database]".into()),
            (literal(project.folder().display().to_string()), "[folder]".into()),
            (literal(project.database.name.clone()), "[database]".into()),
        ];
        let fixed = [
            (r"127\.0\.0\.1:\d+", "127.0.0.1:[port]"),
            (r"localhost:\d+", "localhost:[port]"),
            (r"port \d+", "port [port]"),
            (r"\b[0-9a-f]{64}\b", "[hash]"),
            (r"\b[0-9a-f]{32}\b", "[run]"),
            (r"\b\d{4}-\d\d-\d\dT[\d:.]+Z", "[when]"),
            (r"pid \d+", "pid [pid]"),
            (r"migrated_scratch_[0-9a-f_]+", "[scratch]"),
            (r"(?m)^\[\d+/\d+\] .* waiting for .*\n", ""),
            // Whether a client is there before its step comes is nobody's to say.
            (r"(?m)^\w+ waits up to .* client that executes it\n", ""),
            (r"\b[\w:.-]+ \(tester\)", "[user] (tester)"),
            // Which of its ends a connection is seen to break at hangs on who is quicker.
            (
                r"(UNREACHABLE\]:|stream is lost) \(?(transport|h2 protocol|tcp connect|operation was|Connection) .*",
                "$1 [cause]",
            ),
            (r" +(\d+h)?(\d+m)?\d+(\.\d+)? ?(ms|s)\b", " [time]"),
        ];
        filters.extend(fixed.map(|(pattern, with)| (pattern.to_owned(), with.to_owned())));
        Answer { words, exit, stdout, stderr, filters, engine: project.database.engine.name() }
    }

    /// Both outputs, for messages of failing tests.
    pub(crate) fn story(&self) -> String {
        let Answer { words, exit, stdout, stderr, .. } = self;
        format!("$ migratectl {words}\nexit {exit}\n--- stdout\n{stdout}--- stderr\n{stderr}")
    }

    /// Fails the test unless the command ended with `exit`.
    #[track_caller]
    pub(crate) fn exits(self, exit: i32) -> Answer {
        assert_eq!(self.exit, exit, "{}", self.story());
        self
    }

    /// Fails the test unless the command succeeded.
    #[track_caller]
    pub(crate) fn succeeds(self) -> Answer {
        self.exits(0)
    }

    /// Fails the test unless the failure carries that reason.
    #[track_caller]
    pub(crate) fn is(self, reason: &str) -> Answer {
        assert!(self.stderr.contains(&format!(" {reason}]: ")), "no {reason}\n{}", self.story());
        self
    }

    /// Fails the test unless standard output, without the line's end, is `text`.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Answer {
        assert_eq!(self.stdout.trim_end(), text, "{}", self.story());
        self
    }

    /// Fails the test unless that text is somewhere in what the command wrote.
    #[track_caller]
    pub(crate) fn tells(self, text: &str) -> Answer {
        assert!(self.stdout.contains(text) || self.stderr.contains(text), "no `{text}`\n{}", self.story());
        self
    }

    /// Compares the answer with the one recorded under that name; `*` in it stands for the engine.
    #[track_caller]
    pub(crate) fn recorded(self, name: &str) -> Answer {
        let name = name.replace('*', self.engine);
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_snapshot_path("../snapshots");
        settings.set_omit_expression(true);
        for (pattern, with) in &self.filters {
            settings.add_filter(pattern, with);
        }
        settings.bind(|| insta::assert_snapshot!(name, self.story()));
        self
    }

    /// The first `migratectl` command that the failure names as the next one.
    #[track_caller]
    pub(crate) fn next(&self) -> String {
        let all = self.all_next();
        all.first().unwrap_or_else(|| panic!("no next command\n{}", self.story())).clone()
    }

    /// Every `migratectl` command of the line that says what to do next, in its order.
    pub(crate) fn all_next(&self) -> Vec<String> {
        let line = self.stderr.lines().find_map(|line| line.strip_prefix("next: ")).unwrap_or_default();
        commands(line)
    }
}

/// The `migratectl` commands that stand in backticks in a line.
pub(crate) fn commands(line: &str) -> Vec<String> {
    let quoted = line.split('`').skip(1).step_by(2);
    quoted.filter(|text| text.starts_with("migratectl ")).map(str::to_owned).collect()
}
