//! Section `projects`.

use super::schema::section;

section! {
    /// Projects.
    Projects {
        /// Whether the first push or upload of a project creates it.
        create_on_push: bool = true,
    }
}
