//! Snapshots of every form of output.
