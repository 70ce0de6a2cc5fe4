//! What happened in a run, step by step: the last steps as text, all of them as a digest.
//! Two runs with the same digest did the same things in the same order.

use std::collections::VecDeque;
use std::fmt;

use xxhash_rust::xxh3::Xxh3Default;

/// Lines that are kept as text, unless all are.
const LINES_MAX: usize = 60;

/// The story of a run.
pub struct Trace {
    lines: VecDeque<String>,
    lines_max: usize,
    digest: Xxh3Default,
    step: u64,
    length: u64,
}

impl Trace {
    /// A story that keeps its last lines, or all of them.
    #[must_use]
    pub fn new(keep: Keep) -> Self {
        let lines_max = if keep == Keep::All { usize::MAX } else { LINES_MAX };
        Self { lines: VecDeque::new(), lines_max, digest: Xxh3Default::new(), step: 0, length: 0 }
    }

    /// Begins the next step.
    pub fn next_step(&mut self) {
        self.step += 1;
    }

    /// Takes a line in.
    pub fn note(&mut self, text: fmt::Arguments<'_>) {
        let line = format!("{:>5}  {text}", self.step);
        self.digest.update(line.as_bytes());
        self.digest.update(b"\n");
        self.length += 1;
        if self.lines.len() >= self.lines_max {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// A number that stands for all lines.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest.digest()
    }

    /// The lines that are kept, oldest first.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lines.iter().cloned().collect()
    }

    /// Steps so far.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.step
    }
}

/// How much of a story is kept as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The last lines.
    TheEnd,
    /// All of it.
    All,
}
