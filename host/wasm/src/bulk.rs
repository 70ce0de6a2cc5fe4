//! How much a component holds, counted before anything of it is compiled.
//! The compiler bounds nothing by itself, and a few kilobytes can keep it busy for minutes; what these bounds let through, fuel and memory bound later.

use wasmparser::{ComponentInstance, Parser, Payload};

/// A bound, what it counts, and how much of it there was.
struct Count {
    what: &'static str,
    found: u64,
    max: u64,
}

/// What is counted, and the most that is taken: several times what any toolchain makes of a definition.
mod most {
    /// Functions with a body. CPython has about 30,000, StarlingMonkey 45,000.
    pub(super) const FUNCTIONS: u64 = 200_000;
    /// Bytes of one function. Compile time grows faster than its length; the largest interpreter loops have 200 KiB.
    pub(super) const FUNCTION_BYTES: u64 = 1024 * 1024;
    /// Types, imports and exports of core modules and components together, since each of them is checked against others.
    pub(super) const DECLARATIONS: u64 = 500_000;
    /// Core modules: toolchains wrap a guest's own one in a handful of adapters, and Python brings one for each library.
    pub(super) const MODULES: u64 = 64;
    /// Components inside components.
    pub(super) const COMPONENTS: u64 = 64;
    /// Instances of components. A component of QuickJS has 25, for what stands in for WASI.
    /// Each can hold several of the one before it, so few more are many times as much: a tower of 31 costs a tenth of a second.
    pub(super) const COMPONENT_INSTANCES: u64 = 32;
    /// How deep components lie in each other.
    pub(super) const DEPTH: u64 = 8;
    /// Segments of data and elements: each is looked at whenever an instance is made.
    pub(super) const SEGMENTS: u64 = 50_000;
    /// Globals of core modules, which every instance sets up.
    pub(super) const GLOBALS: u64 = 50_000;
}

/// Something inside the component that has sections of its own.
#[derive(PartialEq)]
enum Level {
    Module,
    Component,
}

/// What was found so far.
#[derive(Default)]
struct Found {
    functions: u64,
    function_bytes: u64,
    declarations: u64,
    modules: u64,
    components: u64,
    component_instances: u64,
    /// What the parser is inside of, outermost first.
    levels: Vec<Level>,
    deepest: u64,
    segments: u64,
    globals: u64,
}

/// Counts what is in a component. What cannot be read is left for the compiler to tell; nothing beyond that point was counted, or gets compiled.
pub(crate) fn complaint(bytes: &[u8]) -> Option<String> {
    let mut found = Found::default();
    for payload in Parser::new(0).parse_all(bytes) {
        let Ok(payload) = payload else { break };
        if found.count(&payload).is_err() {
            break;
        }
        if let Some(over) = found.over() {
            return Some(format!("it has {} {}, the most is {}", over.found, over.what, over.max));
        }
    }
    None
}

impl Found {
    fn count(&mut self, payload: &Payload<'_>) -> wasmparser::Result<()> {
        match payload {
            Payload::CodeSectionStart { count, .. } => self.functions += u64::from(*count),
            Payload::CodeSectionEntry(body) => self.function_bytes = self.function_bytes.max(body.as_bytes().len() as u64),
            Payload::TypeSection(section) => self.declarations += u64::from(section.count()),
            Payload::ImportSection(section) => self.declarations += u64::from(section.count()),
            Payload::ExportSection(section) => self.declarations += u64::from(section.count()),
            Payload::CoreTypeSection(section) => self.declarations += u64::from(section.count()),
            Payload::ComponentTypeSection(section) => self.declarations += u64::from(section.count()),
            Payload::ComponentImportSection(section) => self.declarations += u64::from(section.count()),
            Payload::ComponentExportSection(section) => self.declarations += u64::from(section.count()),
            Payload::ComponentAliasSection(section) => self.declarations += u64::from(section.count()),
            Payload::ComponentCanonicalSection(section) => self.declarations += u64::from(section.count()),
            Payload::GlobalSection(section) => self.globals += u64::from(section.count()),
            Payload::DataSection(section) => self.segments += u64::from(section.count()),
            Payload::ElementSection(section) => self.segments += u64::from(section.count()),
            Payload::ModuleSection { .. } => {
                self.modules += 1;
                self.levels.push(Level::Module);
            }
            Payload::ComponentSection { .. } => {
                self.components += 1;
                self.levels.push(Level::Component);
                self.deepest = self.deepest.max(self.levels.iter().filter(|level| **level == Level::Component).count() as u64);
            }
            Payload::End(_) => drop(self.levels.pop()),
            Payload::ComponentInstanceSection(section) => {
                for instance in section.clone() {
                    self.component_instances += u64::from(matches!(instance?, ComponentInstance::Instantiate { .. }));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn over(&self) -> Option<Count> {
        [
            ("functions", self.functions, most::FUNCTIONS),
            ("bytes in one function", self.function_bytes, most::FUNCTION_BYTES),
            ("types, imports and exports", self.declarations, most::DECLARATIONS),
            ("core modules", self.modules, most::MODULES),
            ("components inside it", self.components, most::COMPONENTS),
            ("instances of components", self.component_instances, most::COMPONENT_INSTANCES),
            ("levels of components inside each other", self.deepest, most::DEPTH),
            ("segments of data and elements", self.segments, most::SEGMENTS),
            ("globals", self.globals, most::GLOBALS),
        ]
        .into_iter()
        .map(|(what, found, max)| Count { what, found, max })
        .find(|count| count.found > count.max)
    }
}
