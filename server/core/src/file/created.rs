//! Dates and times as RFC 3339 writes them.

/// A date and time as it was written: in its own offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Created {
    /// Year.
    pub year: i32,
    /// Month, from 1.
    pub month: u32,
    /// Day of the month, from 1.
    pub day: u32,
    /// Hour.
    pub hour: u32,
    /// Minute.
    pub minute: u32,
    /// Second; fractions are left out.
    pub second: u32,
    /// Offset from UTC in minutes, east positive.
    pub offset: i32,
}

impl Created {
    /// Reads `2026-11-21T07:12:00Z`; a space for the `T`, fractions of a second and offsets are fine, and without an
    /// offset it is UTC. `None` where it is no date and time.
    pub fn parse(text: &str) -> Option<Created> {
        let text = text.trim();
        let number = |range: std::ops::Range<usize>| -> Option<u32> {
            let digits = text.get(range)?;
            digits.bytes().all(|c| c.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
        };
        let sign = |at: usize, allowed: &str| text[at..].starts_with(|c: char| allowed.contains(c));
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
        if !(sign(4, "-") && sign(7, "-") && sign(10, "Tt ") && sign(13, ":") && sign(16, ":")) {
            return None;
        }
        let in_range = (1..=12).contains(&month)
            && (1..=days_in_month(year as i32, month)).contains(&day)
            && hour <= 23
            && minute <= 59
            && second <= 60;
        let mut rest = &text[19..];
        if let Some(fraction) = rest.strip_prefix('.') {
            let end = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
            if end == 0 {
                return None;
            }
            rest = &fraction[end..];
        }
        let offset = offset(rest.trim_start())?;
        in_range.then_some(Created { year: year as i32, month, day, hour, minute, second, offset })
    }

    /// Seconds since 1970 UTC.
    pub fn epoch(&self) -> i64 {
        let time = i64::from(self.hour * 3600 + self.minute * 60 + self.second);
        days_since_1970(self.year, self.month, self.day) * 86_400 + time - i64::from(self.offset) * 60
    }
}

fn offset(text: &str) -> Option<i32> {
    if matches!(text, "" | "Z" | "z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text.strip_prefix(['+', '-'])?.split_once(':')?;
    let part = |digits: &str| -> Option<i32> {
        (digits.len() == 2 && digits.bytes().all(|c| c.is_ascii_digit()))
            .then(|| digits.parse().ok())
            .flatten()
    };
    let (hours, minutes) = (part(hours)?, part(minutes)?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
}

fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_since_1970(year: i32, month: u32, day: u32) -> i64 {
    let leap_days = |y: i64| y / 4 - y / 100 + y / 400;
    let before = i64::from(year) - 1;
    let years = before * 365 + leap_days(before) - (1969 * 365 + leap_days(1969));
    let months: u32 = (1..month).map(|m| days_in_month(year, m)).sum();
    years + i64::from(months + day) - 1
}
