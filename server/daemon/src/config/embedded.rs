//! Section `embedded`: the daemon that `migratectl` starts for itself.

use super::schema::section;
use super::value::Span;

section! {
    /// The daemon that `migratectl` starts for itself. Elsewhere it has no effect.
    Embedded {
        /// It ends after so long without a request and without a run.
        idle: Span = Span::minutes(10),
    }
}
