//! Outside systems behind the adapters: they answer twice, late, never, by another way, or not at all.
//! An answer by another way is a letter, which a caller brings later.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use procession_engine::model::decision::Reply;
use procession_engine::model::id::{Kind, ProcessId};
use procession_engine::model::json::Json;
use procession_engine::model::message::Message;
use procession_engine::ports::definition::GuestError;

use crate::definitions::POISON;
use crate::fate::Fate;
use crate::fault::Fault;

/// Everything behind the adapters.
pub struct Outside {
    fate: Arc<Fate>,
    letters: Mutex<Vec<Letter>>,
    /// Steps for which no adapter reaches its system.
    down_for: AtomicU64,
    /// Whether what breaks a definition breaks it no more.
    mended: AtomicBool,
    /// Whether the bank is closed for ever.
    bank_is_dead: bool,
}

/// An answer that comes as a message of its own.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Whom it is for.
    pub process: ProcessId,
    /// What it says.
    pub kind: Kind,
    /// What it carries.
    pub data: Json,
    /// What makes it the same letter when it is brought again.
    pub key: String,
}

impl Outside {
    /// Outside systems that work, but for the bank of some runs.
    #[must_use]
    pub fn new(fate: Arc<Fate>) -> Self {
        let bank_is_dead = fate.strikes(Fault::AdapterDead);
        Self { fate, letters: Mutex::default(), down_for: AtomicU64::new(0), mended: AtomicBool::new(false), bank_is_dead }
    }

    /// One step of the run is over.
    pub fn pass(&self) {
        let left = self.down_for.load(Ordering::Relaxed).saturating_sub(1);
        let down_for = if self.fate.strikes(Fault::AdapterDown) { self.fate.draw(|dice| dice.between(3, 50)) } else { left };
        self.down_for.store(if self.fate.is_calm() { 0 } else { down_for }, Ordering::Relaxed);
    }

    /// Whether data that broke every definition no longer does.
    #[must_use]
    pub fn is_mended(&self) -> bool {
        self.mended.load(Ordering::Relaxed)
    }

    /// From now on nothing is poison.
    pub fn mend(&self) {
        self.mended.store(true, Ordering::Relaxed);
    }

    /// Takes a letter that is to be brought.
    #[must_use]
    pub fn letter(&self) -> Option<Letter> {
        let mut letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
        let at = self.fate.draw(|dice| dice.index(letters.len()));
        (!letters.is_empty()).then(|| letters.swap_remove(at))
    }

    /// Answers a command.
    ///
    /// # Errors
    /// [`GuestError`] where the adapter does not reach its system.
    pub fn answer(&self, command: &Message) -> Result<Vec<Reply>, GuestError> {
        let fate = &self.fate;
        let is_for_bank = matches!(command.kind.as_str(), "TakePayment" | "ReturnPayment");
        if self.bank_is_dead && is_for_bank {
            return Err(GuestError::Trap("the bank is closed for ever".to_owned()));
        }
        if self.down_for.load(Ordering::Relaxed) > 0 || fate.strikes(Fault::AdapterFails) {
            return Err(GuestError::Trap("the line is dead".to_owned()));
        }
        fate.note(format_args!("  {} reaches the outside", command.id));
        if fate.strikes(Fault::ReplyNever) {
            return Ok(Vec::new());
        }
        let kind = self.verdict(command);
        let data = if fate.strikes(Fault::ReplyPoisoned) { poison() } else { command.data.clone() };
        if fate.strikes(Fault::ReplyFromOutside) {
            let key = format!("letter/{}", command.id);
            let letter = Letter { process: command.process.clone(), kind, data, key };
            self.letters.lock().unwrap_or_else(PoisonError::into_inner).push(letter);
            return Ok(Vec::new());
        }
        let mut replies = vec![self.reply(kind.clone(), data.clone())];
        if fate.strikes(Fault::ReplyTwice) {
            replies.push(self.reply(kind, data.clone()));
        }
        if fate.strikes(Fault::ReplyStray) {
            replies.push(self.reply(self.verdict(command), data));
        }
        Ok(replies)
    }

    fn reply(&self, kind: Kind, data: Json) -> Reply {
        let is_late = self.fate.strikes(Fault::ReplyLate);
        let after_ms = if is_late { self.fate.draw(|dice| *dice.one_of(&[1, 10, 500, 1_999, 2_000, 2_001, 4_000, 20_000])) } else { 0 };
        Reply { kind, data, after_ms }
    }

    fn verdict(&self, command: &Message) -> Kind {
        let (good, bad) = match command.kind.as_str() {
            "TakePayment" => ("PaymentTaken", "PaymentRefused"),
            "ReturnPayment" => ("PaymentReturned", "PaymentReturned"),
            "ShipParcel" => ("CarrierTook", "CarrierLost"),
            "ManifestLeg" => ("LegTaken", "LegRefused"),
            "Whisper" => ("Heard", "Heard"),
            _ => ("LegCancelled", "LegCancelled"),
        };
        let kind = if self.fate.draw(|dice| dice.below(6)) == 0 { bad } else { good };
        Kind::parse(kind).expect("a valid kind")
    }
}

fn poison() -> Json {
    Json::parse(POISON).expect("well-formed JSON")
}
