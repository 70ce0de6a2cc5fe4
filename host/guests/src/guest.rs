//! What a guest does, function by function, and the component that comes of it.
//! Every function has a well-behaved default, so that a test says only what is wrong with its guest.

use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::image::{Image, Record};
use crate::said::Said;

/// What a guest does, as WAT; addresses of static answers come from `image`.
#[derive(Clone)]
pub struct Guest {
    /// What it says of itself.
    pub said: Said,
    /// Its static memory.
    pub image: Image,
    /// The world of the contract that it has: `process`, `router` or `adapter`.
    pub world: &'static str,
    /// Runs when the instance is made.
    pub start: String,
    /// Runs before `describe` answers.
    pub describe: String,
    /// Runs before `restore` answers.
    pub restore: String,
    /// Runs before `evolve` counts its events.
    pub evolve: String,
    /// Answers `decide`: leaves an address; `$process` is the process.
    pub decide: String,
    /// Answers `look` with a phase: leaves a number; `$process` is the process.
    pub look: String,
    /// Runs before `look` answers.
    pub before_look: String,
    /// Answers `snapshot`, `classify` or `handle`: leaves an address.
    pub other: String,
    /// Runs when a process is freed.
    pub free: String,
    /// Makes room for what the host hands in: leaves an address; local 3 is the number of bytes. None for a heap that only grows.
    pub realloc: Option<String>,
    /// Runs when the host has read what `decide` answered.
    pub after_decide: String,
    /// More fields of the module.
    pub more: String,
    /// Answers `upcast`, where there is one: its version, and WAT that leaves an address.
    pub upcast: Option<(&'static str, String)>,
}

impl Guest {
    /// A process that counts its events, shows the count as its phase, and ignores everything.
    #[must_use]
    pub fn process() -> Self {
        let mut image = Image::new();
        let why = image.text("nothing to do");
        let ignore = image.record(&Record::new(28).byte(4, 1).span(8, why));
        let nothing = image.record(&Record::new(12));
        Self {
            said: Said::process(),
            image,
            world: "process",
            start: String::new(),
            describe: String::new(),
            restore: String::new(),
            evolve: String::new(),
            decide: constant(ignore),
            look: "(i32.load (local.get $process))".to_owned(),
            before_look: String::new(),
            other: constant(nothing),
            free: String::new(),
            realloc: None,
            after_decide: String::new(),
            more: String::new(),
            upcast: None,
        }
    }

    /// A process that records one event of this kind, schema and data.
    #[must_use]
    pub fn recording(kind: &str, schema: u32, data: &[u8]) -> Self {
        let mut guest = Self::process();
        let event = event(&mut guest.image, kind, schema, data);
        let events = guest.image.list(&[event]);
        guest.answers(&accepted(events, (0, 0)));
        guest
    }

    /// A process that records one event with these effects.
    #[must_use]
    pub fn with_effects(effects: impl FnOnce(&mut Image) -> Vec<Record>) -> Self {
        let mut guest = Self::process();
        let event = event(&mut guest.image, "Added", 2, b"1");
        let events = guest.image.list(&[event]);
        let effects = effects(&mut guest.image);
        let effects = guest.image.list(&effects);
        guest.answers(&accepted(events, effects));
        guest
    }

    /// A router or an adapter that answers this record.
    #[must_use]
    pub fn stranger(world: &'static str, answer: impl FnOnce(&mut Image) -> Record) -> Self {
        let mut guest = Self { world, said: Said::stranger(), ..Self::process() };
        let answer = answer(&mut guest.image);
        guest.other = constant(guest.image.record(&answer));
        guest
    }

    /// Makes `decide` answer this record.
    pub fn answers(&mut self, result: &Record) {
        self.decide = constant(self.image.record(result));
    }

    /// A process that decides so.
    #[must_use]
    pub fn doing(decide: &str) -> Self {
        Self { decide: decide.to_owned(), ..Self::process() }
    }

    /// The component.
    ///
    /// # Panics
    /// Where the WAT is none.
    #[must_use]
    pub fn component(self) -> Vec<u8> {
        self.component_with(|text| text)
    }

    /// The component of its text after a change; `MANIFEST` in the text stands for the address of the manifest.
    ///
    /// # Panics
    /// Where the WAT is none.
    #[must_use]
    pub fn component_with(mut self, change: impl FnOnce(String) -> String) -> Vec<u8> {
        let manifest = self.said.lay_out(&mut self.image);
        let text = change(self.wat(manifest)).replace("MANIFEST", &manifest.to_string());
        component(&text, self.world, self.upcast.as_ref().map(|(version, _)| *version))
    }

    fn wat(&self, manifest: u32) -> String {
        let Self { start, describe, more, .. } = self;
        let upcast = self.upcast.as_ref().map_or(String::new(), |(version, answer)| {
            format!(r#"(func (export "procession:upcasting/upcaster@{version}#upcast") (param i32 i32) (result i32) {answer})"#)
        });
        let memory = self.image.wat();
        let (imports, functions) = if self.world == "process" { self.process_functions() } else { (String::new(), self.one_function()) };
        let realloc = self.realloc.as_deref().unwrap_or(
            "(local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
             (global.set $heap (i32.add (local.get $at) (local.get 3)))
             (if (i32.gt_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536)))
                 (then (drop (memory.grow (i32.const 64)))))
             (local.get $at)",
        );
        format!(
            r#"(module {imports} {memory}
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32) {realloc})
            (global $decided (mut i32) (i32.const 0))
            (global $dropped (mut i32) (i32.const 0))
            (global $asked (mut i32) (i32.const 0))
            (func $busy (loop $again (br $again)))
            (func $deep (call $deep) (call $deep))
            (func $greedy (drop (memory.grow (i32.const 60000))))
            (func $begin {start})
            (start $begin)
            (func (export "procession:process/definition@0.1.0#describe") (result i32)
                (global.set $asked (i32.add (global.get $asked) (i32.const 1))) {describe} (i32.const {manifest}))
            {functions} {upcast}
            {more})"#
        )
    }

    /// A process is the address of its number of events.
    fn process_functions(&self) -> (String, String) {
        let Self { restore, evolve, decide, look, before_look, other, free, after_decide, .. } = self;
        let imports = r#"(import "[export]procession:process/decider@0.1.0" "[resource-new]process" (func $new (param i32) (result i32)))"#;
        let functions = format!(
            r#"
            (func $restore (export "procession:process/decider@0.1.0#[static]process.restore") (param i32 i32 i32) (result i32)
                (local $at i32)
                {restore}
                (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
                (global.set $heap (i32.add (local.get $at) (i32.const 8)))
                (i32.store (i32.const 16) (i32.const 0))
                (i32.store (i32.const 20) (call $new (local.get $at)))
                (i32.const 16))
            (func $evolve (export "procession:process/decider@0.1.0#[method]process.evolve") (param $process i32) (param i32 i32) (result i32)
                {evolve}
                (i32.store (local.get $process) (i32.add (i32.load (local.get $process)) (local.get 2)))
                (i32.store (i32.const 16) (i32.const 0))
                (i32.const 16))
            (func $decide (export "procession:process/decider@0.1.0#[method]process.decide") (param $asked_of i32) (result i32)
                (local $process i32)
                (local.set $process (i32.load (local.get $asked_of)))
                (global.set $decided (i32.add (global.get $decided) (i32.const 1)))
                {decide})
            (func (export "cabi_post_procession:process/decider@0.1.0#[method]process.decide") (param i32) {after_decide})
            (func $look (export "procession:process/decider@0.1.0#[method]process.look") (param $process i32) (result i32)
                {before_look}
                (i32.store (i32.const 64) {look})
                (i32.const 64))
            (func $snapshot (export "procession:process/decider@0.1.0#[method]process.snapshot") (param i32) (result i32) {other})
            (func $free (export "procession:process/decider@0.1.0#[dtor]process") (param i32)
                (global.set $dropped (i32.add (global.get $dropped) (i32.const 1))) {free})"#
        );
        (imports.to_owned(), functions)
    }

    fn one_function(&self) -> String {
        let function = if self.world == "router" { "classifier@0.1.0#classify" } else { "connector@0.1.0#handle" };
        format!(r#"(func $answer (export "procession:process/{function}") (param i32) (result i32) {})"#, self.other)
    }
}

/// The component of a core module in text form, for a world of the contract; perhaps with the addition that reads older events, of this version.
///
/// # Panics
/// Where the text is no core module of that world.
#[must_use]
pub fn component(module: &str, world: &str, upcasting: Option<&str>) -> Vec<u8> {
    let mut bytes = wat::parse_str(module).unwrap_or_else(|error| panic!("{error}\n{module}"));
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    let mut resolve = Resolve::default();
    resolve.push_path(&contract).expect("the contract is where it always is");
    let mut text = format!("package made:here; world up {{ include procession:process/{world}@0.1.0;");
    if let Some(version) = upcasting {
        let addition = std::fs::read_to_string(contract.join("upcasting/upcasting.wit")).expect("the addition is where it always is");
        let addition = addition.replace("upcasting@0.1.0", &format!("upcasting@{version}"));
        resolve.push_str("upcasting.wit", &addition).expect("an interface");
        text.push_str(&format!("export procession:upcasting/upcaster@{version};"));
    }
    let package = resolve.push_str("world.wit", &(text + "}")).expect("a world");
    let world = resolve.select_world(&[package], Some("up")).expect("the world");
    embed_component_metadata(&mut bytes, &resolve, world, StringEncoding::UTF8).expect("metadata");
    ComponentEncoder::default().module(&bytes).and_then(|encoder| encoder.validate(true).encode()).expect("a component")
}

/// WAT that leaves this address.
#[must_use]
pub fn constant(address: u32) -> String {
    format!("(i32.const {address})")
}

/// An event, to stand in a list.
pub fn event(image: &mut Image, kind: &str, schema: u32, data: &[u8]) -> Record {
    Record::new(20).span(0, image.text(kind)).number(8, schema).span(12, image.raw(data))
}

/// `ok(accept({ events, effects }))`.
#[must_use]
pub fn accepted(events: (u32, u32), effects: (u32, u32)) -> Record {
    Record::new(28).span(8, events).span(16, effects)
}

/// `err({ code, message })` of `decide` and `handle`.
pub fn fault(image: &mut Image, code: &str, message: &str) -> Record {
    Record::new(28).byte(0, 1).span(4, image.text(code)).span(12, image.text(message))
}
