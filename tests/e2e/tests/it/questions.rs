//! What `revision --autogenerate` asks on a terminal, and what it says where there is none.

use crate::harness::{Engine, OnTerminal, Project, on_each};

const STANDS: &str = "CREATE TABLE users (id integer NOT NULL PRIMARY KEY, mail varchar(80), note text);";
const RENAMED: &str = "CREATE TABLE users (id integer NOT NULL PRIMARY KEY, email varchar(80), note text);";
const WORDS: [&str; 6] = ["revision", "-m", "x", "--autogenerate", "--schema", "schema.sql"];

fn standing(project: &Project) {
    project.revision("a1", "", STANDS, "DROP TABLE users;");
    project.ctl("upgrade head").succeeds();
    std::fs::write(project.path("schema.sql"), RENAMED).expect("written");
}

fn files(project: &Project) -> usize {
    std::fs::read_dir(project.path("migrations")).expect("a folder").count()
}

#[test]
fn a_rename_is_asked_about_and_written_once_it_is_confirmed() {
    on_each(&[Engine::Sqlite, Engine::Postgres], |project| {
        standing(project);
        let mut terminal = OnTerminal::start(project, &WORDS);
        terminal.answers("is email the users.mail of before, with another name? [y/N] ", "y");
        let (exit, result, screen) = terminal.ends();
        assert_eq!(exit, 0, "{screen}");
        let text = std::fs::read_to_string(project.path(result.trim())).expect("the file");
        assert!(text.contains("RENAME COLUMN") && !text.contains("DROP COLUMN"), "{text}");
        project.ctl("upgrade head").succeeds();
        project.ctl("check --schema schema.sql").succeeds();
        // The way back renames too, and loses nothing.
        project.database.sql("INSERT INTO users VALUES (1, 'a@b', NULL)");
        project.ctl("downgrade -1").succeeds();
        assert!(project.database.sql("SELECT mail FROM users").contains("a@b"), "the row keeps its address");
    });
}

#[test]
fn what_destroys_data_is_written_after_a_yes_only() {
    on_each(&[Engine::Sqlite], |project| {
        standing(project);
        for (answer, exit, written) in [("", 1, 0), ("no", 1, 0), ("yes", 0, 1)] {
            let before = files(project);
            let mut terminal = OnTerminal::start(project, &WORDS);
            terminal.answers("of before, with another name? [y/N] ", "n");
            terminal.answers("write that? [y/N] ", answer);
            let (ended, result, screen) = terminal.ends();
            assert_eq!(ended, exit, "{screen}");
            assert_eq!(screen.contains("DROP_NOT_ALLOWED"), exit == 1, "{screen}");
            assert!(screen.contains("mail"), "what is dropped is shown\n{screen}");
            assert_eq!(files(project) - before, written, "{result}{screen}");
        }
    });
}

#[test]
fn nobody_is_asked_where_there_is_no_terminal_or_a_ci_system() {
    on_each(&[Engine::Sqlite], |project| {
        standing(project);
        let answer = project.ctl_words(&WORDS).exits(1).is("DROP_NOT_ALLOWED");
        assert!(!answer.stderr.contains("[y/N]"), "{}", answer.story());
        let before = files(project);
        let (exit, _, screen) = OnTerminal::start_with(project, &WORDS, &[("CI", "true")]).ends();
        assert!(exit == 1 && screen.contains("DROP_NOT_ALLOWED") && !screen.contains("[y/N]"), "{screen}");
        assert_eq!(files(project), before);
        let renamed = [&WORDS[..], &["--rename", "users.mail=users.email"]].concat();
        project.ctl_words(&renamed).succeeds();
    });
}
