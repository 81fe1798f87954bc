//! The targets against real servers.

mod mysql_apply;
mod mysql_bed;
mod postgres_apply;
mod postgres_journal;
mod postgres_lock;
mod postgres_run;
mod postgres_session;
mod postgres_standing;
mod postgres_tls;
mod postgres_watch;
mod server;
