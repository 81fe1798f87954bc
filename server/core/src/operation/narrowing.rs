//! Whether a type has room for less than another one.

/// Whether a value of type `from` may lose something by becoming one of type `to`, in silence or by an error. Types that
/// are not known are taken to have room enough.
pub(super) fn narrows(from: &str, to: &str) -> bool {
    let (old, new) = (Type::parse(from), Type::parse(to));
    if old.array != new.array {
        return old.array && characters(&new, false) != Some(u64::MAX);
    }
    if let (Some(old), Some(new)) = (integer(&old), integer(&new)) {
        return new.0 > old.0 || new.1 < old.1;
    }
    let sized =
        [&old, &new].iter().any(|side| ["tinytext", "mediumtext", "longtext"].contains(&side.base.as_str()));
    if let (Some(room), Some(wanted)) = (characters(&new, sized), characters(&old, sized)) {
        return room < wanted;
    }
    if let (Some(room), Some(wanted)) = (octets(&new), octets(&old)) {
        return room < wanted;
    }
    match (decimal(&old), decimal(&new)) {
        (Some(old), Some(new)) => return new.0 < old.0 || new.1 < old.1,
        (Some((whole, fraction)), None) => {
            if let Some(new) = integer(&new) {
                return fraction > 0 || whole >= digits(new);
            }
        }
        _ => {}
    }
    if let (Some(old), Some(new)) = (integer(&old), decimal(&new)) {
        return new.0 < digits(old);
    }
    if is_float(&old.base) {
        return integer(&new).is_some()
            || decimal(&new).is_some()
            || wide(&old.base) && is_float(&new.base) && !wide(&new.base);
    }
    if let (Some(old), Some(new)) = (time(&old), time(&new)) {
        return old.date && !new.date || old.time && !new.time || new.fraction < old.fraction;
    }
    // Values of an enum or set of MySQL that are no longer there.
    if ["enum", "set"].contains(&old.base.as_str()) && old.base == new.base {
        return !old.arguments.iter().all(|value| new.arguments.contains(value));
    }
    false
}

struct Type {
    base: String,
    arguments: Vec<String>,
    unsigned: bool,
    array: bool,
}

impl Type {
    fn parse(text: &str) -> Type {
        let lower = text.to_ascii_lowercase();
        let (base, arguments, rest) = match (lower.find('('), lower.rfind(')')) {
            // The arguments keep their case: they may be values.
            (Some(open), Some(close)) if open < close => {
                (&lower[..open], &text[open + 1..close], &lower[close + 1..])
            }
            _ => (lower.as_str(), "", ""),
        };
        let words = format!("{base}{rest}");
        let array = words.contains('[');
        let words = words.split('[').next().unwrap_or_default();
        let unsigned = words.split_whitespace().any(|word| word == "unsigned" || word == "zerofill");
        let kept = words.split_whitespace().filter(|word| !["unsigned", "zerofill", "signed"].contains(word));
        Type {
            base: kept.collect::<Vec<_>>().join(" "),
            arguments: arguments
                .split(',')
                .map(|argument| argument.trim().to_owned())
                .filter(|a| !a.is_empty())
                .collect(),
            unsigned,
            array,
        }
    }

    fn number(&self, at: usize) -> Option<u64> {
        self.arguments.get(at)?.parse().ok()
    }
}

/// Lowest and highest value.
fn integer(data_type: &Type) -> Option<(i128, i128)> {
    let bits = match data_type.base.as_str() {
        "tinyint" => 8,
        "smallint" | "int2" | "smallserial" => 16,
        "mediumint" => 24,
        "integer" | "int" | "int4" | "serial" => 32,
        "bigint" | "int8" | "bigserial" => 64,
        _ => return None,
    };
    let half = 1i128 << (bits - 1);
    Some(if data_type.unsigned { (0, 2 * half - 1) } else { (-half, half - 1) })
}

/// Digits of the largest value.
fn digits((_, highest): (i128, i128)) -> u64 {
    highest.to_string().len() as u64
}

/// Digits in front of the point, and behind it.
fn decimal(data_type: &Type) -> Option<(u64, u64)> {
    if !["numeric", "decimal", "dec"].contains(&data_type.base.as_str()) {
        return None;
    }
    let Some(precision) = data_type.number(0) else { return Some((u64::MAX, u64::MAX)) };
    let scale = data_type.number(1).unwrap_or(0);
    Some((precision.saturating_sub(scale), scale))
}

fn is_float(base: &str) -> bool {
    ["real", "float4", "float"].contains(&base) || wide(base)
}

fn wide(base: &str) -> bool {
    ["double precision", "double", "float8"].contains(&base)
}

/// Characters that fit, of a type of text. Only MySQL's `text` has an end; `sized` tells that it is meant.
fn characters(data_type: &Type, sized: bool) -> Option<u64> {
    Some(match data_type.base.as_str() {
        "character" | "char" | "bpchar" => data_type.number(0).unwrap_or(1),
        "character varying" | "varchar" => data_type.number(0).unwrap_or(u64::MAX),
        "tinytext" => (1 << 8) - 1,
        "text" if sized => (1 << 16) - 1,
        "mediumtext" => (1 << 24) - 1,
        "text" | "citext" | "clob" | "longtext" => u64::MAX,
        _ => return None,
    })
}

/// Octets that fit, of a type of bytes.
fn octets(data_type: &Type) -> Option<u64> {
    Some(match data_type.base.as_str() {
        "binary" => data_type.number(0).unwrap_or(1),
        "varbinary" => data_type.number(0).unwrap_or(u64::MAX),
        "tinyblob" => 255,
        "blob" => 1 << 16,
        "mediumblob" => 1 << 24,
        "longblob" | "bytea" => u64::MAX,
        "bit" => data_type.number(0).unwrap_or(1),
        "bit varying" | "varbit" => data_type.number(0).unwrap_or(u64::MAX),
        _ => return None,
    })
}

struct Time {
    date: bool,
    time: bool,
    fraction: u64,
}

fn time(data_type: &Type) -> Option<Time> {
    let fraction = data_type.number(0);
    let postgres = |date| Time { date, time: true, fraction: fraction.unwrap_or(6) };
    Some(match data_type.base.as_str() {
        "date" => Time { date: true, time: false, fraction: 0 },
        "timestamp without time zone" | "timestamp with time zone" | "timestamptz" => postgres(true),
        "time without time zone" | "time with time zone" | "timetz" => postgres(false),
        "timestamp" | "datetime" => Time { date: true, time: true, fraction: fraction.unwrap_or(0) },
        "time" => Time { date: false, time: true, fraction: fraction.unwrap_or(0) },
        _ => return None,
    })
}
