//! A daemon that dies, or is told to stop, at every edge of a run: afterwards each statement has taken effect once,
//! nothing is missing, and what is told is true. `docs/reliability.md` lists the edges.

mod cancels;
mod course;
mod covered;
mod deaths;
mod diagnosed;
mod random;
mod told;
mod trace;
