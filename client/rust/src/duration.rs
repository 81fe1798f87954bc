//! Durations as people write and read them.

use std::time::Duration;

/// Reads `90`, `90s`, `5m`, `1h30m`, `250ms`; a bare number is in seconds.
pub fn parse(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    text.parse::<jiff::SignedDuration>().ok()?.try_into().ok()
}

/// For clap's `value_parser`.
///
/// # Errors
/// A sentence where the text is no duration.
pub fn argument(text: &str) -> Result<Duration, String> {
    parse(text).ok_or_else(|| "write a duration as 90s, 5m or 1h30m".into())
}

/// As it is shown: `7 ms`, `4.2 s`, `1m52s`, `2h05m`.
pub fn show(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..60 => format!("{:.1} s", duration.as_secs_f64()),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// A duration of a message; a missing or negative one is zero.
pub fn of(duration: Option<&pbjson_types::Duration>) -> Duration {
    duration.cloned().and_then(|d| Duration::try_from(d).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_the_usual_forms() {
        let table = [("90", 90_000), ("90s", 90_000), ("5m", 300_000), ("1h30m", 5_400_000), ("250ms", 250)];
        for (text, milliseconds) in table {
            assert_eq!(parse(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "x", "5 apples", "-5s"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_shown_in_the_unit_that_fits() {
        let show = |ms| show(Duration::from_millis(ms));
        assert_eq!(
            [show(41), show(4_200), show(112_000), show(7_500_000)],
            ["41 ms", "4.2 s", "1m52s", "2h05m"]
        );
    }
}
