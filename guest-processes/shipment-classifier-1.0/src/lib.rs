//! `shipment-classifier-1.0`: which shipment process a request begins.
//!
//! How the process goes on is none of its business.

pub mod example;

use procession_sdk::contract::{Context, Manifest, Rejection};
use procession_sdk::{Router, Start, start};
use serde::{Deserialize, Serialize};
use shipment_language::ProcessShipment;

/// What can begin a shipment process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// A request without a body: an example shipment is made up from the id.
    Start,
    /// A request that says what to ship.
    ProcessShipment(ProcessShipment),
}

/// What the chosen process is told first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum First {
    /// What to ship.
    ProcessShipment(ProcessShipment),
}

/// The router.
#[derive(Debug)]
pub struct ShipmentClassifier;

impl Router for ShipmentClassifier {
    type Settings = ();
    type Request = Request;
    type First = First;

    fn manifest() -> Manifest {
        Manifest::router::<Self>("shipment-classifier-1.0")
    }

    fn classify((): &(), ctx: &Context, request: Request, _: &[String]) -> Result<Start<First>, Rejection> {
        let shipment = match request {
            Request::Start => example::shipment(&ctx.process_id, ctx.now),
            Request::ProcessShipment(shipment) => shipment,
        };
        shipment.check(&ctx.process_id)?;
        let shipment = ProcessShipment { shipment_id: Some(ctx.process_id.clone()), ..shipment };
        // Bare names: the host takes the highest version that is active.
        Ok(match shipment.legs.len() {
            1 => start("domestic", First::ProcessShipment(shipment)),
            _ => start("international", First::ProcessShipment(shipment)),
        })
    }
}

procession_sdk::export_router!(ShipmentClassifier);
