//! `projects list|show|create`.

use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::output::{Output, show_rows, table};
use clap::{Args, Subcommand};
use migrated_proto::v1 as pb;
use pb::Project;

/// Arguments of `projects`.
#[derive(Args, Debug)]
pub struct Projects {
    /// What to do with them.
    #[command(subcommand)]
    pub what: What,
}

/// What to do with projects.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Projects by name
    List,
    /// One project
    Show(Show),
    /// Make a project
    Create(Create),
}

/// Arguments of `projects show`.
#[derive(Args, Debug)]
pub struct Show {
    /// Name; by default the configured project
    pub name: Option<String>,
}

/// Arguments of `projects create`.
#[derive(Args, Debug)]
pub struct Create {
    /// Name
    pub name: String,
    /// Free text
    #[arg(long, default_value = "")]
    pub description: String,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: Projects) -> Result<Exit> {
    match args.what {
        What::List => list(context).await?,
        What::Show(show) => {
            let request =
                pb::GetProjectRequest { name: show.name.unwrap_or_else(|| context.config.project()) };
            let answer = context.call(|api| {
                let request = request.clone();
                async move { api.projects().get_project(request).await }
            });
            let answer = answer.await?;
            let project = answer.project.clone().unwrap_or_default();
            context.out.result(&answer, |out| print(out, &project));
        }
        What::Create(create) => {
            let project =
                Project { name: create.name, description: create.description, ..Project::default() };
            let request = pb::CreateProjectRequest { project: Some(project) };
            let answer = context.call(|api| {
                let request = request.clone();
                async move { api.projects().create_project(request).await }
            });
            let answer = answer.await?;
            let project = answer.project.clone().unwrap_or_default();
            context.out.result(&answer, |out| print(out, &project));
        }
    }
    Ok(Exit::Done)
}

async fn list(context: &mut Context) -> Result<()> {
    let mut request = pb::ListProjectsRequest::default();
    let mut all = pb::ListProjectsResponse::default();
    loop {
        let answer = context.call(|api| {
            let request = request.clone();
            async move { api.projects().list_projects(request).await }
        });
        let page = answer.await?;
        all.projects.extend(page.projects);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    context.out.result(&all, |out| {
        let row = |p: &Project| {
            let heads = if p.published_version == 0 { String::new() } else { show_rows(&p.heads) };
            vec![p.name.clone(), p.published_version.to_string(), heads, p.description.clone()]
        };
        let rows: Vec<Vec<String>> = all.projects.iter().map(row).collect();
        table(&["PROJECT", "VERSION", "HEADS", "DESCRIPTION"], &rows).iter().for_each(|line| out.line(line));
    });
    Ok(())
}

fn print(out: &mut Output, p: &Project) {
    out.line(&format!("Project     {}", p.name));
    if !p.description.is_empty() {
        out.line(&format!("Description {}", p.description));
    }
    let published = match p.published_version {
        0 => "nothing".into(),
        version => format!("version {version}, at {}", show_rows(&p.heads)),
    };
    out.line(&format!("Published   {published}"));
}
