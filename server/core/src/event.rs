//! The one progress type.
