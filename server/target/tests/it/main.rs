//! The targets against real servers.

mod postgres_apply;
mod server;
