//! Core from outside: the corpora of Alembic's answers, tables to read, and laws.

mod answer;
mod corpus;
mod errors;
mod laws;
mod operation_laws;
mod operations;
mod plans;
mod postgres_render;
