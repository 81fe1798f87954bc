use super::*;
use std::fs;

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect()
}

struct Case {
    dir: tempfile::TempDir,
    sources: Sources,
}

fn case(file: &str) -> Case {
    let dir = tempfile::tempdir().expect("a temporary folder");
    fs::write(dir.path().join(FILE_NAME), file).expect("the file is written");
    let sources = Sources { cwd: dir.path().to_path_buf(), ..Sources::default() };
    Case { dir, sources }
}

fn load_error(sources: &Sources) -> Box<Error> {
    load(sources).err().expect("the configuration is refused")
}

#[test]
fn flags_win_over_variables_and_those_over_the_file() {
    let mut case =
        case("server = 'unix:/file'\nproject = 'file'\noutput = 'json'\n[revision]\nformat = 'yaml'\n");
    case.sources.variables = variables(&[("MIGRATECTL_PROJECT", "var"), ("MIGRATECTL_SERVER", "unix:/var")]);
    case.sources.flags = vec![("server", "unix:/flag".into())];
    let config = load(&case.sources).expect("it loads");
    assert_eq!(config.settings.server.as_deref(), Some("unix:/flag"));
    assert_eq!(config.settings.project.as_deref(), Some("var"));
    assert_eq!(config.settings.output.as_deref(), Some("json"));
    assert_eq!(config.settings.revision.format.as_deref(), Some("yaml"));
    assert_eq!(config.origin("server"), "flag");
    assert_eq!(config.origin("project"), "MIGRATECTL_PROJECT");
    assert_eq!(config.origin("output"), case.dir.path().join(FILE_NAME).display().to_string());
    assert_eq!(config.origin("recursive"), "default");
}

#[test]
fn sections_of_variables_are_split_by_two_underscores_and_text_stays_text() {
    let mut case = case("");
    case.sources.variables = variables(&[
        ("MIGRATECTL_TLS__SERVER_NAME", "db"),
        ("MIGRATECTL_REVISION__TRUNCATE_SLUG_LENGTH", "12"),
        ("MIGRATECTL_PROJECT", "123"),
        ("MIGRATECTL_DIRS", "a, b"),
        ("MIGRATECTL_RECURSIVE", "true"),
    ]);
    let config = load(&case.sources).expect("it loads");
    assert_eq!(config.settings.tls.server_name.as_deref(), Some("db"));
    assert_eq!(config.settings.revision.truncate_slug_length, Some(12));
    assert_eq!(config.project(), "123");
    assert!(config.settings.recursive);
    assert_eq!(config.settings.dirs, [case.dir.path().join("a"), case.dir.path().join("b")]);
}

#[test]
fn the_file_is_found_by_walking_up_and_its_paths_belong_to_its_folder() {
    let mut case = case("dirs = ['db/migrations']\ntoken_file = 'token'\n");
    let inner = case.dir.path().join("a/b");
    fs::create_dir_all(&inner).expect("folders");
    fs::write(case.dir.path().join("token"), "s3cret\n").expect("token");
    case.sources.cwd = inner;
    let config = load(&case.sources).expect("it loads");
    assert_eq!(config.project_dir, case.dir.path());
    assert_eq!(config.version_locations(), (vec![case.dir.path().join("db/migrations")], true));
    assert_eq!(config.token().expect("it is read").as_deref(), Some("s3cret"));
}

#[test]
fn an_unknown_key_names_the_nearest_known_one_and_the_file() {
    let case = case("[revision]\nfile_templat = 'x'\n");
    let error = load_error(&case.sources);
    assert!(error.message.contains("unknown key `revision.file_templat` in "), "{error}");
    assert!(error.message.ends_with(FILE_NAME), "{error}");
    assert_eq!(error.next, "did you mean `revision.file_template`?");
    assert_eq!(error.exit().number(), 2);
}

#[test]
fn a_misspelt_variable_is_refused_and_a_foreign_one_left_alone() {
    let mut case = case("");
    case.sources.variables =
        variables(&[("MIGRATECTL_PORT_8080_TCP_ADDR", "10.0.0.1"), ("MIGRATECTL_CONFIG", "x")]);
    case.sources.file = Some(FILE_NAME.into());
    load(&case.sources).expect("variables of others are no fault");
    case.sources.variables = variables(&[("MIGRATECTL_SERVERR", "x")]);
    assert_eq!(load_error(&case.sources).next, "did you mean MIGRATECTL_SERVER?");
}

#[test]
fn a_value_of_the_wrong_type_is_told_with_its_key_and_place() {
    let case = case("recursive = 'yes'\n");
    let error = load_error(&case.sources);
    assert!(error.message.starts_with("`recursive` in "), "{error}");
}

#[test]
fn both_forms_of_a_secret_in_one_layer_are_refused_and_the_higher_layer_wins() {
    let mut case = case("token = 'a'\ntoken_file = 'b'\n");
    let error = load(&case.sources).expect("it loads").token().expect_err("two forms");
    assert!(error.message.contains("`token` and `token_file` are both set"), "{error}");
    case.sources.variables = variables(&[("MIGRATECTL_TOKEN", "c")]);
    let config = load(&case.sources).expect("it loads");
    assert_eq!(config.token().expect("one wins").as_deref(), Some("c"));
}

#[test]
fn the_target_is_chosen_by_layer_and_database_url_is_the_weakest_variable() {
    let url = |u: &str| Some(TargetChoice::Url(u.into()));
    let name = |n: &str| Some(TargetChoice::Named(n.into()));
    type Pairs<'a> = &'a [(&'static str, &'static str)];
    let table: [(&str, Pairs, Pairs, Option<TargetChoice>); 7] = [
        ("target = 'f'", &[("DATABASE_URL", "postgres://e")], &[], name("f")),
        ("database_url = 'postgres://f'", &[("DATABASE_URL", "postgres://e")], &[], url("postgres://e")),
        ("database_url = 'postgres://f'", &[], &[], url("postgres://f")),
        ("target = 'f'", &[("MIGRATECTL_DATABASE_URL", "postgres://e")], &[], url("postgres://e")),
        ("target = 'f'", &[], &[("database_url", "postgres://g")], url("postgres://g")),
        ("database_url = 'postgres://f'", &[("DATABASE_URL", "postgres://e")], &[("target", "t")], name("t")),
        ("", &[], &[], None),
    ];
    for (file, vars, flags, wanted) in table {
        let mut case = case(file);
        case.sources.variables = variables(vars);
        case.sources.flags = flags.iter().map(|(k, v)| (*k, (*v).to_string())).collect();
        let chosen = load(&case.sources).expect("it loads").target().expect("a choice");
        assert_eq!(chosen, wanted, "{file} {vars:?} {flags:?}");
    }
    let both = case("target = 'f'\ndatabase_url = 'postgres://f'\n");
    assert!(load(&both.sources).expect("it loads").target().is_err());
    let mut both = case("");
    both.sources.flags = vec![("target", "t".into()), ("database_url", "postgres://g".into())];
    let error = load(&both.sources).expect("it loads").target().expect_err("two flags");
    assert_eq!(error.exit().number(), 2);
}

#[test]
fn variables_in_the_files_url_are_replaced() {
    let mut case = case("database_url = 'postgres://u:${PW}@h/${DB}'\n");
    case.sources.variables = variables(&[("PW", "p"), ("DB", "d")]);
    let chosen = load(&case.sources).expect("it loads").target().expect("a choice");
    assert_eq!(chosen, Some(TargetChoice::Url("postgres://u:p@h/d".into())));
    case.sources.variables.clear();
    let error = load(&case.sources).expect("it loads").target().expect_err("PW is not set");
    assert!(error.message.contains("PW"), "{error}");
}

#[test]
fn relative_sqlite_urls_become_absolute() {
    let at = Path::new("/p/x");
    let table = [
        ("sqlite:///a.db", "sqlite:////p/x/a.db"),
        ("sqlite:///./d/a.db?mode=rw", "sqlite:////p/x/d/a.db?mode=rw"),
        ("sqlite+aiosqlite:///a.db", "sqlite+aiosqlite:////p/x/a.db"),
        ("sqlite:////abs/a.db", "sqlite:////abs/a.db"),
        ("sqlite://", "sqlite://"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://h/a", "postgresql://h/a"),
    ];
    for (given, wanted) in table {
        assert_eq!(database_url_for_daemon(given, at), wanted);
    }
}

#[test]
fn the_table_of_keys_is_that_of_the_settings() {
    fn leaves(prefix: &str, value: &serde_json::Value, out: &mut Vec<String>) {
        for (name, inner) in value.as_object().expect("a section") {
            let dotted = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            if inner.is_object() { leaves(&dotted, inner, out) } else { out.push(dotted) }
        }
    }
    let mut fields = Vec::new();
    leaves("", &serde_json::to_value(Settings::default()).expect("settings are JSON"), &mut fields);
    let mut known: Vec<String> = keys::KEYS.iter().map(|k| k.name.to_string()).collect();
    fields.sort();
    known.sort();
    assert_eq!(fields, known);
}

#[test]
fn rules_of_lint_are_switched_off_by_a_list() {
    let mut case = case("[lint]\nignore = ['L006']\n");
    assert_eq!(load(&case.sources).expect("it loads").settings.lint.ignore, ["L006"]);
    case.sources.variables = variables(&[("MIGRATECTL_LINT__IGNORE", "L001, L007")]);
    assert_eq!(load(&case.sources).expect("it loads").settings.lint.ignore, ["L001", "L007"]);
    let wrong = load_error(&self::case("[lint]\nignore = 'L006'\n").sources);
    assert!(wrong.to_string().contains("lint.ignore"), "{wrong}");
}
