//! Dates, times and intervals. PostgreSQL counts from the beginning of 2000.

const DAY: i64 = 86_400_000_000;

/// Days from the civil calendar's year 0, March 1st, to 2000-01-01.
const ERA_TO_2000: i64 = 730_425;

/// A date from its days since 2000-01-01.
pub(super) fn date(days: i32) -> String {
    match days {
        i32::MAX => "infinity".into(),
        i32::MIN => "-infinity".into(),
        days => {
            let (date, era) = civil(days.into());
            format!("{date}{era}")
        }
    }
}

/// A point in time from its microseconds, with the offset that it is told in.
pub(super) fn timestamp(micros: i64, offset: &str) -> String {
    match micros {
        i64::MAX => "infinity".into(),
        i64::MIN => "-infinity".into(),
        micros => {
            let (date, era) = civil(micros.div_euclid(DAY));
            format!("{date} {}{offset}{era}", time(micros.rem_euclid(DAY)))
        }
    }
}

/// A time of day from its microseconds.
pub(super) fn time(micros: i64) -> String {
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{clock}{}", fraction_text(fraction))
}

/// The same with an offset, which PostgreSQL keeps in seconds west of Greenwich.
pub(super) fn time_tz(micros: i64, west: i32) -> String {
    let east = -west;
    let (sign, seconds) = (if east < 0 { '-' } else { '+' }, east.abs());
    let mut text = format!("{}{sign}{:02}:{:02}", time(micros), seconds / 3600, seconds / 60 % 60);
    if seconds % 60 != 0 {
        text.push_str(&format!(":{:02}", seconds % 60));
    }
    text
}

/// An ISO 8601 duration; every part has its own sign, as PostgreSQL's `iso_8601` has it.
pub(super) fn interval(months: i32, days: i32, micros: i64) -> String {
    match (months, days, micros) {
        (i32::MAX, i32::MAX, i64::MAX) => return "infinity".into(),
        (i32::MIN, i32::MIN, i64::MIN) => return "-infinity".into(),
        _ => {}
    }
    let mut text = String::from("P");
    let mut part = |number: i64, unit: char| {
        if number != 0 {
            text.push_str(&format!("{number}{unit}"));
        }
    };
    part((months / 12).into(), 'Y');
    part((months % 12).into(), 'M');
    part(days.into(), 'D');
    if micros != 0 || text == "P" {
        text.push('T');
        let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
        let mut part = |number: i64, unit: char| {
            if number != 0 {
                text.push_str(&format!("{number}{unit}"));
            }
        };
        part(seconds / 3600, 'H');
        part(seconds / 60 % 60, 'M');
        let rest = seconds % 60;
        if rest != 0 || fraction != 0 || micros == 0 {
            let sign = if micros < 0 { "-" } else { "" };
            let fraction = fraction_text(fraction.abs());
            text.push_str(&format!("{sign}{}{fraction}S", rest.abs()));
        }
    }
    text
}

/// `.5`, or nothing.
fn fraction_text(micros: i64) -> String {
    match micros {
        0 => String::new(),
        micros => format!(".{}", format!("{micros:06}").trim_end_matches('0')),
    }
}

/// Year, month and day of a day counted from 2000-01-01, and ` BC` where it lies before our era. Counted in eras of 400
/// years that begin in March, so that the leap day is the last.
fn civil(days: i64) -> (String, &'static str) {
    let days = days + ERA_TO_2000;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    match year {
        1.. => (format!("{year:04}-{month:02}-{day:02}"), ""),
        year => (format!("{:04}-{month:02}-{day:02}", 1 - year), " BC"),
    }
}

#[cfg(test)]
mod tests {
    use super::{date, interval, time, time_tz, timestamp};

    #[test]
    fn dates_are_counted_right() {
        for (days, expected) in [
            (0, "2000-01-01"),
            (-1, "1999-12-31"),
            (59, "2000-02-29"),
            (60, "2000-03-01"),
            (9_821, "2026-11-21"),
            (-730_119, "0001-01-01"),
            (-730_120, "0001-12-31 BC"),
            (2_921_939, "9999-12-31"),
            (i32::MAX, "infinity"),
        ] {
            assert_eq!(date(days), expected);
        }
    }

    #[test]
    fn times_have_a_fraction_where_there_is_one() {
        assert_eq!(time(25_920_123_456), "07:12:00.123456");
        assert_eq!(time(25_920_500_000), "07:12:00.5");
        assert_eq!(time(86_400_000_000), "24:00:00");
        assert_eq!(time_tz(25_920_000_000, -5_400), "07:12:00+01:30");
        assert_eq!(time_tz(0, 18_000), "00:00:00-05:00");
        assert_eq!(timestamp(-1, ""), "1999-12-31 23:59:59.999999");
        assert_eq!(timestamp(0, "+00:00"), "2000-01-01 00:00:00+00:00");
        assert_eq!(timestamp(i64::MIN, ""), "-infinity");
    }

    #[test]
    fn intervals_keep_their_parts() {
        assert_eq!(interval(0, 0, 0), "PT0S");
        assert_eq!(interval(14, 3, 14_706_789_000), "P1Y2M3DT4H5M6.789S");
        assert_eq!(interval(-14, 3, -500_000), "P-1Y-2M3DT-0.5S");
        assert_eq!(interval(0, 0, -61_000_000), "PT-1M-1S");
        assert_eq!(interval(0, 400, 0), "P400D");
    }
}
