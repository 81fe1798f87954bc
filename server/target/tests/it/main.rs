//! The targets against real servers.

mod mysql_apply;
mod mysql_bed;
mod mysql_crash;
mod mysql_cut;
mod mysql_inspect;
mod mysql_lock;
mod mysql_resume;
mod mysql_scratch;
mod mysql_standing;
mod mysql_watch;
mod operation_pages;
#[path = "../../../core/tests/operations/page.rs"]
mod page;
#[path = "../pages/run.rs"]
mod pages_run;
mod postgres_apply;
mod postgres_inspect;
mod postgres_inspect_scope;
mod postgres_inspect_scratch;
mod postgres_journal;
mod postgres_keys;
mod postgres_leftovers;
mod postgres_lock;
mod postgres_run;
mod postgres_session;
mod postgres_standing;
mod postgres_tls;
mod postgres_watch;
mod server;
mod splitters;
