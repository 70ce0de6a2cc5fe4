//! Values of the contract as a guest's memory holds them, laid out by the canonical ABI.
//! Offsets are the caller's matter, so that a test can put anything anywhere.

/// Static memory of a guest.
#[derive(Clone, Default)]
pub struct Image {
    bytes: Vec<u8>,
}

/// Where the static memory begins; everything below is scratch.
const BASE: usize = 4096;

/// One record while it is laid out: fields are put at offsets that the caller reads off the contract.
#[derive(Clone)]
pub struct Record(Vec<u8>);

impl Record {
    /// Zeros.
    #[must_use]
    pub fn new(size: usize) -> Self {
        Self(vec![0; size])
    }

    /// Puts a byte.
    #[must_use]
    pub fn byte(mut self, at: usize, value: u8) -> Self {
        self.0[at] = value;
        self
    }

    /// Puts a number of 32 bits.
    #[must_use]
    pub fn number(mut self, at: usize, value: u32) -> Self {
        self.0[at..at + 4].copy_from_slice(&value.to_le_bytes());
        self
    }

    /// Puts a number of 64 bits.
    ///
    /// # Panics
    /// Never: each half has 32 bits.
    #[must_use]
    pub fn long(self, at: usize, value: u64) -> Self {
        let [low, high] = [value & 0xffff_ffff, value >> 32].map(|half| u32::try_from(half).expect("32 bits"));
        self.number(at, low).number(at + 4, high)
    }

    /// Address and length, as texts and lists have them.
    #[must_use]
    pub fn span(self, at: usize, (address, length): (u32, u32)) -> Self {
        self.number(at, address).number(at + 4, length)
    }
}

impl Image {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self { bytes: Vec::new() }
    }

    /// Puts a text in, and says where it stands.
    pub fn text(&mut self, text: &str) -> (u32, u32) {
        self.raw(text.as_bytes())
    }

    /// Puts bytes in, and says where they stand.
    ///
    /// # Panics
    /// Where they are more than a guest can hold.
    pub fn raw(&mut self, bytes: &[u8]) -> (u32, u32) {
        (self.put(bytes), u32::try_from(bytes.len()).expect("a small guest"))
    }

    /// Puts a list of texts in.
    pub fn texts(&mut self, texts: &[&str]) -> (u32, u32) {
        let spans: Vec<Record> = texts.iter().map(|text| Record::new(8).span(0, self.text(text))).collect();
        self.list(&spans)
    }

    /// Puts a list of records in.
    ///
    /// # Panics
    /// Where it is longer than a guest can hold.
    pub fn list(&mut self, records: &[Record]) -> (u32, u32) {
        let bytes: Vec<u8> = records.iter().flat_map(|record| record.0.iter().copied()).collect();
        (self.put(&bytes), u32::try_from(records.len()).expect("a small guest"))
    }

    /// Puts a record in, and says where it stands.
    pub fn record(&mut self, record: &Record) -> u32 {
        self.put(&record.0)
    }

    fn put(&mut self, bytes: &[u8]) -> u32 {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let address = BASE + self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        u32::try_from(address).expect("a small guest")
    }

    /// The memory with this content, and a heap that begins behind it.
    #[must_use]
    pub fn wat(&self) -> String {
        let data: String = self.bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
        let end = (BASE + self.bytes.len()).next_multiple_of(65_536);
        let pages = end / 65_536 + 1;
        format!("(memory (export \"memory\") {pages}) (data (i32.const {BASE}) \"{data}\") (global $heap (mut i32) (i32.const {end}))")
    }
}
