//! What is expected of a step: the answer, and how the process looks then.
//! What is not said is not compared; how the rest is compared stands in `compare`.

use procession_engine::model::decision::RejectionReason;
use procession_engine::model::id::{Kind, ProcessId};
use procession_engine::model::view::Phase;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::file::said;
use super::words::{Moment, Name, Span, Wanted};

/// The answer that is expected: one sort of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Then {
    /// Accepted. What is not there is not compared.
    Accepted {
        /// The events, all of them, in order.
        events: Option<Vec<ExpectedEvent>>,
        /// The effects, all of them, in order.
        effects: Option<Vec<ExpectedEffect>>,
    },
    /// Ignored; the text may be given.
    Ignored(Wanted<String>),
    /// Rejected.
    Rejected(Wanted<ExpectedRejection>),
    /// Put off; the text may be given.
    Deferred(Wanted<String>),
    /// The definition cannot do its work.
    Fault(Wanted<Fault>),
    /// A router chooses this.
    Starts(ExpectedStart),
    /// An adapter answers this, all of it, in order.
    Replies(Vec<ExpectedReply>),
}

/// The fields of `then` as they are written.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Fields {
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<Vec<ExpectedEvent>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effects: Option<Vec<ExpectedEffect>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ignored: Option<Wanted<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<Wanted<ExpectedRejection>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deferred: Option<Wanted<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<Wanted<Fault>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    starts: Option<ExpectedStart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replies: Option<Vec<ExpectedReply>>,
}

impl<'de> Deserialize<'de> for Then {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Fields { events, effects, ignored, rejected, deferred, fault, starts, replies } = Fields::deserialize(from)?;
        let accepted = (events.is_some() || effects.is_some()).then_some(Self::Accepted { events, effects });
        let said = [
            accepted,
            ignored.map(Self::Ignored),
            rejected.map(Self::Rejected),
            deferred.map(Self::Deferred),
            fault.map(Self::Fault),
            starts.map(Self::Starts),
            replies.map(Self::Replies),
        ];
        let mut said = said.into_iter().flatten();
        match (said.next(), said.next()) {
            (Some(one), None) => Ok(one),
            _ => {
                Err(serde::de::Error::custom("`then` says one of: events and effects, ignored, rejected, deferred, fault, starts, replies"))
            }
        }
    }
}

impl Serialize for Then {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let nothing = Fields::default();
        let fields = match self.clone() {
            Self::Accepted { events, effects } => Fields { events, effects, ..nothing },
            Self::Ignored(why) => Fields { ignored: Some(why), ..nothing },
            Self::Rejected(why) => Fields { rejected: Some(why), ..nothing },
            Self::Deferred(why) => Fields { deferred: Some(why), ..nothing },
            Self::Fault(what) => Fields { fault: Some(what), ..nothing },
            Self::Starts(start) => Fields { starts: Some(start), ..nothing },
            Self::Replies(replies) => Fields { replies: Some(replies), ..nothing },
        };
        fields.serialize(to)
    }
}

/// An event that is to be recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExpectedEvent {
    /// Its kind.
    pub kind: Name<Kind>,
    /// The version of its shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<u32>,
    /// Its data, whole.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

/// An effect that is to happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpectedEffect {
    /// A command is sent.
    Send(ExpectedCommand),
    /// A timer is set.
    SetTimer(ExpectedTimer),
    /// The timer of this name is cleared.
    ClearTimer(String),
}

/// A command that is to be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExpectedCommand {
    /// Its kind.
    pub kind: Name<Kind>,
    /// What it carries.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// Whom it is for; the sender's own process where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Name<ProcessId>>,
    /// How long an answer may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_after: Option<Span>,
}

/// A timer that is to be set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExpectedTimer {
    /// Its name.
    pub name: String,
    /// When it comes due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
    /// How long after this decision it comes due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Span>,
    /// What comes back with it.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

/// A rejection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExpectedRejection {
    /// For programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Whose matter it is.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "reasons")]
    pub reason: Option<RejectionReason>,
    /// For people; every `*` in it stands for any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A definition that cannot do its work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Fault {
    /// For programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// For people; every `*` in it stands for any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What a router is to choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExpectedStart {
    /// A category, or the name of one.
    pub category: String,
    /// Kind of the first message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Name<Kind>>,
    /// What the first message carries.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

/// What an adapter is to answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExpectedReply {
    /// Kind of the message.
    pub kind: Name<Kind>,
    /// What it carries.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// How long it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Span>,
}

/// What a query is to see.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Look {
    /// Where the process is in its life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// The step that it is at; `null` for none.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub step: Option<Value>,
    /// What it has brought about; `null` for nothing.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Value>,
    /// Tags that it is to have; `null` for one that it is not to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Map<String, Value>>,
}

/// `invalid` and `not-applicable`.
mod reasons {
    use procession_engine::model::decision::RejectionReason;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::show::reason;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<RejectionReason>, D::Error> {
        let text = String::deserialize(from)?;
        let known = [RejectionReason::Invalid, RejectionReason::NotApplicable].into_iter().find(|known| reason(*known) == text);
        known.map(Some).ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no reason; it is \"invalid\" or \"not-applicable\"")))
    }

    #[allow(clippy::ref_option, reason = "serde hands over a reference")]
    pub(super) fn serialize<S: Serializer>(what: &Option<RejectionReason>, to: S) -> Result<S::Ok, S::Error> {
        match what {
            Some(what) => to.serialize_str(reason(*what)),
            None => to.serialize_none(),
        }
    }
}
