//! Tests of this kind follow with the journal.
