//! The story of an event that belongs to no order and no cycle: what led to it, and what it led to.

use super::decision::upward;
use super::node::{Node, Story};
use crate::events;
use crate::index::Index;
use console::exit::Failure;
use eventlog::LogReader;
use schemas::event::{Mode, SystemEvent};
use schemas::{Envelope, Event, Seq};
use std::collections::BTreeMap;

/// Effects told at most.
const EFFECTS_MAX: usize = 200;

/// Tells it.
pub(super) fn story(reader: &LogReader, envelope: &Envelope) -> Result<Story, Failure> {
    let seq = envelope.seq.get();
    let found = look(reader, envelope)?;
    let index = &found.index;
    let heading = match index.market_of(&envelope.event) {
        Some(market) => index.market_name(market),
        None => envelope.event.kind().name().to_owned(),
    };
    let mut story = Story::new(format!("seq:{seq}"), heading, found.mode);
    let mut causes = upward(reader, envelope.cause.map(Seq::get))?;
    causes.reverse();
    let outside = || vec![Node::text("input", "it came from outside: nothing in the log led to it")];
    let causes: Vec<Node> = causes.iter().map(|e| Node::event(e, index)).collect();
    story.add("led_to_it", "what led to it", if causes.is_empty() { outside() } else { causes });
    story.add("event", "the event", vec![Node::event(envelope, index)]);
    let mut effects = tree(&found.effects, index, seq);
    if found.more > 0 {
        effects.push(Node::text("more", &format!("and at least {} more events", found.more)));
    }
    if effects.is_empty() {
        effects.push(Node::text("nothing", "nothing in the log followed from it"));
    }
    story.add("led_to", "what it led to", effects);
    story.mark(seq);
    Ok(story)
}

/// What a walk over the log finds about an event.
struct Found {
    index: Index,
    mode: Option<Mode>,
    /// Effects by cause.
    effects: BTreeMap<u64, Vec<Envelope>>,
    /// Effects beyond those.
    more: usize,
}

fn look(reader: &LogReader, of: &Envelope) -> Result<Found, Failure> {
    let mut found = Found { index: Index::default(), mode: None, effects: BTreeMap::new(), more: 0 };
    found.effects.insert(of.seq.get(), Vec::new());
    let mut count = 0;
    events::all(reader, Seq::FIRST, |envelope| {
        found.index.note(envelope);
        if let Event::System(SystemEvent::RunStarted(run)) = &envelope.event
            && envelope.seq <= of.seq
        {
            found.mode = Some(run.mode);
        }
        // A cause lies before its effect; anything else is not followed in circles.
        let Some(cause) = envelope.cause.filter(|c| *c < envelope.seq).map(Seq::get) else { return };
        if !found.effects.contains_key(&cause) {
            return;
        }
        if count >= EFFECTS_MAX {
            found.more += 1;
            return;
        }
        count += 1;
        found.effects.entry(cause).or_default().push(envelope.clone());
        found.effects.entry(envelope.seq.get()).or_default();
    })?;
    Ok(found)
}

/// Effects hang below their cause. A decision's stages each follow from the one before, so they are told as one list:
/// only an event with several effects opens a branch.
fn tree(effects: &BTreeMap<u64, Vec<Envelope>>, index: &Index, cause: u64) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut at = cause;
    loop {
        match effects.get(&at).map_or(&[][..], Vec::as_slice) {
            [] => return nodes,
            [only] => {
                nodes.push(Node::event(only, index));
                at = only.seq.get();
            }
            several => {
                let branch = |e: &Envelope| Node::event(e, index).over(tree(effects, index, e.seq.get()));
                nodes.extend(several.iter().map(branch));
                return nodes;
            }
        }
    }
}
