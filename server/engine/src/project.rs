//! Projects.

use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_store::{ProjectRecord, StoreError};

impl Engine {
    /// Refuses a name of a project or target that cannot stand in paths, logs and lock names.
    pub fn check_name(what: &'static str, name: &str) -> Result<()> {
        check_name(what, name)
    }

    /// A project by name.
    pub async fn project(&self, name: &str) -> Result<ProjectRecord> {
        check_name("project", name)?;
        self.store().project(name).await?.ok_or_else(|| {
            EngineError::new(Code::ProjectNotFound, format!("there is no project {name:?}"))
                .with("project", name)
                .next(format!("`migratectl projects create {name}`"))
        })
    }

    /// A project by name, made where the settings allow that.
    pub async fn project_or_create(&self, name: &str) -> Result<ProjectRecord> {
        match self.project(name).await {
            Err(e) if e.code == Code::ProjectNotFound && self.settings().create_projects => {
                match self.create_project(name, "").await {
                    // Another request made it first, which serves as well.
                    Err(e) if e.code == Code::AlreadyExists => self.project(name).await,
                    made => made,
                }
            }
            found => found,
        }
    }

    /// Makes a project.
    pub async fn create_project(&self, name: &str, description: &str) -> Result<ProjectRecord> {
        check_name("project", name)?;
        let project = ProjectRecord {
            name: name.to_owned(),
            description: description.to_owned(),
            created_at: self.now(),
            version: 1,
        };
        self.store().create_project(&project).await?;
        Ok(project)
    }

    /// Changes a project's description if its version is still `expected`.
    pub async fn update_project(
        &self,
        name: &str,
        description: &str,
        expected: u64,
    ) -> Result<ProjectRecord> {
        let mut project = self.project(name).await?;
        project.description = description.to_owned();
        project.version = self.store().update_project(&project, expected).await?;
        Ok(project)
    }

    /// Deletes a project without runs and published revisions.
    pub async fn delete_project(&self, name: &str) -> Result<()> {
        self.project(name).await?;
        match self.store().delete_project(name).await {
            Ok(true) => Ok(()),
            Ok(false) | Err(StoreError::Conflict { .. }) => Err(EngineError::new(
                Code::InvalidRequest,
                format!("project {name:?} has runs or published revisions and stays"),
            )),
            Err(e) => Err(e.into()),
        }
    }

    /// Version of a project's published graph; 0 where nothing was pushed.
    pub async fn published_version(&self, name: &str) -> Result<u64> {
        Ok(self.store().published(name).await?.version)
    }

    /// Projects by name, after `after`.
    pub async fn projects(&self, after: &str, limit: u32) -> Result<Vec<ProjectRecord>> {
        Ok(self.store().projects(after, limit).await?)
    }
}

/// Names of projects and targets are short and printable, so that they can stand in paths, logs and lock names.
pub(crate) fn check_name(what: &'static str, name: &str) -> Result<()> {
    let fits = !name.is_empty()
        && name.len() <= 100
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ' '));
    if fits {
        return Ok(());
    }
    Err(EngineError::new(
        Code::InvalidRequest,
        format!("{name:?} is no {what} name: letters, digits, space and - _ . / are, up to 100 bytes"),
    )
    .with("name", name))
}
