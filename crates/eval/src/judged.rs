//! One document, judged.

use crate::counts::{Counts, SpanOutside};
use crate::marks::Marks;
use refinex_core::Deletions;
use serde::Serialize;

/// How much of a document goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    /// Nothing but perhaps white space.
    None,
    /// A part.
    Part,
    /// All.
    All,
}

impl Share {
    /// How much `gone` of `all` characters are.
    const fn of(gone: u64, all: u64) -> Self {
        if gone == 0 {
            Self::None
        } else if gone == all {
            Self::All
        } else {
            Self::Part
        }
    }

    /// A name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "untouched",
            Self::Part => "partly",
            Self::All => "emptied",
        }
    }
}

/// One document: what gold and a prediction do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Its characters that are not white space.
    pub characters: Counts,
    /// Its lines that are not blank. A line is deleted if each of its characters is.
    pub lines: Counts,
    /// The characters of each fifth of the text.
    pub fifths: [Counts; 5],
    /// Whether prediction and gold delete the same bytes.
    pub exact: bool,
    /// Whether the prediction deletes anything, white space included.
    pub touched: bool,
    /// Whether there was no prediction.
    pub missing: bool,
}

impl Judged {
    /// Judges a prediction; without one the document counts as untouched.
    ///
    /// # Errors
    /// If a span does not lie in the text.
    pub fn of(
        text: &str,
        gold: &Deletions,
        predicted: Option<&Deletions>,
    ) -> Result<Self, SpanOutside> {
        let none = Deletions::none();
        let deletions = predicted.unwrap_or(&none);
        let marks = Marks::of(text, gold, deletions)?;
        let mut lines = Counts::default();
        marks.lines().for_each(|(_, line)| count_line(&mut lines, &line));
        Ok(Self {
            characters: marks.characters(),
            lines,
            fifths: marks.fifths(),
            exact: gold == deletions,
            touched: !deletions.is_empty(),
            missing: predicted.is_none(),
        })
    }

    /// How much of it gold deletes.
    #[must_use]
    pub const fn gold_share(&self) -> Share {
        Share::of(self.characters.gold_deleted(), self.characters.all())
    }

    /// How much of it the prediction deletes.
    #[must_use]
    pub const fn share(&self) -> Share {
        Share::of(self.characters.deleted(), self.characters.all())
    }

    /// Whether prediction and gold delete the same characters, white space aside.
    #[must_use]
    pub const fn agrees(&self) -> bool {
        self.characters.false_positive + self.characters.false_negative == 0
    }
}

fn count_line(lines: &mut Counts, line: &Counts) {
    let all = line.all();
    if all == 0 {
        return;
    }
    let cell = match (line.gold_deleted() == all, line.deleted() == all) {
        (true, true) => &mut lines.true_positive,
        (false, true) => &mut lines.false_positive,
        (true, false) => &mut lines.false_negative,
        (false, false) => &mut lines.true_negative,
    };
    *cell += 1;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marks::tests::deletions;

    #[test]
    fn a_line_is_deleted_if_nothing_of_it_is_left_but_white_space() {
        let text = "menu\n\nstory goes on\n  ad \nend";
        let gold = deletions(text, &[(0, 5), (20, 26)]);
        // The second half of a line is no line; the blank line and the blanks do not count.
        let predicted = deletions(text, &[(0, 6), (12, 20), (22, 24)]);
        let judged = Judged::of(text, &gold, Some(&predicted)).unwrap();
        let wanted =
            Counts { true_positive: 2, false_positive: 0, false_negative: 0, true_negative: 2 };
        assert_eq!(judged.lines, wanted);
        assert!(!judged.exact && !judged.agrees());
    }

    #[test]
    fn a_document_is_untouched_partly_cleaned_or_emptied() {
        let text = "a\nb ";
        let judged = |spans: &[(usize, usize)]| {
            let predicted = deletions(text, spans);
            Judged::of(text, &deletions(text, &[(0, 3)]), Some(&predicted)).unwrap()
        };
        assert_eq!(judged(&[]).share(), Share::None);
        assert_eq!(judged(&[(1, 2)]).share(), Share::None);
        assert!(judged(&[(1, 2)]).touched);
        assert_eq!(judged(&[(0, 2)]).share(), Share::Part);
        assert_eq!(judged(&[(0, 4)]).share(), Share::All);
        assert_eq!(judged(&[(0, 4)]).gold_share(), Share::All);
        assert!(judged(&[(0, 4)]).agrees() && !judged(&[(0, 4)]).exact);
        assert!(judged(&[(0, 3)]).exact);
    }
}
