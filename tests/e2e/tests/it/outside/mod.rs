//! Statements that refuse a transaction, cut off in every phase of their own work: there another session holds them, so
//! that nothing here depends on time.

mod alone;
mod crash;
mod index;
mod others;
mod phase;
