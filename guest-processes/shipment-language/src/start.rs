//! The command that starts a shipment process, and when it is refused.

use procession_sdk::contract::Rejection;
use procession_sdk::invalid;
use serde::{Deserialize, Serialize};

use crate::calendar::Day;
use crate::leg::Leg;

/// Starts a shipment process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProcessShipment {
    /// The shipment, which is also the process; a caller that names the process may leave it out here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment_id: Option<String>,
    /// The legs of the journey, in order; at least one.
    pub legs: Vec<Leg>,
    /// When the carrier is to pick the shipment up, as `YYYY-MM-DD`.
    pub collection_date: String,
    /// The time zone of that date, such as `Europe/London`; recorded and passed on.
    pub time_zone: String,
    /// When to book the collection.
    #[serde(default, skip_serializing_if = "BookCollection::is_at_once")]
    pub book_collection: BookCollection,
}

/// When to book the collection with the carrier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BookCollection {
    /// As soon as it is scheduled.
    #[default]
    AtOnce,
    /// At the scheduled moment.
    WhenScheduled,
}

impl BookCollection {
    /// Whether this is the default, which is not written.
    #[must_use]
    pub fn is_at_once(&self) -> bool {
        *self == Self::AtOnce
    }
}

impl ProcessShipment {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// A rejection whose message names the field.
    pub fn check(&self, process_id: &str) -> Result<(), Rejection> {
        if let Some(shipment_id) = self.shipment_id.as_deref().filter(|id| *id != process_id) {
            return Err(invalid("shipment-id-mismatch", format!("shipmentId: is `{shipment_id}`, but the process is `{process_id}`")));
        }
        check_legs(&self.legs)?;
        check_collection_date(&self.collection_date)?;
        if self.time_zone.trim().is_empty() {
            return Err(invalid("missing-time-zone", "timeZone: is empty"));
        }
        Ok(())
    }
}

/// Checks that there is a leg and that every leg has a carrier.
///
/// # Errors
/// A rejection whose message names the field.
pub fn check_legs(legs: &[Leg]) -> Result<(), Rejection> {
    if legs.is_empty() {
        return Err(invalid("no-legs", "legs: a shipment needs at least one leg"));
    }
    match legs.iter().position(|leg| leg.carrier_id.trim().is_empty()) {
        Some(index) => Err(invalid("missing-carrier", format!("legs[{index}].carrierId: a leg needs a carrier"))),
        None => Ok(()),
    }
}

/// Reads a collection date.
///
/// # Errors
/// A rejection whose message names the field.
pub fn check_collection_date(text: &str) -> Result<Day, Rejection> {
    Day::parse(text)
        .ok_or_else(|| invalid("invalid-collection-date", format!("collectionDate: `{text}` is no date of the form YYYY-MM-DD")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> ProcessShipment {
        let leg = Leg { carrier_id: "c".to_owned(), sender: "s".to_owned(), receiver: "r".to_owned(), collection: "k".to_owned() };
        ProcessShipment {
            shipment_id: None,
            legs: vec![leg],
            collection_date: "2026-01-16".to_owned(),
            time_zone: "Europe/London".to_owned(),
            book_collection: BookCollection::AtOnce,
        }
    }

    fn refusal(start: &ProcessShipment) -> (String, String) {
        let rejection = start.check("P1").expect_err("must be refused");
        (rejection.code, rejection.message)
    }

    #[test]
    fn a_right_start_is_taken_with_and_without_its_id() {
        assert_eq!(start().check("P1"), Ok(()));
        assert_eq!(ProcessShipment { shipment_id: Some("P1".to_owned()), ..start() }.check("P1"), Ok(()));
    }

    #[test]
    fn a_wrong_start_is_refused_and_the_field_is_named() {
        let no_legs = ProcessShipment { legs: Vec::new(), ..start() };
        let mut no_carrier = start();
        no_carrier.legs.push(Leg { carrier_id: " ".to_owned(), ..no_carrier.legs[0].clone() });
        for (wrong, code, field) in [
            (no_legs, "no-legs", "legs:"),
            (no_carrier, "missing-carrier", "legs[1].carrierId:"),
            (ProcessShipment { collection_date: "2026-02-29".to_owned(), ..start() }, "invalid-collection-date", "collectionDate:"),
            (ProcessShipment { time_zone: String::new(), ..start() }, "missing-time-zone", "timeZone:"),
            (ProcessShipment { shipment_id: Some("P2".to_owned()), ..start() }, "shipment-id-mismatch", "shipmentId:"),
        ] {
            let (given, message) = refusal(&wrong);
            assert_eq!(given, code);
            assert!(message.starts_with(field), "{message}");
        }
    }

    #[test]
    fn booking_at_once_is_the_default_and_stays_unwritten() {
        let text = serde_json::to_string(&start()).expect("JSON");
        assert!(!text.contains("bookCollection") && !text.contains("shipmentId"), "{text}");
        let when = text.replace('{', r#"{"bookCollection":"when-scheduled","#).replacen(r#"[{"bookCollection":"when-scheduled","#, "[{", 1);
        let read: ProcessShipment = serde_json::from_str(&when).expect("a start");
        assert_eq!(read.book_collection, BookCollection::WhenScheduled);
    }
}
