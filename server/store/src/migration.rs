//! The steps of the store's own schema, which both backends have in common by number and name.

/// One step of the store's schema.
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    /// The oldest release, by the newest migration it knows, that can still work with the store afterwards.
    pub(crate) readable_from: i64,
    pub(crate) sql: &'static str,
}

/// A migration of `migrations/BACKEND/NUMBER_NAME.sql`.
macro_rules! embedded {
    ($backend:literal, $version:literal, $number:literal, $name:literal, readable_from $from:literal) => {
        $crate::migration::Migration {
            version: $version,
            name: $name,
            readable_from: $from,
            sql: include_str!(concat!("../../../../migrations/", $backend, "/", $number, "_", $name, ".sql")),
        }
    };
}
pub(crate) use embedded;

#[cfg(test)]
mod tests {
    use crate::{postgres, sqlite};

    #[test]
    fn migrations_are_numbered_without_gaps_and_readable_by_the_release_before() {
        for migrations in [sqlite::MIGRATIONS, postgres::MIGRATIONS] {
            for (index, migration) in migrations.iter().enumerate() {
                assert_eq!(usize::try_from(migration.version).ok(), Some(index + 1));
                assert!(migration.readable_from <= (migration.version - 1).max(1), "{}", migration.name);
            }
        }
    }

    #[test]
    fn both_backends_have_the_same_numbers_and_names() {
        let names = |all: &[super::Migration]| all.iter().map(|m| (m.version, m.name)).collect::<Vec<_>>();
        assert_eq!(names(sqlite::MIGRATIONS), names(postgres::MIGRATIONS));
    }
}
