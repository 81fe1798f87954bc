//! The SQLite target, each behaviour on a file of its own.

mod bed;

#[path = "../../../core/tests/operations/page.rs"]
mod page;
#[path = "../pages/run.rs"]
mod pages_run;

mod apply;
mod cancel;
mod crash;
mod journal;
mod lock;
mod operation_pages;
mod rebuild;
mod session;
mod standing;
