//! MigrationService.

use super::execute::execute_step;
use super::stream::{BoxStream, of_run};
use super::{caller, refuse};
use crate::convert::diagnose::diagnosis;
use crate::convert::event::direction;
use crate::convert::graph::graph;
use crate::convert::lint::{finding, lint_options, linted};
use crate::convert::revision::{accepted as accepted_content, create, new_file, revision, revisions};
use crate::convert::run::{actor, options};
use crate::convert::schema::{compared, maybe_source, rules, scope, source};
use crate::convert::target::target;
use crate::convert::{filled, invalid, span};
use migrated_core::DialectName;
use migrated_core::event::{Direction, RunKind};
use migrated_engine::{
    Accept, Autogenerate, CheckRequest, DiagnoseRequest, Engine, Judge, LintRequest, PlanRequest,
    PlannedStep, RenderKind, RenderRequest, RowsFrom, RunRequest, RunWatch, Status as Standing, WaitRequest,
    Which,
};
use migrated_proto::v1;
use migrated_proto::v1::migration_service_server::MigrationService;
use std::time::Duration;
use tonic::{Request, Response, Status, Streaming};

/// Longest wait of WaitForRevision where the call has no timeout of its own.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

pub(crate) struct Migrations {
    engine: Engine,
}

impl Migrations {
    pub(crate) fn new(engine: Engine) -> Migrations {
        Migrations { engine }
    }

    /// Begins a run, or joins one.
    async fn begin(
        &self,
        caller: &str,
        kind: RunKind,
        goal: Vec<String>,
        purge: bool,
        asked: Asked,
    ) -> Result<RunWatch, Status> {
        let run = RunRequest {
            project: asked.project,
            graph: graph(asked.graph)?,
            target: target(asked.target)?,
            kind,
            goal,
            purge,
            options: options(asked.options, caller)?,
        };
        self.engine.start(run).await.map_err(refuse)
    }
}

/// What every request for a run has, as the wire has it.
struct Asked {
    project: String,
    graph: Option<v1::GraphRef>,
    target: Option<v1::TargetRef>,
    options: Option<v1::RunOptions>,
}

fn dialect(name: &str) -> Result<Option<DialectName>, Status> {
    match name {
        "" => Ok(None),
        name => match DialectName::parse(name) {
            Some(dialect) => Ok(Some(dialect)),
            None => Err(invalid(
                "dialect",
                format!("there is no dialect {name:?}: postgresql, mysql, sqlite are"),
            )),
        },
    }
}

fn step(step: PlannedStep) -> v1::plan_response::Step {
    v1::plan_response::Step {
        revision: Some(revision(step.view)),
        direction: direction(step.direction).into(),
        statements: step.statements,
        transactional: step.transactional,
        rows: step.rows,
        warnings: step.warnings,
        findings: step.findings.into_iter().map(finding).collect(),
    }
}

#[tonic::async_trait]
impl MigrationService for Migrations {
    type UpgradeStream = BoxStream<v1::UpgradeResponse>;
    type DowngradeStream = BoxStream<v1::DowngradeResponse>;
    type StampStream = BoxStream<v1::StampResponse>;
    type RenderStream = BoxStream<v1::RenderResponse>;
    type ExecuteStepStream = BoxStream<v1::ExecuteStepResponse>;

    async fn plan(&self, request: Request<v1::PlanRequest>) -> Result<Response<v1::PlanResponse>, Status> {
        let request = request.into_inner();
        let direction = match request.direction() {
            v1::Direction::Up => Direction::Up,
            v1::Direction::Down => Direction::Down,
            v1::Direction::Unspecified => return Err(invalid("direction", "say whether to plan up or down")),
        };
        let rows = match request.current {
            Some(current) => RowsFrom::Given(current.rows),
            None => RowsFrom::Target(target(request.target)?),
        };
        let plan = PlanRequest {
            project: request.project,
            graph: graph(request.graph)?,
            rows,
            direction,
            revision: request.revision,
            dialect: dialect(&request.dialect)?,
            lint: lint_options(request.lint),
        };
        let planned = self.engine.plan(&plan).await.map_err(refuse)?;
        Ok(Response::new(v1::PlanResponse {
            from: planned.from,
            to: planned.to,
            steps: planned.steps.into_iter().map(step).collect(),
            ahead: planned.ahead,
            foreign: planned.foreign,
        }))
    }

    async fn upgrade(
        &self,
        request: Request<v1::UpgradeRequest>,
    ) -> Result<Response<Self::UpgradeStream>, Status> {
        let caller = caller(&request);
        let v1::UpgradeRequest { project, graph, target, revision, options, rehearse } = request.into_inner();
        let asked = Asked { project, graph, target, options };
        let kind = if rehearse { RunKind::Rehearsal } else { RunKind::Upgrade };
        let watch = self.begin(&caller, kind, vec![revision], false, asked).await?;
        Ok(Response::new(of_run(watch, |update| v1::UpgradeResponse { update: Some(update) })))
    }

    async fn downgrade(
        &self,
        request: Request<v1::DowngradeRequest>,
    ) -> Result<Response<Self::DowngradeStream>, Status> {
        let caller = caller(&request);
        let v1::DowngradeRequest { project, graph, target, revision, options } = request.into_inner();
        let asked = Asked { project, graph, target, options };
        let watch = self.begin(&caller, RunKind::Downgrade, vec![revision], false, asked).await?;
        Ok(Response::new(of_run(watch, |update| v1::DowngradeResponse { update: Some(update) })))
    }

    async fn stamp(&self, request: Request<v1::StampRequest>) -> Result<Response<Self::StampStream>, Status> {
        let caller = caller(&request);
        let v1::StampRequest { project, graph, target, revisions, purge, options } = request.into_inner();
        let asked = Asked { project, graph, target, options };
        let watch = self.begin(&caller, RunKind::Stamp, revisions, purge, asked).await?;
        Ok(Response::new(of_run(watch, |update| v1::StampResponse { update: Some(update) })))
    }

    async fn render(
        &self,
        request: Request<v1::RenderRequest>,
    ) -> Result<Response<Self::RenderStream>, Status> {
        let request = request.into_inner();
        let kind = match request.kind() {
            v1::RenderKind::Unspecified => return Err(invalid("kind", "say what to render")),
            v1::RenderKind::Upgrade => RenderKind::Upgrade,
            v1::RenderKind::Downgrade => RenderKind::Downgrade,
            v1::RenderKind::Stamp => RenderKind::Stamp,
            v1::RenderKind::VersionTable => RenderKind::VersionTable,
        };
        let Some(dialect) = dialect(&request.dialect)? else {
            return Err(invalid(
                "dialect",
                "say for which dialect to render: --dialect postgresql, mysql or sqlite",
            ));
        };
        let render = RenderRequest {
            project: request.project,
            graph: graph(request.graph)?,
            kind,
            revisions: request.revisions,
            dialect,
            version_table: filled(request.version_table),
            version_table_schema: filled(request.version_table_schema),
            schema: filled(request.schema),
            tag: filled(request.tag),
        };
        // Nothing is sent before the whole plan was checked: half a script is worse than none.
        let rendered = self.engine.render(render).await.map_err(refuse)?;
        let stream = futures_util::stream::unfold(rendered, |mut rendered| async move {
            let chunk = rendered.next().await?;
            Some((Ok(v1::RenderResponse { chunk }), rendered))
        });
        Ok(Response::new(Box::pin(stream)))
    }

    async fn get_current(
        &self,
        request: Request<v1::GetCurrentRequest>,
    ) -> Result<Response<v1::GetCurrentResponse>, Status> {
        let request = request.into_inner();
        let (graph, target) = (graph(request.graph)?, target(request.target)?);
        let current = self.engine.current(&request.project, &graph, &target).await.map_err(refuse)?;
        let status = match current.status {
            Standing::Current => v1::TargetStatus::Current,
            Standing::Behind => v1::TargetStatus::Behind,
            Standing::Ahead => v1::TargetStatus::Ahead,
            Standing::Diverged => v1::TargetStatus::Diverged,
            Standing::Unknown => v1::TargetStatus::Unknown,
        };
        Ok(Response::new(v1::GetCurrentResponse {
            rows: current.rows,
            current: revisions(current.current),
            heads: current.heads,
            status: status.into(),
            ahead: current.ahead,
            unknown: current.unknown,
            display_url: current.display,
            server: current.server,
            partial_revision: current.partial.unwrap_or_default(),
            foreign: current.foreign,
        }))
    }

    async fn wait_for_revision(
        &self,
        request: Request<v1::WaitForRevisionRequest>,
    ) -> Result<Response<v1::WaitForRevisionResponse>, Status> {
        let request = request.into_inner();
        let wait = WaitRequest {
            project: request.project,
            graph: graph(request.graph)?,
            target: target(request.target)?,
            revision: request.revision,
            timeout: span("timeout", request.timeout.as_ref())?.unwrap_or(LONGEST_WAIT),
        };
        let rows = self.engine.wait_for(&wait).await.map_err(refuse)?;
        Ok(Response::new(v1::WaitForRevisionResponse { rows }))
    }

    async fn ensure_version_table(
        &self,
        request: Request<v1::EnsureVersionTableRequest>,
    ) -> Result<Response<v1::EnsureVersionTableResponse>, Status> {
        let created = self.engine.ensure_version_table(&target(request.into_inner().target)?).await;
        Ok(Response::new(v1::EnsureVersionTableResponse { created: created.map_err(refuse)? }))
    }

    async fn accept_revision(
        &self,
        request: Request<v1::AcceptRevisionRequest>,
    ) -> Result<Response<v1::AcceptRevisionResponse>, Status> {
        let caller = caller(&request);
        let request = request.into_inner();
        let accept = Accept {
            project: request.project,
            graph: graph(request.graph)?,
            target: target(request.target)?,
            which: match (request.all, request.revision.is_empty()) {
                (true, true) => Which::All,
                (true, false) => return Err(invalid("all", "there is a revision, too")),
                (false, _) => Which::One(request.revision),
            },
            reason: request.reason,
            actor: actor(&caller, &request.actor),
            dry_run: request.dry_run,
        };
        let accepted = self.engine.accept(&accept).await.map_err(refuse)?;
        Ok(Response::new(accepted_content(&accept.which, accepted)))
    }

    async fn diagnose(
        &self,
        request: Request<v1::DiagnoseRequest>,
    ) -> Result<Response<v1::DiagnoseResponse>, Status> {
        let request = request.into_inner();
        let diagnose = DiagnoseRequest {
            project: request.project,
            graph: graph(request.graph)?,
            target: target(request.target)?,
        };
        let found = self.engine.diagnose(&diagnose).await.map_err(refuse)?;
        Ok(Response::new(v1::DiagnoseResponse { diagnosis: Some(diagnosis(found)) }))
    }

    async fn judge_statement(
        &self,
        request: Request<v1::JudgeStatementRequest>,
    ) -> Result<Response<v1::JudgeStatementResponse>, Status> {
        let caller = caller(&request);
        let request = request.into_inner();
        let judge = Judge {
            project: request.project,
            graph: graph(request.graph)?,
            target: target(request.target)?,
            revision: request.revision,
            statement: request.statement,
            took_effect: request.took_effect,
            reason: request.reason,
            actor: actor(&caller, &request.actor),
        };
        let found = self.engine.judge(&judge).await.map_err(refuse)?;
        Ok(Response::new(v1::JudgeStatementResponse { diagnosis: Some(diagnosis(found)) }))
    }

    async fn check(&self, request: Request<v1::CheckRequest>) -> Result<Response<v1::CheckResponse>, Status> {
        let request = request.into_inner();
        let check = CheckRequest {
            project: request.project,
            graph: graph(request.graph)?,
            target: target(request.target)?,
            desired: maybe_source("desired", request.desired)?,
            scope: scope(request.scope),
            rules: rules(request.rules)?,
        };
        let found = self.engine.check(&check).await.map_err(refuse)?;
        Ok(Response::new(v1::CheckResponse { diff: Some(compared(found)?) }))
    }

    async fn autogenerate(
        &self,
        request: Request<v1::AutogenerateRequest>,
    ) -> Result<Response<v1::AutogenerateResponse>, Status> {
        let request = request.into_inner();
        let revision = request.revision.ok_or_else(|| invalid("revision", "the request has no revision"))?;
        if revision.upgrade.is_some() {
            return Err(invalid(
                "revision.upgrade",
                "the operations are what is found; CreateRevision takes others",
            ));
        }
        let autogenerate = Autogenerate {
            revision: create(revision)?,
            target: target(request.target)?,
            desired: source("desired", request.desired)?,
            scope: scope(request.scope),
            rules: rules(request.rules)?,
            allow_drop: request.allow_drop,
            even_if_empty: request.even_if_empty,
            lint: lint_options(request.lint),
        };
        let made = self.engine.autogenerate(autogenerate).await.map_err(refuse)?;
        let (revision, file) = made.file.map(new_file).unzip();
        let findings = made.findings.into_iter().map(finding).collect();
        let diff = Some(compared(made.compared)?);
        Ok(Response::new(v1::AutogenerateResponse { diff, revision, file, findings }))
    }

    async fn execute_step(
        &self,
        request: Request<Streaming<v1::ExecuteStepRequest>>,
    ) -> Result<Response<Self::ExecuteStepStream>, Status> {
        Ok(Response::new(execute_step(&self.engine, request.into_inner()).await?))
    }

    async fn lint(&self, request: Request<v1::LintRequest>) -> Result<Response<v1::LintResponse>, Status> {
        let request = request.into_inner();
        let lint = LintRequest {
            project: request.project,
            graph: graph(request.graph)?,
            target: request.target.map(|named| target(Some(named))).transpose()?,
            revisions: request.revisions,
            unapplied: request.unapplied,
            downgrades: request.downgrades,
            options: lint_options(request.options),
            dialect: dialect(&request.dialect)?,
        };
        let found = self.engine.lint(&lint).await.map_err(refuse)?;
        Ok(Response::new(linted(found)))
    }
}
