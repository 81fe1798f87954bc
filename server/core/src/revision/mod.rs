//! The revision graph.

/// One change of the version table's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowChange {
    /// Adds a row.
    Insert(String),
    /// Removes a row.
    Delete(String),
    /// Changes a row.
    Update {
        /// The row as it is.
        from: String,
        /// The row as it becomes.
        to: String,
    },
}
