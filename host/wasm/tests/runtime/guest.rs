//! Guests made on the spot: what they say of themselves is data, what they do is a line of WAT.

use procession_wasm::{Limits, WasmRuntime};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::image::{Image, Record};

/// What a guest says of itself.
#[derive(Clone)]
pub(crate) struct Said {
    pub(crate) category: &'static str,
    pub(crate) suffix: Option<&'static str>,
    pub(crate) starts: Vec<&'static str>,
    pub(crate) handles: Vec<&'static str>,
    pub(crate) reacts_to: Vec<&'static str>,
    pub(crate) records: Vec<(&'static str, u32)>,
    pub(crate) sends: Vec<&'static str>,
    /// 0 per process, 1 shared, 2 fresh.
    pub(crate) sharing: u8,
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) fuel_per_call: Option<u64>,
}

impl Said {
    pub(crate) fn process() -> Self {
        Self {
            category: "counter-1.0",
            suffix: Some("Process"),
            starts: vec!["Start"],
            handles: vec!["Add"],
            reacts_to: vec![],
            records: vec![("Added", 2)],
            sends: vec!["Tell"],
            sharing: 0,
            memory_bytes: None,
            fuel_per_call: None,
        }
    }

    pub(crate) fn stranger() -> Self {
        Self { category: "stranger-1.0", suffix: None, starts: vec![], records: vec![], ..Self::process() }
    }

    fn lay_out(&self, image: &mut Image) -> u32 {
        let mut texts = |list: &[&str]| image.texts(list);
        let [starts, handles, reacts_to, sends] = [&self.starts, &self.handles, &self.reacts_to, &self.sends].map(|list| texts(list));
        let records: Vec<Record> =
            self.records.iter().map(|(kind, schema)| Record::new(12).span(0, image.text(kind)).number(8, *schema)).collect();
        let mut manifest = Record::new(112)
            .span(0, image.text(self.category))
            .span(20, starts)
            .span(28, handles)
            .span(36, reacts_to)
            .span(44, image.list(&records))
            .span(52, sends)
            .number(60, 1)
            .byte(72, self.sharing);
        if let Some(suffix) = self.suffix {
            manifest = manifest.byte(8, 1).span(12, image.text(suffix));
        }
        for (at, wish) in [(80, self.memory_bytes), (96, self.fuel_per_call)] {
            if let Some(amount) = wish {
                manifest = manifest.byte(at, 1).long(at + 8, amount);
            }
        }
        image.record(&manifest)
    }
}

/// What a guest does, as WAT; addresses of static answers come from `image`.
pub(crate) struct Guest {
    pub(crate) said: Said,
    pub(crate) image: Image,
    pub(crate) world: &'static str,
    /// Runs when the instance is made.
    pub(crate) start: String,
    /// Runs before `describe` answers.
    pub(crate) describe: String,
    /// Answers `decide`: leaves an address.
    pub(crate) decide: String,
    /// Answers `look` with a phase: leaves a number; `$process` is the process.
    pub(crate) look: String,
    /// Answers `snapshot`, `classify` or `handle`: leaves an address.
    pub(crate) other: String,
    /// Answers `upcast`, where there is one: its version, and WAT that leaves an address.
    pub(crate) upcast: Option<(&'static str, String)>,
}

impl Guest {
    /// A process that counts its events, shows the count as its phase, and ignores everything.
    pub(crate) fn process() -> Self {
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
            decide: constant(ignore),
            look: "(i32.load (local.get $process))".to_owned(),
            other: constant(nothing),
            upcast: None,
        }
    }

    /// A process that records one event of this kind, schema and data.
    pub(crate) fn recording(kind: &str, schema: u32, data: &[u8]) -> Self {
        let mut guest = Self::process();
        let event = event(&mut guest.image, kind, schema, data);
        let events = guest.image.list(&[event]);
        guest.answers(&accepted(events, (0, 0)));
        guest
    }

    /// Makes `decide` answer this record.
    pub(crate) fn answers(&mut self, result: &Record) {
        self.decide = constant(self.image.record(result));
    }

    pub(crate) fn doing(decide: &str) -> Self {
        Self { decide: decide.to_owned(), ..Self::process() }
    }

    /// The component.
    pub(crate) fn component(mut self) -> Vec<u8> {
        let manifest = self.said.lay_out(&mut self.image);
        let module = self.wat(manifest);
        let mut module = wat::parse_str(&module).unwrap_or_else(|error| panic!("{error}\n{module}"));
        let mut resolve = Resolve::default();
        resolve.push_path("../../wit").expect("the contract is where it always is");
        let mut world = format!("package made:here; world up {{ include procession:process/{}@0.1.0;", self.world);
        if let Some((version, _)) = &self.upcast {
            let addition = std::fs::read_to_string("../../wit/upcasting/upcasting.wit").expect("the addition is where it always is");
            let addition = addition.replace("upcasting@0.1.0", &format!("upcasting@{version}"));
            resolve.push_str("upcasting.wit", &addition).expect("an interface");
            world.push_str(&format!("export procession:upcasting/upcaster@{version};"));
        }
        let package = resolve.push_str("world.wit", &(world + "}")).expect("a world");
        let world = resolve.select_world(&[package], Some("up")).expect("the world");
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("metadata");
        ComponentEncoder::default().module(&module).and_then(|encoder| encoder.validate(true).encode()).expect("a component")
    }

    fn wat(&self, manifest: u32) -> String {
        let Self { start, describe, .. } = self;
        let memory = self.image.wat();
        let upcast = self.upcast.as_ref().map_or(String::new(), |(version, answer)| {
            format!(r#"(func (export "procession:upcasting/upcaster@{version}#upcast") (param i32 i32) (result i32) {answer})"#)
        });
        let (imports, functions) = if self.world == "process" { self.process_functions() } else { (String::new(), self.one_function()) };
        format!(
            r#"(module {imports} {memory}
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (local $at i32)
                (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
                (global.set $heap (i32.add (local.get $at) (local.get 3)))
                (if (i32.gt_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536)))
                    (then (drop (memory.grow (i32.const 64)))))
                (local.get $at))
            (global $decided (mut i32) (i32.const 0))
            (global $dropped (mut i32) (i32.const 0))
            (func $busy (loop $again (br $again)))
            (func $deep (call $deep) (call $deep))
            (func $greedy (drop (memory.grow (i32.const 60000))))
            (func $begin {start})
            (start $begin)
            (func (export "procession:process/definition@0.1.0#describe") (result i32) {describe} (i32.const {manifest}))
            {functions} {upcast})"#
        )
    }

    /// A process is the address of its number of events.
    fn process_functions(&self) -> (String, String) {
        let Self { decide, look, other, .. } = self;
        let imports = r#"(import "[export]procession:process/decider@0.1.0" "[resource-new]process" (func $new (param i32) (result i32)))"#;
        let functions = format!(
            r#"
            (func (export "procession:process/decider@0.1.0#[static]process.restore") (param i32 i32 i32) (result i32)
                (local $at i32)
                (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
                (global.set $heap (i32.add (local.get $at) (i32.const 8)))
                (i32.store (i32.const 16) (i32.const 0))
                (i32.store (i32.const 20) (call $new (local.get $at)))
                (i32.const 16))
            (func (export "procession:process/decider@0.1.0#[method]process.evolve") (param $process i32) (param i32 i32) (result i32)
                (i32.store (local.get $process) (i32.add (i32.load (local.get $process)) (local.get 2)))
                (i32.store (i32.const 16) (i32.const 0))
                (i32.const 16))
            (func $decide (export "procession:process/decider@0.1.0#[method]process.decide") (param i32) (result i32)
                (global.set $decided (i32.add (global.get $decided) (i32.const 1)))
                {decide})
            (func (export "procession:process/decider@0.1.0#[method]process.look") (param $process i32) (result i32)
                (i32.store (i32.const 64) {look})
                (i32.const 64))
            (func (export "procession:process/decider@0.1.0#[method]process.snapshot") (param i32) (result i32) {other})
            (func (export "procession:process/decider@0.1.0#[dtor]process") (param i32)
                (global.set $dropped (i32.add (global.get $dropped) (i32.const 1))))"#
        );
        (imports.to_owned(), functions)
    }

    fn one_function(&self) -> String {
        let function = if self.world == "router" { "classifier@0.1.0#classify" } else { "connector@0.1.0#handle" };
        format!(r#"(func (export "procession:process/{function}") (param i32) (result i32) {})"#, self.other)
    }
}

/// WAT that leaves this address.
pub(crate) fn constant(address: u32) -> String {
    format!("(i32.const {address})")
}

pub(crate) fn event(image: &mut Image, kind: &str, schema: u32, data: &[u8]) -> Record {
    Record::new(20).span(0, image.text(kind)).number(8, schema).span(12, image.raw(data))
}

/// `ok(accept({ events, effects }))`.
pub(crate) fn accepted(events: (u32, u32), effects: (u32, u32)) -> Record {
    Record::new(28).span(8, events).span(16, effects)
}

/// `err({ code, message })` of `decide` and `handle`.
pub(crate) fn fault(image: &mut Image, code: &str, message: &str) -> Record {
    Record::new(28).byte(0, 1).span(4, image.text(code)).span(12, image.text(message))
}

/// Limits small enough that a test that runs into one of them is quick.
pub(crate) fn limits() -> Limits {
    Limits { instances_max: 64, fuel_at_start: 1_000_000, fuel_per_call: 1_000_000, fuel_per_call_max: 2_000_000, ..Limits::default() }
}

pub(crate) fn runtime() -> WasmRuntime {
    WasmRuntime::new(limits(), None).expect("a sandbox")
}
