//! Rules in order, and what they decide on a document.

use crate::c4::{self, LineRule};
use crate::decision::{Broken, Dropped};
use crate::grams::Grams;
use crate::profile::Profile;
use crate::step::Step;
use crate::tokens::Tokens;
use crate::words::Words;
use crate::{fineweb, gopher_quality, gopher_repetition};
use refinex_core::{Deletions, Identity};
use std::collections::BTreeMap;

/// Rules in order. The first that a document breaks drops it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    names: String,
    profile: Profile,
    steps: Vec<Step>,
}

/// Room for deciding, which serves one document after the other. Decisions do not depend on it.
#[derive(Debug, Default)]
pub struct Scratch {
    tokens: Tokens,
    grams: Grams,
}

impl Scratch {
    /// The words of any text, as the tokeniser of a profile gives them: stripped, without the empty
    /// ones.
    pub fn words(&mut self, text: &str, profile: Profile) -> &Words {
        self.tokens.forget();
        self.tokens.words(text, profile)
    }

    /// Number of sentences of any text, as the tokeniser of a profile counts them.
    pub fn count_sentences(&mut self, text: &str, profile: Profile) -> usize {
        self.tokens.count_sentences(text, profile)
    }
}

/// What rules decide on a document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// Why it is dropped, if it is.
    pub dropped: Option<Dropped>,
    /// What is deleted from it, if it is kept.
    pub deletions: Deletions,
    /// The text after the rules that edit, as datatrove has it; none if none did.
    pub edited: Option<String>,
    /// Breaks between lines of which datatrove makes line feeds, and which stay as they are here,
    /// since nothing may be added: of all differences between `edited` and the text without
    /// `deletions` there is no other.
    pub foreign_breaks: usize,
    /// Lines that were left out, by reason.
    pub lines: BTreeMap<LineRule, u64>,
}

impl Rules {
    /// Reads names with commas between them, such as `gopher,c4`: the single filters
    /// `gopher-repetition`, `gopher-quality`, `c4`, `c4-any-end` (as FineWeb has it) and
    /// `fineweb-quality`; `gopher` for the first two, `fineweb` for the last, and `comb` for all in
    /// the order of FineWeb.
    ///
    /// # Errors
    /// If a name is none, or C4 is named twice.
    pub fn parse(names: &str, profile: Profile) -> Result<Self, String> {
        let mut steps = Vec::new();
        for name in names.split(',').map(str::trim) {
            steps.extend(Step::named(name).ok_or_else(|| {
                format!(
                    "expected rules among gopher, c4, fineweb, comb, gopher-repetition, \
                     gopher-quality, c4-any-end and fineweb-quality, but found {name:?}"
                )
            })?);
        }
        let edits = steps.iter().filter(|step| step.edits()).count();
        if edits > 1 {
            return Err(format!("expected at most one C4 filter, but found {edits} in {names:?}"));
        }
        Ok(Self { names: names.to_owned(), profile, steps })
    }

    /// The rules of FineWeb in its order.
    #[must_use]
    pub fn comb(profile: Profile) -> Self {
        let steps = Step::named("comb").unwrap_or_default();
        Self { names: "comb".to_owned(), profile, steps }
    }

    /// The filters in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Which datatrove decides.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// Who decides.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let steps: Vec<&str> = self.steps.iter().map(|step| step.name()).collect();
        Identity {
            name: format!("rules {} ({})", self.names, self.profile),
            fingerprint: format!("rules-1 {} {}", self.profile, steps.join(",")),
        }
    }

    /// Decides on a document. datatrove fails on an empty text with the rules of repetition; here
    /// it is dropped as `empty_text`.
    #[must_use]
    pub fn decide(&self, text: &str, scratch: &mut Scratch) -> Decision {
        let mut decision = Decision::default();
        scratch.tokens.forget();
        for &step in &self.steps {
            if let Err(broken) = self.take(step, text, scratch, &mut decision) {
                let dropped = Some(broken.dropped(step.name()));
                return Decision { dropped, lines: decision.lines, ..Decision::default() };
            }
        }
        decision
    }

    fn take(
        &self,
        step: Step,
        text: &str,
        scratch: &mut Scratch,
        decision: &mut Decision,
    ) -> Result<(), Broken> {
        let now = decision.edited.as_deref().unwrap_or(text);
        let (profile, Scratch { tokens, grams }) = (self.profile, scratch);
        match step {
            Step::GopherRepetition => {
                gopher_repetition::check(now, grams, || tokens.words(now, profile))
            }
            Step::GopherQuality => gopher_quality::check(now, tokens.words(now, profile), profile),
            Step::FinewebQuality => {
                fineweb::check(now, profile, grams, || tokens.words(now, profile))
            }
            Step::C4 | Step::C4AnyEnd => {
                let any_end = step == Step::C4AnyEnd;
                let sentences = |line: &str| tokens.count_sentences(line, profile);
                let edit = c4::edit(now, any_end, sentences)?;
                if edit.text != now {
                    tokens.forget();
                }
                decision.lines = edit.lines;
                decision.deletions = edit.deletions;
                decision.foreign_breaks = edit.foreign_breaks;
                decision.edited = Some(edit.text);
                Ok(())
            }
        }
    }
}
