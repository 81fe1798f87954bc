//! What is particular to PostgreSQL, and its run of the contract.

mod leases;
mod opening;
mod shares;
mod telling;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use migrated_store::{PostgresOptions, PostgresStore, Result, Shared, Store};
use migrated_testkit::{Postgres, StartError, present};

use crate::contract::{Place, contract};

static SERVER: LazyLock<std::result::Result<Postgres, StartError>> = LazyLock::new(Postgres::of_environment);
static COUNT: AtomicU32 = AtomicU32::new(0);

/// A schema of its own.
struct Schema {
    name: String,
}

impl Schema {
    /// A new one, where the server is there.
    fn made() -> Option<Schema> {
        present(SERVER.as_ref())?;
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Some(Schema { name: format!("Store {} \"{number}\"", std::process::id()) })
    }

    fn options(&self) -> PostgresOptions {
        PostgresOptions {
            schema: self.name.clone(),
            connections: 3,
            lease: Duration::from_secs(120),
            owner: "tester".into(),
            ..PostgresOptions::default()
        }
    }

    async fn try_open(&self, options: PostgresOptions) -> Result<PostgresStore> {
        PostgresStore::open(&url(), options).await
    }

    /// The store with a lease of that length.
    async fn leased(&self, lease: Duration, owner: &str) -> PostgresStore {
        let options = PostgresOptions { lease, owner: owner.into(), ..self.options() };
        self.try_open(options).await.expect("it opens")
    }

    /// Runs statements in the schema, behind the store's back.
    fn sql(&self, sql: &str) -> String {
        let path = format!("SET search_path TO \"{}\";", self.name.replace('"', "\"\""));
        server().psql("postgres", &format!("{path} {sql}")).expect("it runs")
    }
}

#[async_trait]
impl Place for Schema {
    async fn new() -> Option<Self> {
        Schema::made()
    }

    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.try_open(self.options()).await.expect("it opens"))
    }
}

fn server() -> &'static Postgres {
    SERVER.as_ref().expect("it was there before")
}

fn url() -> String {
    server().url("postgres")
}

/// The part of a store that several daemons share.
fn shared(store: &PostgresStore) -> &dyn Shared {
    store.shared().expect("PostgreSQL is shared")
}

contract!(Schema);
