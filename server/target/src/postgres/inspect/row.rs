//! Cells of the simple protocol: everything is text there.

use tokio_postgres::SimpleQueryRow;

/// A row of a catalog query.
#[derive(Clone, Copy)]
pub(super) struct Row<'a>(pub(super) &'a SimpleQueryRow);

impl<'a> Row<'a> {
    /// A cell; `None` for NULL.
    pub(super) fn option(self, index: usize) -> Option<&'a str> {
        self.0.get(index)
    }

    /// A cell; empty for NULL.
    pub(super) fn text(self, index: usize) -> &'a str {
        self.option(index).unwrap_or_default()
    }

    /// A cell of its own; `None` for NULL.
    pub(super) fn owned(self, index: usize) -> Option<String> {
        self.option(index).map(str::to_owned)
    }

    /// A Boolean; false for NULL.
    pub(super) fn flag(self, index: usize) -> bool {
        self.option(index) == Some("t")
    }

    /// A number or an OID; 0 for NULL.
    pub(super) fn number<T: std::str::FromStr + Default>(self, index: usize) -> T {
        self.option(index).and_then(|cell| cell.parse().ok()).unwrap_or_default()
    }

    /// The elements of an array of one dimension; none for NULL.
    pub(super) fn array(self, index: usize) -> Vec<String> {
        self.option(index).map(elements).unwrap_or_default()
    }

    /// The elements of an `int2[]`, `int2vector` or the like.
    pub(super) fn numbers<T: std::str::FromStr>(self, index: usize) -> Vec<T> {
        let text = self.text(index).trim_matches(|c| c == '{' || c == '}');
        text.split([',', ' ']).filter_map(|number| number.parse().ok()).collect()
    }
}

/// Takes an array's text apart (manual, "Array Input and Output Syntax"). NULL elements are left out: no catalog
/// has any.
fn elements(text: &str) -> Vec<String> {
    let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or_default();
    let mut elements = Vec::new();
    let mut characters = inner.chars().peekable();
    while characters.peek().is_some() {
        let mut element = String::new();
        let quoted = characters.next_if_eq(&'"').is_some();
        while let Some(c) = characters.next() {
            match c {
                '\\' => element.extend(characters.next()),
                '"' if quoted => {
                    characters.next_if_eq(&',');
                    break;
                }
                ',' if !quoted => break,
                c => element.push(c),
            }
        }
        if quoted || element != "NULL" {
            elements.push(element);
        }
    }
    elements
}

#[cfg(test)]
mod tests {
    use super::elements;

    #[test]
    fn arrays_are_taken_apart() {
        assert_eq!(elements("{}"), Vec::<String>::new());
        assert_eq!(elements("{a,b c}"), ["a", "b c"]);
        assert_eq!(elements(r#"{"a,b","","x\"y\\z",NULL,"NULL"}"#), ["a,b", "", "x\"y\\z", "NULL"]);
    }
}
