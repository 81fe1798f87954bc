//! New revisions, and looking at those that are there. Files are written by the client; nothing is stored here.

use crate::graph::{GraphRef, LoadedGraph};
use crate::operations_sql::OperationsSql;
use crate::place::TargetRequest;
use crate::{Engine, EngineError, Result, RevisionView};
use migrated_core::file::{self, NewRevision};
use migrated_core::operation::{Execute, Operation};
use migrated_core::{Code, DialectName};
use std::sync::Arc;

/// How new files are named and written.
#[derive(Clone, Debug, Default)]
pub struct FileSettings {
    /// Alembic's `file_template`; empty for the default.
    pub file_template: String,
    /// Longest slug in characters; 0 for 40.
    pub truncate_slug_length: usize,
    /// IANA time zone; empty for UTC.
    pub timezone: String,
    /// The folder's version locations, in order.
    pub version_locations: Vec<String>,
    /// Written in the operations form, as `.yaml`.
    pub operations: bool,
}

/// A request for a new revision.
#[derive(Clone, Debug, Default)]
pub struct CreateRevision {
    /// Project.
    pub project: String,
    /// Graph to build on.
    pub graph: GraphRef,
    /// Message.
    pub message: String,
    /// Identifiers of the parents; empty for `head`.
    pub heads: Vec<String>,
    /// Allows a parent that is not a head.
    pub splice: bool,
    /// Labels that it declares.
    pub branch_labels: Vec<String>,
    /// Its id; `None` for a new random one.
    pub id: Option<String>,
    /// Dependencies.
    pub depends_on: Vec<String>,
    /// Version location to put it into.
    pub version_path: Option<String>,
    /// How its file is named and written.
    pub settings: FileSettings,
    /// Upgrade SQL.
    pub up: String,
    /// Downgrade SQL.
    pub down: String,
    /// Upgrade and downgrade as operations; without a downgrade it is the upgrade reversed. The SQL form has their
    /// statements for each of `dialects`, or for the target.
    pub operations: (Vec<Operation>, Option<Vec<Operation>>),
    /// The dialects that the SQL form of operations is written for.
    pub dialects: Vec<DialectName>,
    /// The target whose engine and version the SQL form of operations is written for.
    pub target: Option<TargetRequest>,
}

/// A request for a revision that merges others.
#[derive(Clone, Debug, Default)]
pub struct MergeRevisions {
    /// Project.
    pub project: String,
    /// Graph to build on.
    pub graph: GraphRef,
    /// Identifiers of the heads.
    pub revisions: Vec<String>,
    /// Message; empty for `merge A and B`.
    pub message: String,
    /// Labels that it declares.
    pub branch_labels: Vec<String>,
    /// Its id.
    pub id: Option<String>,
    /// Allows parents that are not heads.
    pub splice: bool,
    /// How its file is named and written.
    pub settings: FileSettings,
}

/// A file for the client to write.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// The revision.
    pub view: RevisionView,
    /// Path within the folder.
    pub path: String,
    /// Text.
    pub content: String,
}

/// A request for the history.
#[derive(Clone, Debug)]
pub struct HistoryRequest {
    /// Project.
    pub project: String,
    /// Graph.
    pub graph: GraphRef,
    /// `start:end`; `None` for all.
    pub range: Option<String>,
    /// Target that `current` and the current marks are about.
    pub target: Option<TargetRequest>,
}

impl Engine {
    /// Makes a new revision on what `heads` name.
    pub async fn create_revision(&self, request: CreateRevision) -> Result<NewFile> {
        let project = self.project_or_create(&request.project).await?;
        let graph = self.graph(&project.name, &request.graph).await?;
        let parents = graph.graph.new_parents(&request.heads, request.splice, &request.depends_on)?;
        let sql = if request.settings.operations || request.operations == Default::default() {
            OperationsSql::default()
        } else {
            self.operations_sql(&request).await?
        };
        self.write_new(&graph, request, sql, parents.down_revisions, parents.depends_on)
    }

    /// Makes a revision that merges heads.
    pub async fn merge_revisions(&self, request: MergeRevisions) -> Result<NewFile> {
        let project = self.project_or_create(&request.project).await?;
        let graph = self.graph(&project.name, &request.graph).await?;
        let parents = graph.graph.new_parents::<_, String>(&request.revisions, request.splice, &[])?;
        let message = match request.message.as_str() {
            "" => format!("merge {}", parents.down_revisions.join(" and ")),
            message => message.to_owned(),
        };
        let create = CreateRevision {
            message,
            branch_labels: request.branch_labels,
            id: request.id,
            settings: request.settings,
            ..CreateRevision::default()
        };
        self.write_new(&graph, create, OperationsSql::default(), parents.down_revisions, Vec::new())
    }

    fn write_new(
        &self,
        graph: &Arc<LoadedGraph>,
        request: CreateRevision,
        sql: OperationsSql,
        down_revisions: Vec<String>,
        depends_on: Vec<String>,
    ) -> Result<NewFile> {
        // Alembic's default id: the last twelve digits of a random UUID.
        let id = request.id.unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string()[20..].to_owned());
        let created = jiff::Timestamp::from_microsecond(self.now())
            .map_err(|e| EngineError::new(Code::Internal, e.to_string()))?;
        let zone = match request.settings.timezone.as_str() {
            "" => jiff::tz::TimeZone::UTC,
            name => jiff::tz::TimeZone::get(name).map_err(|_| {
                EngineError::new(Code::InvalidRequest, format!("there is no time zone {name:?}"))
                    .with("timezone", name)
                    .next("set `revision.timezone` in migratectl.toml to an IANA name, such as Europe/Berlin")
            })?,
        };
        let local = created.to_zoned(zone);
        let new = NewRevision {
            revision: id.clone(),
            down_revisions,
            depends_on,
            branch_labels: request.branch_labels,
            message: request.message,
            created: local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string().replace("+00:00", "Z"),
            up: request.up + &sql.up,
            down: request.down + &sql.down,
            dialects: sql.dialects,
        };
        graph.graph.check_new(&new.revision, &new.branch_labels)?;
        let folder =
            location(graph, &request.settings, request.version_path.as_deref(), &new.down_revisions)?;
        let time = file::Created {
            year: i32::from(local.year()),
            month: local.month() as u32,
            day: local.day() as u32,
            hour: local.hour() as u32,
            minute: local.minute() as u32,
            second: local.second() as u32,
            offset: local.offset().seconds() / 60,
        };
        let template = match request.settings.file_template.as_str() {
            "" => file::DEFAULT_TEMPLATE,
            template => template,
        };
        let length = match request.settings.truncate_slug_length {
            0 => file::TRUNCATE_SLUG_LENGTH,
            n => n,
        };
        let slug = file::slug(&new.message, length);
        let ending = if request.settings.operations { "yaml" } else { "sql" };
        let name = file::file_name(template, &new.revision, &slug, &time, ending).map_err(|why| {
            EngineError::new(Code::InvalidRequest, format!("the file template cannot be used: {why}"))
                .with("file_template", template)
                .next("correct `revision.file_template` in migratectl.toml")
        })?;
        let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        // What we write must be what we read: a message, label or operation that does not come back is refused here.
        let (content, parsed) = if request.settings.operations {
            operations_file(&path, &new, request.operations)?
        } else {
            let content = file::render(&new);
            let parsed = file::parse(&path, content.as_bytes())?;
            (content, parsed)
        };
        let header = crate::bodies::header(parsed, content.len());
        let labels = header.branch_labels.clone();
        let view =
            RevisionView { header, path: path.clone(), labels, is_head: true, ..RevisionView::default() };
        Ok(NewFile { view, path, content })
    }

    /// Revisions by identifier; `current` asks the target.
    pub async fn revisions(
        &self,
        project: &str,
        graph: &GraphRef,
        identifier: &str,
        target: Option<&TargetRequest>,
    ) -> Result<Vec<RevisionView>> {
        let project = self.project_or_create(project).await?;
        let graph = self.graph(&project.name, graph).await?;
        if identifier == "current" {
            let rows = self.rows_of(target).await?;
            return Ok(graph.graph.current(&rows)?.iter().map(|id| graph.view(id, &rows)).collect());
        }
        let ids = graph.resolve(identifier)?;
        Ok(ids.iter().map(|id| graph.view(id, &[])).collect())
    }

    /// What an identifier means: ids, none for base.
    pub async fn resolve(&self, project: &str, graph: &GraphRef, identifier: &str) -> Result<Vec<String>> {
        let project = self.project_or_create(project).await?;
        let graph = self.graph(&project.name, graph).await?;
        graph.resolve(identifier)
    }

    /// The history, newest first.
    pub async fn history(&self, request: &HistoryRequest) -> Result<Vec<RevisionView>> {
        let project = self.project_or_create(&request.project).await?;
        let graph = self.graph(&project.name, &request.graph).await?;
        let asks_current =
            request.range.as_deref().is_some_and(|r| r.split(':').any(|side| side == "current"));
        let rows = match &request.target {
            None if asks_current => self.rows_of(None).await?,
            None => Vec::new(),
            target => self.rows_of(target.as_ref()).await?,
        };
        let ids = graph.graph.history(request.range.as_deref(), &rows)?;
        Ok(ids.iter().map(|id| graph.view(id, &rows)).collect())
    }

    /// The heads; with `effective`, without those that another revision depends on.
    pub async fn heads(&self, project: &str, graph: &GraphRef, effective: bool) -> Result<Vec<RevisionView>> {
        let project = self.project_or_create(project).await?;
        let graph = self.graph(&project.name, graph).await?;
        let heads = if effective { graph.graph.effective_heads() } else { graph.graph.heads() };
        Ok(heads.iter().map(|id| graph.view(id, &[])).collect())
    }

    /// Branch points with their children, newest first.
    pub async fn branches(
        &self,
        project: &str,
        graph: &GraphRef,
    ) -> Result<Vec<(RevisionView, Vec<RevisionView>)>> {
        let project = self.project_or_create(project).await?;
        let graph = self.graph(&project.name, graph).await?;
        let history = graph.graph.history::<String>(None, &[])?;
        let points = history.iter().map(|id| graph.view(id, &[])).filter(|view| view.children.len() > 1);
        Ok(points
            .map(|view| {
                let children = view.children.iter().map(|id| graph.view(id, &[])).collect();
                (view, children)
            })
            .collect())
    }

    async fn rows_of(&self, target: Option<&TargetRequest>) -> Result<Vec<String>> {
        let Some(target) = target else {
            return Err(EngineError::new(Code::InvalidRequest, "`current` needs a target")
                .next("name one with --target NAME or --database-url URL"));
        };
        let place = self.place(target).await?;
        Ok(place.target.standing().await?.rows.unwrap_or_default())
    }
}

/// A new file in the operations form. SQL that was asked for becomes `execute`.
fn operations_file(
    path: &str,
    new: &NewRevision,
    (mut up, mut down): (Vec<Operation>, Option<Vec<Operation>>),
) -> Result<(String, file::RevisionFile)> {
    let execute = |sql: &str| {
        Operation::Execute(Execute { sql: sql.trim_end().to_owned(), reverse: None, dialect: Vec::new() })
    };
    if !new.up.trim().is_empty() {
        up.push(execute(&new.up));
        down.get_or_insert_default();
    }
    if !new.down.trim().is_empty() {
        down.get_or_insert_default().push(execute(&new.down));
    }
    let content = file::render_operations(new, &up, down.as_deref());
    let parsed = file::parse(path, content.as_bytes())?;
    let same = |steps: Option<&Vec<file::Step>>, asked: &[Operation]| {
        steps.is_some_and(|steps| steps.iter().map(|step| &step.operation).eq(asked))
    };
    let read = parsed.operations.as_ref();
    let comes_back = same(read.and_then(|o| o.up.as_ref()), &up)
        && down.as_ref().is_none_or(|down| same(read.and_then(|o| o.down.as_ref()), down));
    if !comes_back {
        return Err(EngineError::new(
            Code::OperationInvalid,
            format!("{path}: an operation would not be read as it is written"),
        )
        .with("path", path)
        .next("write the revision in SQL: `--format sql`"));
    }
    Ok((content, parsed))
}

/// The version location of a new file: the one asked for, its parent's, or the only one (Alembic's
/// `--version-path`).
fn location(
    graph: &LoadedGraph,
    settings: &FileSettings,
    asked: Option<&str>,
    parents: &[String],
) -> Result<String> {
    let locations = &settings.version_locations;
    if let Some(asked) = asked {
        let asked = asked.trim_end_matches('/');
        return match locations.iter().find(|l| l.trim_end_matches('/') == asked) {
            Some(found) => Ok(found.trim_end_matches('/').to_owned()),
            None => Err(EngineError::new(
                Code::InvalidRequest,
                format!("{asked} is not one of the version locations: {}", locations.join(", ")),
            )
            .with("version_path", asked)
            .next("add it to `dirs` in migratectl.toml")),
        };
    }
    let of_parent = parents.first().and_then(|p| graph.revision(p)).and_then(|r| {
        let folder = r.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        locations.iter().find(|l| {
            let l = l.trim_end_matches('/');
            folder == l || folder.strip_prefix(l).is_some_and(|rest| rest.starts_with('/'))
        })
    });
    match (of_parent, locations.as_slice()) {
        (Some(folder), _) => Ok(folder.trim_end_matches('/').to_owned()),
        (None, [only]) => Ok(only.trim_end_matches('/').to_owned()),
        (None, []) => Ok(String::new()),
        (None, several) => Err(EngineError::new(
            Code::InvalidRequest,
            format!("there are several version locations ({}) and no parent to follow", several.join(", ")),
        )
        .next("say which with --version-path")),
    }
}
