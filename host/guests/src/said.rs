//! What a guest says of itself, and its manifest as its memory holds it.
//! Nothing is checked: a test may let a guest say anything.

use crate::image::{Image, Record};

/// What a guest says of itself.
#[derive(Clone, Debug)]
pub struct Said {
    /// The category.
    pub category: String,
    /// The suffix of its stream.
    pub suffix: Option<String>,
    /// What begins it.
    pub starts: Vec<String>,
    /// What it takes.
    pub handles: Vec<String>,
    /// Which of its own events it is offered.
    pub reacts_to: Vec<String>,
    /// What it records, with the version of its shape.
    pub records: Vec<(String, u32)>,
    /// What it sends.
    pub sends: Vec<String>,
    /// What it can carry on.
    pub takes_over: Vec<String>,
    /// 0 per process, 1 shared, 2 fresh.
    pub sharing: u8,
    /// The memory that it wishes for.
    pub memory_bytes: Option<u64>,
    /// The fuel that it wishes for.
    pub fuel_per_call: Option<u64>,
}

/// Texts, as a test writes them.
fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

impl Said {
    /// A process that counts.
    #[must_use]
    pub fn process() -> Self {
        Self {
            category: "counter-1.0".to_owned(),
            suffix: Some("Process".to_owned()),
            starts: texts(&["Start"]),
            handles: texts(&["Add"]),
            reacts_to: Vec::new(),
            records: vec![("Added".to_owned(), 2)],
            sends: texts(&["Tell"]),
            takes_over: Vec::new(),
            sharing: 0,
            memory_bytes: None,
            fuel_per_call: None,
        }
    }

    /// A router or an adapter.
    #[must_use]
    pub fn stranger() -> Self {
        Self { category: "stranger-1.0".to_owned(), suffix: None, starts: Vec::new(), records: Vec::new(), ..Self::process() }
    }

    /// The address of the manifest.
    pub(crate) fn lay_out(&self, image: &mut Image) -> u32 {
        let mut list = |texts: &[String]| image.texts(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let [starts, handles, reacts_to, sends, takes_over] =
            [&self.starts, &self.handles, &self.reacts_to, &self.sends, &self.takes_over].map(|texts| list(texts));
        let records: Vec<Record> =
            self.records.iter().map(|(kind, schema)| Record::new(12).span(0, image.text(kind)).number(8, *schema)).collect();
        let mut manifest = Record::new(112)
            .span(0, image.text(&self.category))
            .span(20, starts)
            .span(28, handles)
            .span(36, reacts_to)
            .span(44, image.list(&records))
            .span(52, sends)
            .number(60, 1)
            .span(64, takes_over)
            .byte(72, self.sharing);
        if let Some(suffix) = &self.suffix {
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
