//! The tree a story is told in.

use crate::index::Index;
use crate::{describe, line};
use console::output::{Paint, banner, plain};
use schemas::event::Mode;
use schemas::{Envelope, UtcNanos};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// How a line looks to a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Ordinary.
    #[default]
    Plain,
    /// Well done.
    Good,
    /// Refused, lost.
    Bad,
}

/// One line of a story, and what hangs below it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Node {
    /// What it is: a stage, or a kind of event.
    pub what: &'static str,
    /// The event it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// Its time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<UtcNanos>,
    /// The event that led to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<u64>,
    /// In words, safe for a terminal.
    pub text: String,
    /// It is what was asked about.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub marked: bool,
    /// How it looks.
    #[serde(skip)]
    pub tone: Tone,
    /// The same as data.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub data: Value,
    /// What hangs below it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Node>,
}

impl Node {
    /// An event.
    pub fn event(envelope: &Envelope, index: &Index) -> Self {
        Self {
            what: envelope.event.kind().name(),
            seq: Some(envelope.seq.get()),
            time: Some(envelope.time),
            cause: envelope.cause.map(schemas::Seq::get),
            text: describe::event(&envelope.event, index),
            data: line::data(&envelope.event),
            ..Self::default()
        }
    }

    /// A line that is no event.
    pub fn text(what: &'static str, text: &str) -> Self {
        Self { what, text: plain(text), ..Self::default() }
    }

    /// With data.
    pub fn with(mut self, data: Value) -> Self {
        self.data = data;
        self
    }

    /// With a tone.
    pub fn toned(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    /// With lines below it.
    pub fn over(mut self, children: Vec<Node>) -> Self {
        self.children = children;
        self
    }

    fn mark(&mut self, seq: u64) {
        self.marked |= self.seq == Some(seq);
        self.children.iter_mut().for_each(|c| c.mark(seq));
    }

    fn render(&self, paint: Paint, indent: &str, last: bool, out: &mut Vec<String>) {
        let place = self.seq.map(|s| format!("{s} ")).unwrap_or_default();
        let time = self.time.map(|t| format!("{t} ")).unwrap_or_default();
        let name = if self.seq.is_some() { format!("{}: ", self.what) } else { String::new() };
        let body = format!("{place}{time}{name}{}", self.text);
        let body = match self.tone {
            Tone::Plain => body,
            Tone::Good => paint.good(&body),
            Tone::Bad => paint.bad(&body),
        };
        let mark = if self.marked { paint.strong("  <== this") } else { String::new() };
        out.push(format!("{indent}{} {body}{mark}", if last { "└─" } else { "├─" }));
        let below = format!("{indent}{} ", if last { "  " } else { "│ " });
        for (i, child) in self.children.iter().enumerate() {
            child.render(paint, &below, i + 1 == self.children.len(), out);
        }
    }
}

/// A chapter of a story.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its name for programs.
    pub key: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it tells.
    pub nodes: Vec<Node>,
}

/// A whole story.
#[derive(Clone, Debug)]
pub struct Story {
    /// What it is about.
    pub subject: String,
    /// The market's name, or what else it is about; safe for a terminal.
    pub heading: String,
    /// What was at stake.
    pub mode: Option<Mode>,
    /// Its chapters.
    pub sections: Vec<Section>,
}

impl Story {
    /// Without chapters.
    pub fn new(subject: String, heading: String, mode: Option<Mode>) -> Self {
        Self { subject, heading, mode, sections: Vec::new() }
    }

    /// Adds a chapter, if there is something to tell.
    pub fn add(&mut self, key: &'static str, title: &'static str, nodes: Vec<Node>) {
        if !nodes.is_empty() {
            self.sections.push(Section { key, title, nodes });
        }
    }

    /// Marks the event that was asked about.
    pub fn mark(&mut self, seq: u64) {
        self.sections.iter_mut().flat_map(|s| &mut s.nodes).for_each(|n| n.mark(seq));
    }

    /// A chapter by its name.
    pub fn section(&self, key: &str) -> Option<&Section> {
        self.sections.iter().find(|s| s.key == key)
    }

    /// For people.
    pub fn page(&self, paint: Paint) -> String {
        let head = paint.strong(&self.subject);
        let mut out = vec![format!("{} {head}  {}", banner(self.mode, paint), self.heading)];
        for (i, section) in self.sections.iter().enumerate() {
            let last = i + 1 == self.sections.len();
            out.push(format!("{} {}", if last { "└─" } else { "├─" }, paint.strong(section.title)));
            let below = if last { "   " } else { "│  " };
            for (j, node) in section.nodes.iter().enumerate() {
                node.render(paint, below, j + 1 == section.nodes.len(), &mut out);
            }
        }
        out.join("\n")
    }
}

impl Serialize for Story {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(None)?;
        map.serialize_entry("subject", &self.subject)?;
        map.serialize_entry("heading", &self.heading)?;
        map.serialize_entry("mode", &self.mode)?;
        for section in &self.sections {
            map.serialize_entry(section.key, &section.nodes)?;
        }
        map.end()
    }
}
