//! Rule filters of pre-training corpora, exactly as datatrove decides them: Gopher's rules of
//! repetition and quality, C4's, FineWeb's, and all of them in FineWeb's order.
//!
//! ```
//! use refinex_rules::{Profile, Rules, Scratch};
//!
//! let rules = Rules::comb(Profile::V0_10);
//! let decision = rules.decide("Too short a page.", &mut Scratch::default());
//! let dropped = decision.dropped.unwrap();
//! assert_eq!((dropped.rule.as_str(), dropped.value), ("top_2_gram", Some(9.0 / 17.0)));
//! ```
//!
//! Decisions, reasons and edited texts are those of the versions that [`Profile`] names, without a
//! difference (`lab/rules-equality`).

#![cfg_attr(
    not(feature = "punkt"),
    allow(dead_code, reason = "what only datatrove 0.3.0 does stands beside what 0.10.0 does")
)]

mod c4;
mod chars;
mod decision;
mod fineweb;
mod gopher_quality;
mod gopher_repetition;
mod grams;
mod line_rules;
#[cfg(feature = "punkt")]
mod nltk;
mod patterns;
mod profile;
pub mod prox;
mod python;
mod rules;
mod spacy;
mod step;
mod table;
mod tokens;
mod words;

pub use c4::LineRule;
pub use decision::{Dropped, Measured};
pub use line_rules::{C4Lines, PunctuatedRuns, RepeatedRuns};
pub use profile::Profile;
pub use rules::{Decision, Edited, Rules, Scratch};
pub use step::Step;
pub use words::Words;
