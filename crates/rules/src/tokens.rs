//! The words of the text that is decided on, split once for all rules.

#[cfg(feature = "punkt")]
use crate::nltk::Nltk;
use crate::profile::Profile;
use crate::spacy::Spacy;
use crate::words::Words;

/// The tokenisers, and the words of one text.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    #[cfg(feature = "punkt")]
    nltk: Nltk,
    spacy: Spacy,
    words: Words,
    /// The profile by which `words` are those of the present text.
    split_by: Option<Profile>,
}

impl Tokens {
    /// Another text comes.
    pub(crate) const fn forget(&mut self) {
        self.split_by = None;
    }

    /// The words of the present text.
    pub(crate) fn words(&mut self, text: &str, profile: Profile) -> &Words {
        if self.split_by != Some(profile) {
            self.words.clear();
            match profile {
                #[cfg(feature = "punkt")]
                Profile::V0_3 => self.nltk.words(text, &mut self.words),
                Profile::V0_10 => self.spacy.words(text, &mut self.words),
            }
            self.split_by = Some(profile);
        }
        &self.words
    }

    /// Number of sentences of any text.
    pub(crate) fn count_sentences(&mut self, text: &str, profile: Profile) -> usize {
        match profile {
            #[cfg(feature = "punkt")]
            Profile::V0_3 => Nltk::count_sentences(text),
            Profile::V0_10 => self.spacy.count_sentences(text),
        }
    }
}
