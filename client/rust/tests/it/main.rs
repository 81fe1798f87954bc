//! The client against a scripted daemon: what goes over the wire, what is printed, and how the program ends.

mod embedded;
mod fake;
mod program;
mod stream;
