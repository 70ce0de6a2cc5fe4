//! Events of older versions in the words of this module, translated on their way to `evolve` and nowhere else.
//! What is recorded never changes, and a module without an upcaster gets its events as they are.

use std::borrow::Cow;

use procession_engine::model::event::StreamEvent;
use procession_engine::ports::definition::GuestError;

use super::ProcessInstance;
use crate::bindings::exports::procession::upcasting::upcaster::Translation;
use crate::convert::{from_guest, to_guest};
use crate::rules::Rules;

/// The events as `evolve` is to read them.
pub(super) fn upcast<'a>(
    instance: &mut ProcessInstance,
    events: &'a [StreamEvent],
    rules: &Rules,
) -> Result<Cow<'a, [StreamEvent]>, GuestError> {
    if instance.guest().upcaster.is_none() || events.iter().all(|event| rules.knows(event)) {
        return Ok(Cow::Borrowed(events));
    }
    let mut translations = translations(instance, events, rules)?.into_iter();
    let mut read = Vec::with_capacity(events.len());
    for event in events {
        match if rules.knows(event) { None } else { translations.next() } {
            None | Some(Translation::Unchanged) => read.push(event.clone()),
            Some(Translation::Events(said)) => {
                for said in from_guest::upcast(said, event, rules)? {
                    read.push(StreamEvent { event: said, ..event.clone() });
                }
            }
        }
    }
    Ok(Cow::Owned(read))
}

/// What the old ones among these events say, one translation for each.
fn translations(instance: &mut ProcessInstance, events: &[StreamEvent], rules: &Rules) -> Result<Vec<Translation>, GuestError> {
    let old: Vec<&StreamEvent> = events.iter().filter(|event| !rules.knows(event)).collect();
    let names: Vec<_> = old.iter().map(|event| rules.text_of(&event.decided_by)).collect();
    let asked: Vec<_> = old.iter().zip(&names).map(|(event, name)| to_guest::event(event, name)).collect();
    let answer = instance.call(|guest, store| match &guest.upcaster {
        Some(upcaster) => upcaster.call_upcast(store, &asked),
        None => Ok(Ok(Vec::new())),
    })?;
    let answer = answer.map_err(from_guest::fault)?;
    if answer.len() != old.len() {
        let text = format!("its `upcast` gives {} translations for {} events; there must be one for each", answer.len(), old.len());
        return Err(GuestError::Contract(text));
    }
    Ok(answer)
}
