//! Routers and adapters that mean harm.

use procession_guests::{Guest, Image, Record};

use crate::trial::{Case, Step, case, try_all};

fn doing(world: &'static str, other: &str) -> Vec<u8> {
    Guest { other: format!("{other} unreachable"), ..Guest::stranger(world, |_| Record::new(28)) }.component()
}

fn router(category: &str, kind: &str, data: &str) -> Vec<u8> {
    let start = |image: &mut Image| Record::new(28).span(4, image.text(category)).span(12, image.text(kind)).span(20, image.text(data));
    Guest::stranger("router", start).component()
}

fn adapter(replies: usize, kind: &str, data: &str, after: u64) -> Vec<u8> {
    let answer = |image: &mut Image| {
        let (kind, data) = (image.text(kind), image.text(data));
        let replies: Vec<Record> = (0..replies).map(|_| Record::new(24).span(0, kind).span(8, data).long(16, after)).collect();
        Record::new(20).span(4, image.list(&replies))
    };
    Guest::stranger("adapter", answer).component()
}

pub(crate) fn cases() -> Vec<Case> {
    let long = "x".repeat(1 << 20);
    vec![
        case("a router loops", doing("router", "(call $busy)"), Step::Answer, "limit: fuel"),
        case("a router recurses", doing("router", "(call $deep)"), Step::Answer, "limit: stack"),
        case("a router takes all memory", doing("router", "(call $greedy)"), Step::Answer, "limit: memory"),
        case("a router traps", doing("router", "unreachable"), Step::Answer, "trapped"),
        case("a router chooses a category of a megabyte", router(&long, "Start", "1"), Step::Answer, "contract: it chooses"),
        case("a router chooses a kind of a megabyte", router("counter", &long, "1"), Step::Answer, "contract: kind"),
        case("a router chooses a category that forges a line", router("a\nERROR b", "Start", "1"), Step::Answer, "contract: it chooses"),
        case("a router sends no JSON", router("counter", "Start", "{"), Step::Answer, "contract: the data of the message"),
        case("an adapter loops", doing("adapter", "(call $busy)"), Step::Answer, "limit: fuel"),
        case("an adapter recurses", doing("adapter", "(call $deep)"), Step::Answer, "limit: stack"),
        case("an adapter takes all memory", doing("adapter", "(call $greedy)"), Step::Answer, "limit: memory"),
        case("an adapter traps", doing("adapter", "unreachable"), Step::Answer, "trapped"),
        case(
            "an adapter floods with replies",
            adapter(300, "Tell", "1", 0),
            Step::Answer,
            "limit: replies of one call: 300, the most is 256",
        ),
        case(
            "an adapter replies what it does not list",
            adapter(1, "Shout", "1", 0),
            Step::Answer,
            "contract: it sends a reply of kind \"Shout\"",
        ),
        case("an adapter replies a kind of a megabyte", adapter(1, &long, "1", 0), Step::Answer, "contract: it sends a reply"),
        case(
            "an adapter replies with two megabytes",
            adapter(1, "Tell", &format!("\"{long}{long}\""), 0),
            Step::Answer,
            "limit: the reply Tell carries",
        ),
        case("an adapter replies at the end of time", adapter(1, "Tell", "1", u64::MAX), Step::Never, ""),
    ]
}

#[test]
fn routers_and_adapters_that_mean_harm_are_told_apart_and_survived() {
    try_all(cases());
}
