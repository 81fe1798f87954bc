//! The store's tests: one contract for every backend, and what is particular to one.

mod contract;
mod postgres;
mod records;
mod sqlite;
