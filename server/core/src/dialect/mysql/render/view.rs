//! Views ("CREATE VIEW Statement").

use super::{qualified, unsupported};
use crate::operation::{OperationError, Server};
use crate::schema::View;

/// CREATE VIEW, or CREATE OR REPLACE VIEW. The query names its columns itself.
pub(super) fn create(view: &View, replace: bool, server: &Server) -> Result<String, OperationError> {
    plain(view, server)?;
    let known = ["algorithm", "security", "check_option", "definer"];
    if let Some(other) = view.options.keys().find(|option| !known.contains(&option.as_str())) {
        return Err(unsupported(server, &format!("set {other} of a view"), ""));
    }
    let option = |name: &str| view.options.get(name);
    let mut out = String::from(if replace { "CREATE OR REPLACE " } else { "CREATE " });
    if let Some(algorithm) = option("algorithm") {
        out.push_str(&format!("ALGORITHM={} ", algorithm.to_uppercase()));
    }
    if let Some(definer) = option("definer") {
        out.push_str(&format!("DEFINER={definer} "));
    }
    if let Some(security) = option("security") {
        out.push_str(&format!("SQL SECURITY {} ", security.to_uppercase()));
    }
    out.push_str(&format!("VIEW {} AS {}", qualified(&view.name), view.query));
    if let Some(check) = option("check_option") {
        out.push_str(&format!(" WITH {} CHECK OPTION", check.to_uppercase()));
    }
    Ok(out)
}

/// DROP VIEW.
pub(super) fn drop(view: &View, server: &Server) -> Result<String, OperationError> {
    plain(view, server)?;
    Ok(format!("DROP VIEW {}", qualified(&view.name)))
}

fn plain(view: &View, server: &Server) -> Result<(), OperationError> {
    if !view.materialized {
        return Ok(());
    }
    let advice = "fill a table by an event or by triggers";
    Err(unsupported(server, "keep a materialised view", advice))
}
