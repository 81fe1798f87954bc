//! `targets list|show|test|create|update|delete`.

use crate::error::{Own, Result};
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::output::{Output, show_rows, table};
use clap::{Args, Subcommand};
use migrated_proto::v1 as pb;
use pb::{Target, TargetOrigin, TargetRef, target_ref};
use std::io::{BufRead as _, IsTerminal as _};

/// Arguments of `targets`.
#[derive(Args, Debug)]
pub struct Targets {
    /// What to do with them.
    #[command(subcommand)]
    pub what: What,
}

/// What to do with targets.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Targets by name
    List,
    /// One target
    Show(One),
    /// Connect to a target and tell what is there
    Test(Test),
    /// Make a target on a connection of the daemon's configuration
    Create(Create),
    /// Change a target that was made with `create`
    Update(Update),
    /// Delete a target that was made with `create`; the database stays as it is
    Delete(Delete),
}

/// A target.
#[derive(Args, Debug)]
pub struct One {
    /// Name
    pub name: String,
}

/// Arguments of `targets test`.
#[derive(Args, Debug)]
pub struct Test {
    /// Name; by default the configured target
    pub name: Option<String>,
}

/// What a target is made of.
#[derive(Args, Debug, Default)]
pub struct Fields {
    /// Database, where it differs from the connection's
    #[arg(long)]
    pub database: Option<String>,
    /// Default schema
    #[arg(long)]
    pub schema: Option<String>,
    /// Name of the version table
    #[arg(long = "with-version-table", value_name = "TABLE")]
    pub table: Option<String>,
    /// Schema of the version table
    #[arg(long = "with-version-table-schema", value_name = "SCHEMA")]
    pub table_schema: Option<String>,
    /// Freeze the revisions that it has applied
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub protected: Option<bool>,
}

/// Arguments of `targets create`.
#[derive(Args, Debug)]
pub struct Create {
    /// Name
    pub name: String,
    /// Connection of the daemon's configuration
    #[arg(long)]
    pub connection: String,
    /// The rest.
    #[command(flatten)]
    pub fields: Fields,
}

/// Arguments of `targets update`.
#[derive(Args, Debug)]
pub struct Update {
    /// Name
    pub name: String,
    /// Connection of the daemon's configuration
    #[arg(long)]
    pub connection: Option<String>,
    /// The rest; what is not given stays.
    #[command(flatten)]
    pub fields: Fields,
}

/// Arguments of `targets delete`.
#[derive(Args, Debug)]
pub struct Delete {
    /// Name
    pub name: String,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: Targets) -> Result<Exit> {
    match args.what {
        What::List => list(context).await?,
        What::Show(one) => {
            let answer = get(context, &one.name).await?;
            let target = answer.target.clone().unwrap_or_default();
            context.out.result(&answer, |out| print(out, &target));
        }
        What::Test(test) => self::test(context, test).await?,
        What::Create(create) => {
            let mut target = Target { name: create.name, connection: create.connection, ..Target::default() };
            create.fields.put_into(&mut target);
            let request = pb::CreateTargetRequest { target: Some(target) };
            let answer = context.call(|api| {
                let request = request.clone();
                async move { api.targets().create_target(request).await }
            });
            let answer = answer.await?;
            let target = answer.target.clone().unwrap_or_default();
            context.out.result(&answer, |out| print(out, &target));
        }
        What::Update(update) => self::update(context, update).await?,
        What::Delete(delete) => self::delete(context, &delete).await?,
    }
    Ok(Exit::Done)
}

impl Fields {
    fn put_into(self, target: &mut Target) {
        let put = |field: &mut String, value: Option<String>| {
            if let Some(value) = value {
                *field = value;
            }
        };
        put(&mut target.database, self.database);
        put(&mut target.schema, self.schema);
        put(&mut target.version_table, self.table);
        put(&mut target.version_table_schema, self.table_schema);
        target.protected = self.protected.unwrap_or(target.protected);
    }
}

async fn get(context: &mut Context, name: &str) -> Result<pb::GetTargetResponse> {
    let request = pb::GetTargetRequest { name: name.into() };
    let answer = context.call(|api| {
        let request = request.clone();
        async move { api.targets().get_target(request).await }
    });
    answer.await
}

async fn list(context: &mut Context) -> Result<()> {
    let mut request = pb::ListTargetsRequest::default();
    let mut all = pb::ListTargetsResponse::default();
    loop {
        let answer = context.call(|api| {
            let request = request.clone();
            async move { api.targets().list_targets(request).await }
        });
        let page = answer.await?;
        all.targets.extend(page.targets);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    context.out.result(&all, |out| {
        let row = |t: &Target| {
            vec![
                t.name.clone(),
                t.dialect.clone(),
                origin(t).into(),
                protected(t).into(),
                t.display_url.clone(),
            ]
        };
        let rows: Vec<Vec<String>> = all.targets.iter().map(row).collect();
        table(&["TARGET", "DIALECT", "ORIGIN", "PROTECTED", "URL"], &rows)
            .iter()
            .for_each(|line| out.line(line));
    });
    Ok(())
}

async fn test(context: &mut Context, args: Test) -> Result<()> {
    let target = match args.name {
        Some(name) => TargetRef { target: Some(target_ref::Target::Name(name)) },
        None => context.config.target_ref()?,
    };
    let request = pb::TestTargetRequest { target: Some(target) };
    let answer = context.call(|api| {
        let request = request.clone();
        async move { api.targets().test_target(request).await }
    });
    let answer = answer.await?;
    context.out.result(&answer, |out| {
        let limit = match answer.longest_revision_id {
            0 => String::new(),
            n => n.to_string(),
        };
        let table =
            if answer.version_table_exists { show_rows(&answer.rows) } else { "no version table".into() };
        let lock = if answer.lockable { "yes" } else { "no: a transaction pooler stands in between" };
        let fields = [
            ("URL", answer.display_url.clone()),
            ("Server", answer.server.clone()),
            ("Dialect", answer.dialect.clone()),
            ("Stands at", table),
            ("Lockable", lock.into()),
            ("Longest id", limit),
        ];
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
            out.line(&format!("{name:<11} {value}"));
        }
        answer.missing_rights.iter().for_each(|right| out.line(&format!("{:<11} {right}", "Missing")));
    });
    Ok(())
}

async fn update(context: &mut Context, args: Update) -> Result<()> {
    let mut target = get(context, &args.name).await?.target.unwrap_or_default();
    if let Some(connection) = args.connection {
        target.connection = connection;
    }
    args.fields.put_into(&mut target);
    let request = pb::UpdateTargetRequest { target: Some(target) };
    let answer = context.call(|api| {
        let request = request.clone();
        async move { api.targets().update_target(request).await }
    });
    let answer = answer.await?;
    let target = answer.target.clone().unwrap_or_default();
    context.out.result(&answer, |out| print(out, &target));
    Ok(())
}

async fn delete(context: &mut Context, args: &Delete) -> Result<()> {
    let etag = get(context, &args.name).await?.target.unwrap_or_default().etag;
    if !args.yes {
        confirm(context, &args.name)?;
    }
    let request = pb::DeleteTargetRequest { name: args.name.clone(), etag };
    let answer = context.call(|api| {
        let request = request.clone();
        async move { api.targets().delete_target(request).await }
    });
    let answer = answer.await?;
    context
        .out
        .result(&answer, |out| out.line(&format!("target {} is deleted; its database stays", args.name)));
    Ok(())
}

/// Asks for the target's name.
fn confirm(context: &mut Context, name: &str) -> Result<()> {
    let refused = |text: &str| Own::NeedsTerminal.error(text).state("nothing was done").next("add `--yes`");
    if !std::io::stdin().is_terminal() {
        return Err(refused("deleting a target is asked for, and there is no terminal to ask on"));
    }
    context.out.warn(&format!("target {name} will be deleted; type its name to go on"));
    let mut typed = String::new();
    let read = std::io::stdin().lock().read_line(&mut typed);
    if read.is_err() || typed.trim() != name {
        return Err(refused("the name that was typed is another one"));
    }
    Ok(())
}

fn origin(target: &Target) -> &'static str {
    match target.origin() {
        TargetOrigin::Configuration => "configuration",
        TargetOrigin::Api => "api",
        TargetOrigin::Unspecified => "",
    }
}

fn protected(target: &Target) -> &'static str {
    if target.protected { "yes" } else { "no" }
}

fn print(out: &mut Output, t: &Target) {
    let used = t.effective.clone().unwrap_or_default();
    let or = |own: &str, used: &str| if own.is_empty() { used.to_owned() } else { own.to_owned() };
    let (schema, table) = (or(&t.schema, &used.schema), or(&t.version_table, &used.version_table));
    let table_schema = or(&t.version_table_schema, &used.version_table_schema);
    let failure = t.failure.clone().unwrap_or_default();
    let fields = [
        ("Target", t.name.as_str()),
        ("URL", &t.display_url),
        ("Dialect", &t.dialect),
        ("Connection", &t.connection),
        ("Database", &t.database),
        ("Schema", &schema),
        ("Version table", &table),
        ("In schema", &table_schema),
        ("Protected", protected(t)),
        ("Origin", origin(t)),
        ("Failure", &failure.message),
        ("Next", &failure.next),
    ];
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        out.line(&format!("{name:<13} {value}"));
    }
}
