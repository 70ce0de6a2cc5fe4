//! All shipment components together, natively; see `tests/journeys.rs`.
