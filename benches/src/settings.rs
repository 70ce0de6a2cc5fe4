//! What whoever measures may choose, from the environment.

/// A number, such as `SHIPMENTS=5000`.
///
/// # Panics
/// Where something else than a number is given.
#[must_use]
pub fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}
