//! Components that are too much: of anything that a compiler, a linker or an instance takes time or memory for.

use procession_guests::Guest;

use crate::trial::{Case, Step, case, try_all};

fn text(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}"))
}

/// A component with this core module in it.
fn around(module: &str) -> Vec<u8> {
    text(&format!("(component (core module {module}))"))
}

/// A guest with more in its module.
fn with(more: &str) -> Vec<u8> {
    Guest { more: more.to_owned(), ..Guest::process() }.component()
}

/// Components in components.
fn nested(levels: usize) -> Vec<u8> {
    text(&format!("{}{}", "(component ".repeat(levels), ")".repeat(levels)))
}

/// Each component makes three of the one before it: three to the power of so many instances.
fn doubling(levels: usize) -> Vec<u8> {
    let mut wat = String::from("(component (component $c0 (core module $m) (core instance (instantiate $m)))");
    for level in 1..=levels {
        let inside = format!("(alias outer 1 $c{} (component $b))", level - 1);
        wat += &format!("(component $c{level} {inside} {})", "(instance (instantiate $b))".repeat(3));
    }
    wat += &format!("(instance (instantiate $c{levels})))");
    text(&wat)
}

fn repeated(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

pub(crate) fn cases() -> Vec<Case> {
    let add = "(i32.add (i32.const 1)) ";
    vec![
        case("200,001 functions", around(&"(func)".repeat(200_001)), Step::Load, "it has 200001 functions, the most is 200000"),
        case(
            "a function of two megabytes",
            around(&format!("(func (result i32) (i32.const 1) {})", "(i32.add (i32.const 1))".repeat(700_000))),
            Step::Load,
            "bytes in one function, the most is 1048576",
        ),
        case("half a million types", around(&repeated(500_001, |_| "(type (func))".to_owned())), Step::Load, "types, imports and exports"),
        case(
            "65 core modules",
            text(&format!("(component {})", "(core module)".repeat(65))),
            Step::Load,
            "it has 65 core modules, the most is 64",
        ),
        case(
            "65 components",
            text(&format!("(component {})", "(component)".repeat(65))),
            Step::Load,
            "it has 65 components inside it, the most is 64",
        ),
        case("nine levels of components", nested(10), Step::Load, "it has 9 levels of components inside each other, the most is 8"),
        case("three times three times three instances", doubling(12), Step::Load, "instances of components, the most is 32"),
        case("50,001 globals", around(&"(global i32 (i32.const 0))".repeat(50_001)), Step::Load, "it has 50001 globals"),
        case(
            "50,001 segments of data",
            around(&format!("(memory 1) {}", "(data (i32.const 0) \"\")".repeat(50_001))),
            Step::Load,
            "segments of data and elements",
        ),
        case(
            "a memory of four gigabytes to begin with",
            Guest::process().component_with(|wat| wat.replacen("(memory (export \"memory\") 2)", "(memory (export \"memory\") 65536)", 1)),
            Step::Load,
            "memory",
        ),
        case("two memories", with("(memory 1)"), Step::Load, "memories"),
        case("a table of ten million elements", with("(table 10000000 funcref)"), Step::Load, "table"),
        case("twenty tables", with(&"(table 1 funcref)".repeat(20)), Step::Load, "tables"),
        case("a memory of 64 bits", with("(memory $w i64 1)"), Step::Load, ""),
        case("a memory shared by threads", with("(memory $s 1 1 shared)"), Step::Load, ""),
        case(
            "a tower of five thousand blocks",
            with(&format!("(func {} {})", "(block ".repeat(5_000), ")".repeat(5_000))),
            Step::Never,
            "",
        ),
        case(
            "a function of 50,000 steps on one stack",
            with(&format!("(func (result i32) (i32.const 1) {})", add.repeat(50_000))),
            Step::Never,
            "",
        ),
        case(
            "a jump with 50,000 ways out",
            with(&format!("(func (param i32) (block {} (br_table {} (local.get 0))))", "(block ".repeat(0), "0 ".repeat(50_000))),
            Step::Never,
            "",
        ),
    ]
}

#[test]
fn what_is_too_much_is_counted_before_it_costs_anything() {
    try_all(cases());
}
