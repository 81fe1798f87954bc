//! The targets against real servers.

mod mysql_apply;
mod mysql_bed;
mod postgres_apply;
mod server;
