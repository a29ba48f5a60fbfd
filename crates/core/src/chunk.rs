//! A chunk: what a refiner reads at once, and what of it it may edit.

use crate::line::Lines;
use crate::span::Span;

/// A window on a document.
///
/// The refiner reads the `view`; only the `owned` part may be edited, the rest is context. Every
/// byte of a document is owned by exactly one chunk (law L5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'d> {
    document: &'d str,
    view: Span,
    owned: Span,
}

impl<'d> Chunk<'d> {
    /// The chunk that is the whole document.
    #[must_use]
    pub const fn whole(document: &'d str) -> Self {
        let all = Span::new(0, document.len());
        Self { document, view: all, owned: all }
    }

    /// A chunk of `document`; `None` unless the view holds the owned span and both fit the text.
    #[must_use]
    pub fn new(document: &'d str, view: Span, owned: Span) -> Option<Self> {
        let sound = view.contains(owned) && view.fits(document) && owned.fits(document);
        sound.then_some(Self { document, view, owned })
    }

    /// The whole text of the document.
    #[must_use]
    pub const fn document(&self) -> &'d str {
        self.document
    }

    /// What is read, as bytes of the document.
    #[must_use]
    pub const fn view(&self) -> Span {
        self.view
    }

    /// What may be edited, as bytes of the document.
    #[must_use]
    pub const fn owned(&self) -> Span {
        self.owned
    }

    /// The text that is read. Programs number the lines of this text, from 1.
    #[must_use]
    pub fn text(&self) -> &'d str {
        self.view.of(self.document)
    }

    /// The lines of the text that is read.
    #[must_use]
    pub fn lines(&self) -> Lines {
        Lines::of(self.text())
    }

    /// Whether the view reaches the end of the document.
    #[must_use]
    pub const fn ends_document(&self) -> bool {
        self.view.end() == self.document.len()
    }
}
