//! Snapshots of every form of output over one recorded run that failed and one that did nothing.

mod failures;
mod forms;
mod recorded;
mod revisions;
mod screen;
