//! Dates and moments in UTC.
//!
//! No time zone database: a guest has no files, and megabytes of rules that change every year do not belong into a published version.
//! The zone of a date is recorded and passed on to whoever has one.

use std::fmt;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// A day of the calendar, counted from 1 January 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i64);

impl Day {
    /// The UTC day of a moment, in milliseconds since 1970.
    #[must_use]
    pub fn of(moment_ms: u64) -> Self {
        Self(i64::try_from(moment_ms / DAY_MS).unwrap_or(i64::MAX / 2))
    }

    /// Reads `YYYY-MM-DD`; nothing for any other text, and for a day that is not in the calendar.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        let number = |from: usize, to: usize| {
            bytes[from..to].iter().try_fold(0_i64, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
        };
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let parsed = Self::from_civil(year, month, day);
        // A day that is not in the calendar (30 February) comes back as another one.
        ((1..=12).contains(&month) && day >= 1 && parsed.civil() == (year, month, day)).then_some(parsed)
    }

    /// So many days later.
    #[must_use]
    pub const fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// How many days this one lies after another.
    #[must_use]
    pub const fn days_after(self, other: Self) -> i64 {
        self.0.saturating_sub(other.0)
    }

    /// The moment at this time of the day in UTC, in milliseconds since 1970; days before 1970 give 0.
    #[must_use]
    pub fn at(self, hour: u64, minute: u64) -> u64 {
        u64::try_from(self.0).map_or(0, |days| days * DAY_MS + (hour * 60 + minute) * 60_000)
    }

    /// Howard Hinnant's `days_from_civil`: years begin in March, so that the leap day is the last.
    const fn from_civil(year: i64, month: i64, day: i64) -> Self {
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        Self(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
    }

    /// Howard Hinnant's `civil_from_days`: year, month, day.
    const fn civil(self) -> (i64, i64, i64) {
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400;
        (if month <= 2 { year + 1 } else { year }, month, day_of_year - (153 * shifted + 2) / 5 + 1)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// A moment as RFC 3339 text with milliseconds.
#[must_use]
pub fn moment_text(moment_ms: u64) -> String {
    let in_day = moment_ms % DAY_MS;
    let (hour, minute, second, ms) = (in_day / 3_600_000, in_day / 60_000 % 60, in_day / 1_000 % 60, in_day % 1_000);
    format!("{}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z", Day::of(moment_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_eight_centuries_comes_back() {
        let first = Day::parse("1600-01-01").expect("a day");
        let last = Day::parse("2400-12-31").expect("a day");
        for days in 0..=last.days_after(first) {
            let day = first.plus(days);
            assert_eq!(Day::parse(&day.to_string()), Some(day));
        }
        assert_eq!(last.days_after(first), 292_559);
    }

    #[test]
    fn what_is_no_day_is_not_read() {
        for text in [
            "",
            "tomorrow",
            "2026-1-1",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-01-00",
            "2026-04-31",
            "2026-01-01T00:00:00Z",
            "+026-01-01",
        ] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
        assert!(Day::parse("2028-02-29").is_some());
    }

    #[test]
    fn moments_and_days_agree() {
        assert_eq!(Day::of(0).to_string(), "1970-01-01");
        let day = Day::parse("2026-01-15").expect("a day");
        assert_eq!(Day::of(1_768_478_400_000), day);
        assert_eq!(day.at(12, 0), 1_768_478_400_000);
        assert_eq!(moment_text(day.at(22, 30) + 7), "2026-01-15T22:30:00.007Z");
    }
}
