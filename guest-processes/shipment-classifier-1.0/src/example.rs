//! The example shipment that an id alone stands for.

use shipment_language::calendar::Day;
use shipment_language::{BookCollection, Leg, ProcessShipment};

const FIRST_CARRIER: &str = "c62bee76-3e7a-4ce3-87dd-a5eb11678815";
const SECOND_CARRIER: &str = "9d6d28f2-fbee-4e53-aeac-2c3b3ba98d28";

/// One leg within Britain for an id that begins with `1`, two legs from Germany to Britain for any other; collected tomorrow.
#[must_use]
pub fn shipment(id: &str, now: u64) -> ProcessShipment {
    let (legs, time_zone) = if id.starts_with('1') {
        (vec![leg(FIRST_CARRIER, "GB-sender1", "GB-receiver1", "GB-collection1")], "Europe/London")
    } else {
        let first = leg(FIRST_CARRIER, "DE-sender1", "DE-receiver1", "DE-collection1");
        let second = leg(SECOND_CARRIER, "DE-sender2", "GB-receiver2", "DE-collection2");
        (vec![first, second], "Europe/Berlin")
    };
    ProcessShipment {
        shipment_id: Some(id.to_owned()),
        legs,
        collection_date: Day::of(now).plus(1).to_string(),
        time_zone: time_zone.to_owned(),
        book_collection: BookCollection::AtOnce,
    }
}

fn leg(carrier_id: &str, sender: &str, receiver: &str, collection: &str) -> Leg {
    Leg { carrier_id: carrier_id.to_owned(), sender: sender.to_owned(), receiver: receiver.to_owned(), collection: collection.to_owned() }
}
