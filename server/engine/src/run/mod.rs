//! Runs: accepting, joining, driving, watching, cancelling. A run belongs to the daemon (rule R4): a stream that
//! ends changes nothing.

mod accept;
mod cancel;
mod drive;
mod executor;
mod finish;
mod handle;
mod lane;
mod late_end;
mod list;
mod lock;
mod log;
mod part;
mod rehearse;
mod rehearse_copy;
mod replicas;
mod sessions;
mod step;
mod steps;
mod turns;
mod watch;

pub use accept::{RunOptions, RunRequest};
pub use executor::{ExecutorHears, ExecutorSays, Saying, StepToExecute};
pub use part::Part;
pub(crate) use replicas::Left;
pub use watch::{RunUpdate, RunWatch};

pub(crate) use accept::{Job, again, is_relative};
pub(crate) use handle::{RunHandle, Scope};
pub(crate) use lane::Registry;
pub(crate) use log::RunLog;
pub(crate) use sessions::Opened;
pub(crate) use steps::Way;
