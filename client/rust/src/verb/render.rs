//! `--sql`: the script of an upgrade, downgrade or stamp, for somebody else to run.

use crate::config::TargetChoice;
use crate::error::{Error, Own, Result};
use crate::exit::Exit;
use crate::graph_call::Context;
use clap::Args;
use migrated_proto::v1 as pb;
use pb::{GetTargetRequest, RenderKind, RenderRequest};

/// Whether a script is written, and what it is like.
#[derive(Args, Debug)]
pub struct ScriptArgs {
    /// Write the SQL as a script instead of running it
    #[arg(long)]
    pub sql: bool,
    /// Dialect of the script: postgresql, mysql or sqlite; by default the target's
    #[arg(long, requires = "sql")]
    pub dialect: Option<String>,
    /// Text for the head of the script
    #[arg(long, requires = "sql")]
    pub tag: Option<String>,
}

/// Writes the script to stdout, and nothing else.
///
/// # Errors
/// CONFIG_INVALID where neither `--dialect` nor a target tells the dialect, and the daemon's.
pub(super) async fn render(
    context: &mut Context,
    kind: RenderKind,
    revisions: Vec<String>,
    args: &ScriptArgs,
) -> Result<Exit> {
    let settings = &context.config.settings;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let mut request = RenderRequest {
        project: context.config.project(),
        kind: kind.into(),
        revisions,
        version_table: text(&settings.version_table),
        version_table_schema: text(&settings.version_table_schema),
        schema: text(&settings.database_schema),
        tag: text(&args.tag),
        ..RenderRequest::default()
    };
    request.dialect = match &args.dialect {
        Some(dialect) => dialect.clone(),
        None => of_target(context, &mut request).await?,
    };
    let answer = context.ask(|api, graph| {
        let request = RenderRequest { graph: Some(graph), ..request.clone() };
        async move { api.migrations().render(request).await }
    });
    let mut stream = answer.await?;
    while let Some(part) = stream.message().await? {
        context.out.raw(&part.chunk);
    }
    Ok(Exit::Done)
}

/// The dialect of the configured target; a named one gives its schema and version table too.
async fn of_target(context: &mut Context, request: &mut RenderRequest) -> Result<String> {
    let unknown = || {
        Own::ConfigInvalid
            .error("the dialect is not known: neither `--dialect` nor a target is given")
            .next("add `--dialect postgresql`, `mysql` or `sqlite`")
    };
    match context.config.target()?.ok_or_else(unknown)? {
        TargetChoice::Url(url) => dialect_of(&url).map(String::from).ok_or_else(unknown),
        TargetChoice::Named(name) => {
            let ask = GetTargetRequest { name };
            let answer = context.call(|api| {
                let ask = ask.clone();
                async move { api.targets().get_target(ask).await }
            });
            let target = answer.await?.target.unwrap_or_default();
            let fill = |field: &mut String, value: String| {
                if field.is_empty() {
                    *field = value;
                }
            };
            if let Some(failure) = &target.failure {
                return Err(Error::from_failure(failure));
            }
            let used = target.effective.unwrap_or_default();
            fill(&mut request.schema, used.schema);
            fill(&mut request.version_table, used.version_table);
            fill(&mut request.version_table_schema, used.version_table_schema);
            Ok(target.dialect)
        }
    }
}

/// The dialect that a URL's scheme names; SQLAlchemy's `+driver` counts for nothing.
pub(super) fn dialect_of(url: &str) -> Option<&'static str> {
    let scheme = url.split_once(':')?.0.to_ascii_lowercase();
    match scheme.split('+').next()? {
        "postgresql" | "postgres" => Some("postgresql"),
        "mysql" | "mariadb" => Some("mysql"),
        "sqlite" => Some("sqlite"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::dialect_of;

    #[test]
    fn the_scheme_names_the_dialect() {
        assert_eq!(dialect_of("postgresql+asyncpg://h/d"), Some("postgresql"));
        assert_eq!(dialect_of("mariadb+pymysql://h/d"), Some("mysql"));
        assert_eq!(dialect_of("sqlite:///a.db"), Some("sqlite"));
        assert_eq!(dialect_of("oracle://h/d"), None);
        assert_eq!(dialect_of("nothing"), None);
    }
}
