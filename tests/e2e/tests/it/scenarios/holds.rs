//! When what was found is what a scenario expects.

use serde_json::Value;

/// What does not hold, and where; nothing where all does.
pub(super) fn differs(expected: &Value, found: &Value, at: &str) -> Option<String> {
    let other = || Some(format!("{at} is {found}, not {expected}"));
    match (expected, found) {
        (Value::Object(fields), _) if fields.contains_key("$has") => {
            (!has(&fields["$has"], found)).then(|| format!("{at} is {found}, without {}", fields["$has"]))
        }
        (Value::Object(fields), Value::Object(all)) => fields.iter().find_map(|(name, value)| {
            let at = format!("{at}.{name}");
            match all.get(name) {
                Some(found) => differs(value, found, &at),
                // The mapping that `migratectl` prints leaves out a field that is not set.
                None if is_default(value) => None,
                None => Some(format!("{at} is missing in {found}")),
            }
        }),
        (Value::Array(items), Value::Array(all)) if items.len() == all.len() => {
            let mut pairs = items.iter().zip(all).enumerate();
            pairs.find_map(|(i, (item, found))| differs(item, found, &format!("{at}[{i}]")))
        }
        (Value::Object(_) | Value::Array(_), _) => other(),
        // The ids of a list are texts, however YAML reads them.
        _ if expected == found => None,
        _ => other(),
    }
}

fn has(part: &Value, found: &Value) -> bool {
    match (found, part) {
        (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
        (Value::Array(items), part) => items.contains(part),
        _ => false,
    }
}

fn is_default(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(on) => !on,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty() || text == "0" || text.ends_with("_UNSPECIFIED"),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => match fields.get("$has") {
            Some(part) => part.as_str() == Some(""),
            None => fields.values().all(is_default),
        },
    }
}

#[test]
fn what_does_not_hold_is_told() {
    let value = |text: &str| -> Value { serde_json::from_str(text).expect("it is JSON") };
    for (expected, found, holds) in [
        (r#"{"a": 1}"#, r#"{"a": 1, "b": 2}"#, true),
        (r#"{"a": 1}"#, r#"{"a": 2}"#, false),
        (r#"{"a": 1}"#, "{}", false),
        (r#"{"a": 0, "b": "", "c": [], "d": false, "e": {"f": "0"}}"#, "{}", true),
        (r#"{"a": {"b": 1}}"#, "{}", false),
        (r#"["x"]"#, r#"["x"]"#, true),
        (r#"["x"]"#, r#"["x", "y"]"#, false),
        ("[]", "{}", false),
        ("{}", "[]", false),
        (r#"{"$has": "b"}"#, r#""abc""#, true),
        (r#"{"$has": "d"}"#, r#""abc""#, false),
        (r#"{"$has": "d"}"#, r#"["d"]"#, true),
        (r#"{"a": {"$has": "d"}}"#, "{}", false),
        ("1", r#""1""#, false),
    ] {
        let wrong = differs(&value(expected), &value(found), "it");
        assert_eq!(wrong.is_none(), holds, "{expected} against {found}: {wrong:?}");
    }
}
