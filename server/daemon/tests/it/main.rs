//! Tests of the daemon's frame, with the real binary: listeners, access, TLS, traces, its end, embedded mode.

mod daemon;
mod embedded;
mod health;
mod listen;
mod stop;
mod tls;
mod traces;
