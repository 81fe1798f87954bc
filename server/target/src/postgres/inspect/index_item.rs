//! How the server spells the items of an index: the one place where it tells which operator class and collation are
//! not the defaults of a column's or expression's type.

use super::expression::{end_of_item, find_outside};
use migrated_core::schema::{IndexItem, Nulls};

/// An item as the server spells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spelling {
    /// The column or expression.
    pub(super) element: String,
    pub(super) collation: Option<String>,
    /// With its parameters.
    pub(super) opclass: Option<String>,
    /// DESC and NULLS …
    order: String,
}

impl Spelling {
    /// All of it again.
    pub(super) fn whole(&self) -> String {
        let mut whole = self.element.clone();
        if let Some(collation) = &self.collation {
            whole.push_str(" COLLATE ");
            whole.push_str(collation);
        }
        if let Some(opclass) = &self.opclass {
            whole.push(' ');
            whole.push_str(opclass);
        }
        whole.push_str(&self.order);
        whole
    }
}

/// Takes the items of an index's definition apart; `elements` are the columns and expressions in it.
pub(super) fn spellings(definition: &str, elements: &[String]) -> Vec<Spelling> {
    let Some(using) = find_outside(definition, " USING ") else { return Vec::new() };
    let after = &definition[using..];
    let Some(open) = find_outside(after, "(") else { return Vec::new() };
    let mut rest = &after[open + 1..];
    let mut spellings = Vec::new();
    for element in elements {
        let Some(after) = rest.trim_start().strip_prefix(element.as_str()) else { break };
        let end = end_of_item(after);
        spellings.push(spelling(element, &after[..end]));
        rest = after.get(end + 1..).unwrap_or_default();
    }
    spellings
}

fn spelling(element: &str, attributes: &str) -> Spelling {
    let mut attributes = attributes;
    let mut order = String::new();
    for word in [" NULLS FIRST", " NULLS LAST", " DESC"] {
        if let Some(rest) = attributes.strip_suffix(word) {
            attributes = rest;
            order.insert_str(0, word);
        }
    }
    let attributes = attributes.trim();
    let (collation, opclass) = match attributes.strip_prefix("COLLATE ") {
        Some(rest) => {
            let end = find_outside(rest, " ").unwrap_or(rest.len());
            (Some(rest[..end].to_owned()), rest[end..].trim())
        }
        None => (None, attributes),
    };
    let opclass = (!opclass.is_empty()).then(|| opclass.to_owned());
    Spelling { element: element.to_owned(), collation, opclass, order }
}

/// DESC and NULLS … as SQL.
pub(super) fn order(item: &IndexItem) -> String {
    let desc = if item.desc { " DESC" } else { "" };
    let nulls = match item.nulls {
        Some(Nulls::First) => " NULLS FIRST",
        Some(Nulls::Last) => " NULLS LAST",
        None => "",
    };
    format!("{desc}{nulls}")
}

#[cfg(test)]
mod tests {
    use super::{Spelling, spellings};

    fn one(definition: &str, elements: &[&str]) -> Vec<Spelling> {
        spellings(definition, &elements.iter().map(|e| (*e).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn attributes_are_told_apart() {
        let found = one(
            "CREATE INDEX i ON t USING gist (a gist_trgm_ops (siglen='32'), lower(b) COLLATE \"x DESC\" DESC NULLS LAST, \
             (((a)::text || b)) app.\"Ops\" NULLS FIRST) INCLUDE (c) WHERE (a > 0)",
            &["a", "lower(b)", "(((a)::text || b))"],
        );
        let opclass: Vec<_> = found.iter().map(|s| s.opclass.as_deref()).collect();
        assert_eq!(opclass, [Some("gist_trgm_ops (siglen='32')"), None, Some("app.\"Ops\"")]);
        assert_eq!(found[1].collation.as_deref(), Some("\"x DESC\""));
        assert_eq!(found[1].whole(), "lower(b) COLLATE \"x DESC\" DESC NULLS LAST");
        assert_eq!(found[2].whole(), "(((a)::text || b)) app.\"Ops\" NULLS FIRST");
    }

    #[test]
    fn names_that_look_like_syntax_are_no_obstacle() {
        let found = one("CREATE INDEX \" USING (\" ON \"t(\" USING btree (\"a, b\" DESC)", &["\"a, b\""]);
        assert_eq!(found[0].whole(), "\"a, b\" DESC");
    }
}
