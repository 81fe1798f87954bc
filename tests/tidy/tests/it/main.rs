//! The house rules. ARCHITECTURE.md says why they hold.

mod dialects;
mod edges;
mod errors;
mod failures;
mod imports;
mod keys;
mod layers;
mod links;
mod sizes;
mod verbs;
mod words;
