//! Schemas and extensions: first to come, last to go.

use super::work::Work;
use crate::operation::{
    AlterExtension, CommentOn, CreateExtension, CreateNamespace, DropExtension, DropNamespace, Operation,
    SetComment,
};
use crate::schema::Schema;

/// Compares schemas and extensions.
pub(super) fn namespaces(from: &Schema, to: &Schema, work: &mut Work<'_>) {
    for new in &to.schemas {
        match from.schemas.get(&new.name) {
            None => {
                let schema = new.clone();
                work.ground
                    .push(Operation::CreateNamespace(CreateNamespace { schema, if_not_exists: false }));
            }
            Some(old) if old.comment != new.comment => {
                let object = CommentOn::Schema(new.name.clone());
                let (from, to) = (old.comment.clone(), new.comment.clone());
                work.finish.push(Operation::SetComment(SetComment { object, from, to }));
            }
            Some(_) => {}
        }
    }
    for new in &to.extensions {
        match from.extensions.get(&new.name) {
            None => {
                let extension = new.clone();
                work.ground
                    .push(Operation::CreateExtension(CreateExtension { extension, if_not_exists: false }));
            }
            Some(old) => {
                let other_version = new.version.is_some() && old.version != new.version;
                if other_version || old.schema != new.schema {
                    let (from, to) = (old.clone(), new.clone());
                    work.ground.push(Operation::AlterExtension(AlterExtension { from, to }));
                }
            }
        }
    }
    for old in from.extensions.iter().filter(|old| !to.extensions.contains(&old.name)) {
        let extension = old.clone();
        work.tidy.push(Operation::DropExtension(DropExtension { extension, if_exists: false }));
    }
    for old in from.schemas.iter().filter(|old| !to.schemas.contains(&old.name)) {
        let schema = old.clone();
        work.tidy.push(Operation::DropNamespace(DropNamespace { schema, if_exists: false }));
    }
}
