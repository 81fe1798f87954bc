//! The SQLite target, each behaviour on a file of its own.

mod bed;

mod apply;
mod cancel;
mod crash;
mod journal;
mod lock;
mod rebuild;
mod session;
mod standing;
