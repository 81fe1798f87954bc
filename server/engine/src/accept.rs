//! Accepting a revision's present content where other content was applied: `repair --accept-hash`.

use crate::graph::GraphRef;
use crate::place::TargetRequest;
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_store::{AppliedRecord, AuditRecord};

/// A request to accept a revision's content.
#[derive(Clone, Debug)]
pub struct Accept {
    /// Project.
    pub project: String,
    /// Graph with the content to accept.
    pub graph: GraphRef,
    /// Target.
    pub target: TargetRequest,
    /// The revision.
    pub revision: String,
    /// Why.
    pub reason: String,
    /// Who.
    pub actor: String,
}

/// Identities of the content before and after, in hex.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// What was applied.
    pub old: String,
    /// What is accepted now.
    pub new: String,
}

impl Engine {
    /// Accepts a revision's present content for a target. Audited; the target itself is not touched.
    pub async fn accept(&self, request: &Accept) -> Result<Accepted> {
        if request.reason.trim().is_empty() {
            return Err(EngineError::new(
                Code::InvalidRequest,
                "accepting a changed revision needs a reason",
            )
            .next(format!("`migratectl repair --accept-hash {} --reason TEXT`", request.revision)));
        }
        let project = self.project_or_create(&request.project).await?;
        let graph = self.graph(&project.name, &request.graph).await?;
        let id = graph.resolve_one(&request.revision)?;
        let place = self.place(&request.target).await?;
        let (Some(revision), Some(old)) =
            (graph.revision(&id), self.applied(place.key()).await?.get(&id).cloned())
        else {
            let why = format!("no content of {id} is recorded for {}", place.name);
            return Err(nothing_to_accept(why).revision(&id));
        };
        if old.token_hash == revision.header.token_hash {
            return Err(
                nothing_to_accept(format!("{id} is as it was applied to {}", place.name)).revision(&id)
            );
        }
        let record = AppliedRecord {
            token_hash: revision.header.token_hash,
            body_hash: revision.hash,
            at: self.now(),
            ..old.clone()
        };
        let accepted = Accepted { old: hex::encode(old.token_hash), new: hex::encode(record.token_hash) };
        self.store()
            .audit(&AuditRecord {
                at: self.now(),
                actor: request.actor.clone(),
                action: "repair --accept-hash".to_owned(),
                project: project.name.clone(),
                detail: format!(
                    "{id} on {}: {} -> {}: {}",
                    place.name, accepted.old, accepted.new, request.reason
                ),
            })
            .await?;
        self.inner.verified.note_applied(place.key(), vec![record], Vec::new());
        self.flush_applied(place.key()).await?;
        Ok(accepted)
    }
}

fn nothing_to_accept(why: String) -> EngineError {
    EngineError::new(Code::InvalidRequest, format!("{why}: there is nothing to accept"))
        .state("nothing was changed")
        .next("go on with `migratectl upgrade head`; `migratectl current` shows where the target stands")
}
