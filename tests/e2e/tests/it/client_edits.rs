//! A client that changes what was found before it becomes a revision, as `process_revision_directives` does in Alembic.

use crate::harness::{Daemon, Engine, Project, on_each};
use migrated_proto::v1;
use migrated_proto::v1::operation::Kind;
use migrated_proto::v1::revision_service_client::RevisionServiceClient;
use migrated_proto::v1::schema_service_client::SchemaServiceClient;
use migrated_proto::v1::schema_source::Source;
use tokio::runtime::Runtime;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};
use tonic_types::StatusExt as _;

/// What stands in the target.
const STANDS: &str = "CREATE TABLE users (id integer NOT NULL PRIMARY KEY, mail varchar(80));";

/// A client of the daemon of a project whose target stands at its head.
struct Client {
    runtime: Runtime,
    channel: Channel,
    target: v1::TargetRef,
    daemon: Daemon,
}

impl Client {
    fn new(project: &Project) -> Client {
        project.revision("a1", "", STANDS, "DROP TABLE users;");
        let url = project.database.url();
        // SQLite has its scratch databases in files of their own.
        let sections = match project.database.engine {
            Engine::Postgres => {
                format!("[scratch]\npostgresql = \"own\"\n[connections.own]\nurl = \"{url}\"\n")
            }
            Engine::Mariadb => format!("[scratch]\nmysql = \"own\"\n[connections.own]\nurl = \"{url}\"\n"),
            Engine::Sqlite => String::new(),
        };
        let daemon = Daemon::serve(project, "127.0.0.1:0", &sections);
        let address = format!("http://{}", daemon.address);
        project.configure_server(&address, "");
        project.ctl("push").succeeds();
        project.ctl("upgrade head").succeeds();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let endpoint = Endpoint::new(address).expect("an address");
        let channel = runtime.block_on(endpoint.connect()).expect("it listens");
        let ad_hoc = v1::AdHocTarget { url, ..v1::AdHocTarget::default() };
        let target = v1::TargetRef { target: Some(v1::target_ref::Target::AdHoc(ad_hoc)) };
        Client { runtime, channel, target, daemon }
    }

    fn diff(&self, to: v1::Schema) -> Result<v1::SchemaDiff, Status> {
        let source = |source| Some(v1::SchemaSource { source: Some(source) });
        let request = v1::DiffRequest {
            from: source(Source::Target(self.target.clone())),
            to: source(Source::Schema(to)),
            ..v1::DiffRequest::default()
        };
        let mut schemas = SchemaServiceClient::new(self.channel.clone());
        let answer = self.runtime.block_on(schemas.diff(request))?;
        Ok(answer.into_inner().diff.expect("a diff"))
    }

    fn create(&self, request: v1::CreateRevisionRequest) -> Result<v1::RevisionFile, Status> {
        let published = v1::graph_ref::Graph::Published(v1::graph_ref::Published {});
        let request = v1::CreateRevisionRequest {
            project: "shop".into(),
            graph: Some(v1::GraphRef { graph: Some(published) }),
            message: "edited".into(),
            ..request
        };
        let mut revisions = RevisionServiceClient::new(self.channel.clone());
        let answer = self.runtime.block_on(revisions.create_revision(request))?;
        Ok(answer.into_inner().file.expect("a file"))
    }
}

fn column(name: &str, data_type: &str) -> v1::Column {
    v1::Column { name: name.into(), r#type: data_type.into(), ..v1::Column::default() }
}

fn operation(kind: Kind) -> v1::Operation {
    v1::Operation { kind: Some(kind) }
}

/// `users` with two columns more.
fn desired() -> v1::Schema {
    let id = v1::Column { nullable: Some(false), ..column("id", "integer") };
    let key = v1::PrimaryKey { columns: vec!["id".into()], ..v1::PrimaryKey::default() };
    let users = v1::Table {
        name: "users".into(),
        columns: vec![
            id,
            column("mail", "varchar(80)"),
            column("nick", "varchar(20)"),
            column("born", "date"),
        ],
        primary_key: Some(key),
        ..v1::Table::default()
    };
    v1::Schema { tables: vec![users], ..v1::Schema::default() }
}

/// What was found without the column `nick`, and with an index.
fn edited(found: &v1::SchemaDiff) -> v1::Operations {
    let found = found.differences.iter().filter_map(|difference| difference.operation.clone());
    let mut operations: Vec<v1::Operation> = found.collect();
    assert_eq!(operations.len(), 2, "{operations:?}");
    operations.retain(|operation| match &operation.kind {
        Some(Kind::AddColumn(add)) => add.column.as_ref().is_some_and(|column| column.name != "nick"),
        other => panic!("{other:?}"),
    });
    operations.push(operation(Kind::CreateIndex(v1::CreateIndex {
        table: Some(v1::Name { schema: None, name: "users".into() }),
        index: Some(v1::Index {
            name: "users_mail".into(),
            items: vec![v1::IndexItem { column: Some("mail".into()), ..v1::IndexItem::default() }],
            ..v1::Index::default()
        }),
        ..v1::CreateIndex::default()
    })));
    v1::Operations { operations }
}

fn form(format: v1::RevisionFormat) -> Option<v1::RevisionFileSettings> {
    Some(v1::RevisionFileSettings { format: format.into(), ..v1::RevisionFileSettings::default() })
}

#[test]
fn operations_are_dropped_and_added_between_diff_and_revision() {
    on_each(Engine::ALL, |project| {
        let client = Client::new(project);
        let found = client.diff(desired()).expect("a diff");
        let before = project.ctl("inspect").succeeds().stdout;
        let (yaml, sql) = (v1::RevisionFormat::Yaml, v1::RevisionFormat::Sql);
        let edited = edited(&found);
        let requests = [
            v1::CreateRevisionRequest { settings: form(yaml), ..v1::CreateRevisionRequest::default() },
            v1::CreateRevisionRequest {
                settings: form(sql),
                target: Some(client.target.clone()),
                ..v1::CreateRevisionRequest::default()
            },
            v1::CreateRevisionRequest {
                settings: form(sql),
                dialects: [v1::Dialect::Postgres, v1::Dialect::Mysql, v1::Dialect::Sqlite]
                    .map(Into::into)
                    .to_vec(),
                ..v1::CreateRevisionRequest::default()
            },
        ];
        for request in requests {
            let request = v1::CreateRevisionRequest { upgrade: Some(edited.clone()), ..request };
            let file = client.create(request).expect("a revision");
            let path = project.path("migrations").join(&file.path);
            std::fs::write(&path, &file.content).expect("written");
            project.ctl("upgrade head").succeeds();
            let seen = project.ctl("inspect").succeeds().stdout;
            assert!(seen.contains("born") && seen.contains("users_mail"), "{}\n{seen}", file.content);
            assert!(!seen.contains("nick"), "{}\n{seen}", file.content);
            // The way back was not told: it is the operations reversed.
            project.ctl("downgrade -1").succeeds();
            assert_eq!(project.ctl("inspect").succeeds().stdout, before, "{}", file.content);
            std::fs::remove_file(path).expect("removed");
        }
        client.daemon.killed(project);
    });
}

#[test]
fn what_a_client_cannot_mean_is_told_with_its_field() {
    on_each(&[Engine::Sqlite], |project| {
        let client = Client::new(project);
        let mut wrong = desired();
        wrong.tables[0].columns[2].name.clear();
        let refused = client.diff(wrong).expect_err("a column without a name");
        assert_eq!(refused.message(), "to.schema.tables[0].columns[2]: `name` is missing");
        let field = refused.get_details_error_info().expect("details").metadata;
        assert_eq!(field["field"], "to.schema.tables[0].columns[2]");

        let rows = operation(Kind::BulkInsert(v1::BulkInsert {
            table: Some(v1::Name { schema: None, name: "users".into() }),
            columns: vec!["id".into()],
            rows: vec![v1::Row { values: vec![v1::Literal { kind: Some(v1::literal::Kind::Int(1)) }] }],
        }));
        let up = |operations: Vec<v1::Operation>| v1::CreateRevisionRequest {
            upgrade: Some(v1::Operations { operations }),
            settings: form(v1::RevisionFormat::Sql),
            ..v1::CreateRevisionRequest::default()
        };
        let told = |request| {
            let status = client.create(request).expect_err("refused");
            let info = status.get_details_error_info().expect("details");
            (info.reason, status.message().to_owned())
        };
        let empty = told(up(vec![rows.clone(), v1::Operation::default()]));
        assert_eq!(empty.0, "INVALID_REQUEST");
        assert!(empty.1.starts_with("upgrade.operations[1]: nothing is chosen of create_"), "{}", empty.1);
        let (reason, message) = told(up(vec![rows.clone()]));
        assert_eq!(reason, "OPERATION_INVALID");
        assert!(message.contains("inserting rows into users cannot be reversed"), "{message}");
        let back = Some(v1::Operations::default());
        let nowhere = v1::CreateRevisionRequest { downgrade: back.clone(), ..up(vec![rows.clone()]) };
        assert_eq!(
            told(nowhere.clone()).1,
            "nothing says which dialect the operations' SQL is to be written for"
        );
        let sqlite = v1::CreateRevisionRequest { dialects: vec![v1::Dialect::Sqlite.into()], ..nowhere };
        let file = client.create(sqlite).expect("a revision");
        assert!(file.content.contains("-- migrate:up dialect:sqlite\nINSERT INTO"), "{}", file.content);
        let twice = v1::CreateRevisionRequest { up_sql: "SELECT 1;".into(), ..up(vec![rows]) };
        assert_eq!(told(twice).1, "the revision is told twice, as operations and as SQL");
        let alone = v1::CreateRevisionRequest { downgrade: back, ..v1::CreateRevisionRequest::default() };
        assert_eq!(told(alone).1, "there are operations to go back, and none to go on");
        client.daemon.killed(project);
    });
}
