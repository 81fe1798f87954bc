//! Who may be built on whom. The table is that of ARCHITECTURE.md.

use migrated_tidy::{Dependencies, verdict};

/// A package and what it never has: `own` not even through others, `foreign` not by name.
struct Never {
    package: &'static str,
    own: &'static [&'static str],
    foreign: &'static [&'static str],
}

const SERVER: &[&str] = &[
    "migrated-core",
    "migrated-store",
    "migrated-target",
    "migrated-engine",
    "migrated",
    "migrated-testkit",
];

const TABLE: &[Never] = &[
    Never { package: "migrated-proto", own: SERVER, foreign: &["tokio", "sqlx", "figment", "clap"] },
    Never {
        package: "migrated-core",
        own: &[
            "migrated-proto",
            "migrated-store",
            "migrated-target",
            "migrated-engine",
            "migrated",
            "migratectl",
        ],
        foreign: &[],
    },
    Never {
        package: "migrated-store",
        own: &["migrated-proto", "migrated-target", "migrated-engine", "migrated", "migratectl"],
        foreign: &["tonic", "prost", "figment", "clap"],
    },
    Never {
        package: "migrated-target",
        own: &["migrated-proto", "migrated-store", "migrated-engine", "migrated", "migratectl"],
        foreign: &["tonic", "prost", "figment", "clap"],
    },
    Never {
        package: "migrated-engine",
        own: &["migrated-proto", "migrated", "migratectl"],
        foreign: &["tonic", "prost", "sqlx", "figment", "clap"],
    },
    Never { package: "migrated", own: &["migratectl"], foreign: &["sqlx", "tokio-postgres"] },
    Never { package: "migratectl", own: SERVER, foreign: &["sqlx", "tokio-postgres"] },
];

/// What core has not even through others: it is pure.
const IMPURE: &[&str] = &[
    "tokio",
    "sqlx",
    "tonic",
    "prost",
    "figment",
    "tracing",
    "clap",
    "rand",
    "getrandom",
    "uuid",
    "jiff",
    "chrono",
    "rustix",
    "libc",
    "mio",
    "socket2",
];

#[test]
fn nobody_is_built_on_what_lies_above_it() {
    let dependencies = Dependencies::read();
    let mut broken = Vec::new();
    for never in TABLE {
        assert!(dependencies.has(never.package), "there is no package {}", never.package);
        let (all, direct) = (dependencies.all(never.package), dependencies.direct(never.package));
        let own = never.own.iter().filter(|name| **name != never.package && all.contains(**name));
        let foreign = never.foreign.iter().filter(|name| direct.contains(**name));
        broken.extend(own.chain(foreign).map(|name| format!("{} is built on {name}", never.package)));
    }
    verdict("The never column of ARCHITECTURE.md:", &broken);
}

#[test]
fn core_is_pure() {
    let dependencies = Dependencies::read();
    let all = dependencies.all("migrated-core");
    assert!(all.contains("sha2"), "core's dependencies were not read");
    // On some processors sha2 asks for their abilities through libc; nothing else may come that way.
    let broken: Vec<String> = IMPURE
        .iter()
        .filter(|name| all.contains(**name))
        .filter(|name| **name != "libc" || dependencies.direct("migrated-core").contains("libc"))
        .map(|name| format!("migrated-core is linked with {name}"))
        .collect();
    verdict("core has no runtime, no network, no clock, no randomness:", &broken);
}

#[test]
fn no_pool_is_linked_with_the_targets() {
    let dependencies = Dependencies::read();
    let pools = ["bb8", "deadpool", "deadpool-postgres", "r2d2", "mobc"];
    let ours = TABLE.iter().map(|never| never.package);
    let broken: Vec<String> = ours
        .flat_map(|package| {
            let all = dependencies.all(package);
            pools
                .iter()
                .filter(move |p| all.contains(**p))
                .map(move |p| format!("{package} has the pool {p}"))
        })
        .collect();
    verdict("A revision runs on a connection that nobody used before:", &broken);
}
