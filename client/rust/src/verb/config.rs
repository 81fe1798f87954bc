//! `config`.

use crate::config::keys::KEYS;
use crate::config::layers::Rank;
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::output::table;
use clap::Args;
use serde_json::{Map, Value, json};

/// Arguments of `config`: none.
#[derive(Args, Debug)]
pub struct Show {}

/// Runs the verb: every key with its value and origin, secrets masked.
///
/// # Errors
/// None of its own.
pub fn run(context: &mut Context) -> Result<Exit> {
    let config = &context.config;
    let mut object = Map::new();
    let mut rows = Vec::new();
    for key in &KEYS {
        let value = config.shown(key.name).map(|value| if key.secret { "***".into() } else { value });
        let origin =
            if config.rank(key.name) == Rank::Default { String::new() } else { config.origin(key.name) };
        object.insert(key.name.into(), json!({ "value": value, "origin": origin }));
        rows.push(vec![key.name.to_string(), value.unwrap_or_else(|| "-".into()), origin]);
    }
    let lines = table(&["KEY", "VALUE", "ORIGIN"], &rows);
    let generic = config.variable("DATABASE_URL").is_some();
    context.out.result(&Value::Object(object), |out| {
        lines.iter().for_each(|line| out.line(line));
        if generic {
            out.note("DATABASE_URL is set: it wins over `database_url` of the file, and over nothing else");
        }
    });
    Ok(Exit::Done)
}
