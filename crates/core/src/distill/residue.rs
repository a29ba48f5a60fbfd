//! What an expert did beside deleting.

use crate::deletions::Deletions;
use crate::span::Span;
use serde::{Deserialize, Serialize};

/// What was done to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResidueKind {
    /// Text that the raw text does not have there was written.
    Inserted,
    /// Text was written in the place of other text, which is therefore not deleted.
    Replaced,
    /// A line was written at another place than it has in the raw text, where it is not deleted.
    Moved,
    /// White space was inserted or replaced by other white space.
    Whitespace,
}

impl ResidueKind {
    /// Its stable name, as it stands in sidecars and counts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inserted => "inserted",
            Self::Replaced => "replaced",
            Self::Moved => "moved",
            Self::Whitespace => "whitespace",
        }
    }
}

/// One place where an expert did not only delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResidueItem {
    /// What was done.
    pub kind: ResidueKind,
    /// Where in the raw text, in bytes; empty where nothing of it was replaced.
    pub raw: Span,
    /// What stands there in the refined text, in bytes.
    pub refined: Span,
    /// Of moved text: where it stood in the raw text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Span>,
}

impl ResidueItem {
    /// Characters of the raw and of the refined side, without white space around them.
    #[must_use]
    pub fn sizes(&self, raw: &str, refined: &str) -> (usize, usize) {
        let size = |text: &str| text.trim().chars().count();
        (size(self.raw.of(raw)), size(self.refined.of(refined)))
    }
}

/// All that an expert did beside deleting, in the order of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Residue {
    items: Vec<ResidueItem>,
}

impl Residue {
    /// A residue of items that are apart from each other and from the deletions.
    pub(super) fn new(mut items: Vec<ResidueItem>) -> Self {
        items.sort_by_key(|item| (item.raw, item.refined));
        Self { items }
    }

    /// The items, in order.
    #[must_use]
    pub fn items(&self) -> &[ResidueItem] {
        &self.items
    }

    /// Whether the expert only deleted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The items that are not mere white space.
    pub fn of_substance(&self) -> impl Iterator<Item = &ResidueItem> {
        self.items.iter().filter(|item| item.kind != ResidueKind::Whitespace)
    }

    /// The refined text: `raw` with the deletions and the text that was moved away left out, and
    /// each item's side of `refined` in the place of its side of `raw`.
    #[must_use]
    pub fn rebuild(&self, raw: &str, deletions: &Deletions, refined: &str) -> String {
        let left_out = deletions.spans().iter().copied();
        let moved_away = self.items.iter().filter_map(|item| item.from);
        let mut edits: Vec<(Span, Span)> =
            left_out.chain(moved_away).map(|span| (span, Span::new(0, 0))).collect();
        edits.extend(self.items.iter().map(|item| (item.raw, item.refined)));
        edits.sort_by_key(|(raw, put)| (*raw, put.start()));
        let mut rebuilt = String::with_capacity(refined.len());
        let mut next = 0;
        for (span, put) in edits {
            rebuilt.push_str(raw.get(next..span.start()).unwrap_or_default());
            rebuilt.push_str(put.of(refined));
            next = span.end();
        }
        rebuilt.push_str(&raw[next..]);
        rebuilt
    }
}
