//! Values as people write them: durations with units, sizes with units, secrets, one word or several.

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::time::Duration;

/// A duration, written with its unit: `3s`, `15m`, `1h30m`, `250ms`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span(pub(crate) Duration);

const SPAN_UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl Span {
    /// So many seconds.
    pub(crate) const fn seconds(seconds: u64) -> Span {
        Span(Duration::from_secs(seconds))
    }

    /// So many minutes.
    pub(crate) const fn minutes(minutes: u64) -> Span {
        Span::seconds(minutes * 60)
    }

    /// So many days.
    pub(crate) const fn days(days: u64) -> Span {
        Span::seconds(days * 86_400)
    }

    /// Reads the written form.
    pub(crate) fn parse(text: &str) -> Result<Span, String> {
        let fault = || {
            format!(
                "{text:?} is not a duration: write a number with its unit, such as 250ms, 3s, 15m, 1h30m or 7d"
            )
        };
        let mut rest = text.trim();
        let mut millis = 0u64;
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let letters = rest[digits..].find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len() - digits);
            let unit = rest[digits..digits + letters].trim();
            let number: u64 = rest[..digits].parse().map_err(|_| fault())?;
            let (_, size) = SPAN_UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(fault)?;
            let part = number.checked_mul(*size).ok_or_else(fault)?;
            millis = millis.checked_add(part).ok_or_else(fault)?;
            rest = &rest[digits + letters..];
        }
        if text.trim().is_empty() { Err(fault()) } else { Ok(Span(Duration::from_millis(millis))) }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, size) in SPAN_UNITS {
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

/// A number of bytes, written as such or with a unit: `64KiB`, `16MiB`, `1GiB` (1024) or `64kB`, `16MB`, `1GB` (1000).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Size(pub(crate) u64);

const SIZE_UNITS: [(&str, u64); 8] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
    ("", 1),
];

impl Size {
    /// So many mebibytes.
    pub(crate) const fn mebibytes(count: u64) -> Size {
        Size(count << 20)
    }

    /// Reads the written form.
    pub(crate) fn parse(text: &str) -> Result<Size, String> {
        let fault = || {
            format!(
                "{text:?} is not a size: write a number of bytes, or one with its unit, such as 64KiB or 16MiB"
            )
        };
        let text = text.trim();
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: u64 = text[..digits].parse().map_err(|_| fault())?;
        let unit = text[digits..].trim();
        let (_, size) =
            SIZE_UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).ok_or_else(fault)?;
        number.checked_mul(*size).map(Size).ok_or_else(fault)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = SIZE_UNITS.iter().find(|(_, size)| self.0 >= *size && self.0.is_multiple_of(*size));
        let (unit, size) = whole.copied().unwrap_or(("B", 1));
        write!(f, "{}{unit}", self.0 / size)
    }
}

/// A text that is never shown: `Debug` and serialisation mask it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

/// What is shown for a secret.
pub(crate) const MASK: &str = "***";

impl Secret {
    /// The text itself, for the one place that needs it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(MASK)
    }
}

/// One text, or a list of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Words {
    /// One.
    One(String),
    /// A list.
    Many(Vec<String>),
}

impl Words {
    /// The texts.
    pub(crate) fn all(&self) -> &[String] {
        match self {
            Words::One(word) => std::slice::from_ref(word),
            Words::Many(words) => words,
        }
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Words;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Words, E> {
                Ok(Words::One(text.to_owned()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut from: A) -> Result<Words, A::Error> {
                let mut all = Vec::new();
                while let Some(word) = from.next_element()? {
                    all.push(word);
                }
                Ok(Words::Many(all))
            }
        }
        from.deserialize_any(Reader)
    }
}

/// Serde for a type with `parse` and `Display`; numbers are read as their digits.
macro_rules! written {
    ($ty:ident, $what:literal) => {
        impl Serialize for $ty {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $ty {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Reader;
                impl Visitor<'_> for Reader {
                    type Value = $ty;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($what)
                    }

                    fn visit_str<E: Error>(self, text: &str) -> Result<$ty, E> {
                        $ty::parse(text).map_err(E::custom)
                    }

                    fn visit_u64<E: Error>(self, number: u64) -> Result<$ty, E> {
                        self.visit_str(&number.to_string())
                    }

                    fn visit_i64<E: Error>(self, number: i64) -> Result<$ty, E> {
                        self.visit_str(&number.to_string())
                    }
                }
                from.deserialize_any(Reader)
            }
        }
    };
}
written!(Span, "a duration with its unit, such as \"15m\"");
written!(Size, "a size, such as \"16MiB\"");

#[cfg(test)]
mod tests {
    use super::{Size, Span};
    use std::time::Duration;

    #[test]
    fn spans_are_read_and_written() {
        for (text, millis, shown) in [
            ("3s", 3_000, "3s"),
            ("15m", 900_000, "15m"),
            ("1h30m", 5_400_000, "1h30m"),
            ("90m", 5_400_000, "1h30m"),
            ("250ms", 250, "250ms"),
            ("7d", 604_800_000, "7d"),
            ("0s", 0, "0s"),
            (" 2 m ", 120_000, "2m"),
        ] {
            let span = Span::parse(text).expect("a duration");
            assert_eq!(span.0, Duration::from_millis(millis), "{text}");
            assert_eq!(span.to_string(), shown);
        }
        for text in ["", "3", "m", "3x", "-1s", "1.5s", "99999999999999999999s", "9999999999999999d", "3s!"] {
            assert!(Span::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn sizes_are_read_and_written() {
        for (text, bytes, shown) in [
            ("16MiB", 16 << 20, "16MiB"),
            ("64 kib", 64 << 10, "64KiB"),
            ("1GB", 1_000_000_000, "1GB"),
            ("100", 100, "100B"),
            ("0", 0, "0B"),
        ] {
            let size = Size::parse(text).expect("a size");
            assert_eq!((size.0, size.to_string().as_str()), (bytes, shown), "{text}");
        }
        for text in ["", "MiB", "1TiB", "-1", "1.5MiB", "99999999999GiB"] {
            assert!(Size::parse(text).is_err(), "{text:?}");
        }
    }
}
