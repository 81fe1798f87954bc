//! Views.

use super::change::Change;
use super::{Operation, OperationError, held};
use crate::schema::{Named as _, Objects, Schema, View};
use serde::{Deserialize, Serialize};

/// Makes a view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateView {
    /// What to make.
    pub view: View,
}

/// Drops a view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropView {
    /// What to drop, whole, so that it can be made again.
    pub view: View,
}

/// Puts another query, other options or another comment in a view, with CREATE OR REPLACE: the columns stay. Indexes
/// and triggers are operations of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlterView {
    /// How it is.
    pub from: View,
    /// How it is to be.
    pub to: View,
}

impl Change for CreateView {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let view = self.view.clone();
        Ok(Operation::DropView(DropView { view }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::make(&mut schema.views, &self.view, false, "view")
    }

    fn summary(&self) -> String {
        format!("create {} {}", called(&self.view), self.view.name)
    }
}

impl Change for DropView {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let view = self.view.clone();
        Ok(Operation::CreateView(CreateView { view }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        held::take(&mut schema.views, &self.view.key(), false, "view")
    }

    fn destroys(&self) -> Option<&'static str> {
        self.view.materialized.then_some("drops a materialised view and its rows")
    }

    fn summary(&self) -> String {
        format!("drop {} {}", called(&self.view), self.view.name)
    }
}

impl Change for AlterView {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let (from, to) = (self.to.clone(), self.from.clone());
        Ok(Operation::AlterView(AlterView { from, to }))
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        let (triggers, indexes) = match schema.views.get(&self.from.key()) {
            Some(view) => (view.triggers.clone(), view.indexes.clone()),
            None => (Objects::default(), Objects::default()),
        };
        let view = View { triggers, indexes, ..self.to.clone() };
        held::put(&mut schema.views, &self.from.key(), &view, "view")
    }

    fn summary(&self) -> String {
        format!("alter {} {}", called(&self.to), self.to.name)
    }
}

fn called(view: &View) -> &'static str {
    if view.materialized { "materialised view" } else { "view" }
}
