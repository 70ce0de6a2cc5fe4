//! When to book a collection.
//!
//! Today, past and ahead are judged in UTC: a guest carries no time zones.

use shipment_language::calendar::Day;

/// A carrier takes bookings for this many days ahead.
pub const DAYS_AHEAD_MAX: i64 = 7;

/// The moment at which to book a collection on this day: now for today, otherwise 22:30 of the day before.
///
/// # Errors
/// A day in the past, or further ahead than carriers take bookings; the text says which.
pub fn book_at(collection: Day, now: u64) -> Result<u64, String> {
    match collection.days_after(Day::of(now)) {
        ..0 => Err(format!("the collection date {collection} is in the past")),
        0 => Ok(now),
        1..=DAYS_AHEAD_MAX => Ok(collection.plus(-1).at(22, 30)),
        _ => Err(format!("the collection date {collection} is more than {DAYS_AHEAD_MAX} days ahead")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_is_booked_now_or_on_the_evening_before() {
        let today = Day::of(1_768_478_400_000);
        let now = today.at(12, 0);
        assert_eq!(book_at(today, now), Ok(now));
        assert_eq!(book_at(today.plus(1), now), Ok(today.at(22, 30)));
        assert_eq!(book_at(today.plus(7), now), Ok(today.plus(6).at(22, 30)));
    }

    #[test]
    fn yesterday_and_the_eighth_day_cannot_be_booked() {
        let today = Day::of(1_768_478_400_000);
        for now in [today.at(0, 0), today.at(23, 59)] {
            assert!(book_at(today.plus(-1), now).is_err_and(|why| why.contains("past")));
            assert!(book_at(today.plus(8), now).is_err_and(|why| why.contains("7 days")));
        }
    }
}
