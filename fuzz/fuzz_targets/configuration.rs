//! The daemon's configuration: whatever stands in the file or in a variable, it is read or every fault is told, and what
//! was read can be shown as TOML.
#![no_main]
#![allow(dead_code, reason = "only the way from the file to what is shown is taken")]

#[path = "../../server/daemon/src/config/mod.rs"]
mod config;

use config::{Sources, load};
use libfuzzer_sys::fuzz_target;
use std::path::PathBuf;
use std::sync::LazyLock;

/// One file for each process: the fuzzer is of one thread.
static FILE: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("migrated-fuzz-{}.toml", std::process::id())));

fuzz_target!(|text: &str| {
    // After the first NUL stand variables, `NAME=value` by lines.
    let (file, variables) = text.split_once('\0').unwrap_or((text, ""));
    std::fs::write(&*FILE, file).expect("the temporary folder can be written to");
    let variables =
        variables.lines().filter_map(|l| l.split_once('=')).map(|(n, v)| (format!("MIGRATED_{n}"), v.to_owned()));
    let sources = Sources { file: Some(FILE.clone()), variables: variables.collect(), ..Sources::default() };
    let Ok(loaded) = load(&sources) else { return };
    loaded.config.validate();
    // Numbers beyond what TOML holds are the only thing that cannot be shown.
    let Ok(shown) = config::show::show(&loaded) else { return };
    shown.parse::<toml::Table>().expect("what is shown is TOML");
});
