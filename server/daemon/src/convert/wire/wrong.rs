//! Why a message is no part of the model.

use std::fmt;

/// Why a message and the model do not fit, and the field in which they do not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// The field: `tables[3].columns[0].name`; empty for the message itself.
    pub(crate) path: String,
    /// What is wrong with it.
    pub(crate) message: String,
}

impl Misfit {
    /// The same, seen from the message that has it in `field`.
    pub(super) fn inside(mut self, field: &str) -> Misfit {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{field}{dot}{}", self.path);
        self
    }

    /// The same, seen from the list that has it at `index`.
    pub(super) fn at(self, index: usize) -> Misfit {
        self.inside(&format!("[{index}]"))
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "{path}: {}", self.message),
        }
    }
}

impl std::error::Error for Misfit {}

impl serde::ser::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Misfit {
        Misfit { path: String::new(), message: message.to_string() }
    }
}

impl serde::de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Misfit {
        serde::ser::Error::custom(message)
    }

    fn missing_field(field: &'static str) -> Misfit {
        serde::ser::Error::custom(format_args!("`{field}` is missing"))
    }
}
