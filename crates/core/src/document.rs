//! A document: an id and a text.

/// One document of a corpus: the unit that is refined, counted and named in reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document<'a> {
    /// Its id, unique in its shard if the corpus is well made.
    pub id: &'a str,
    /// Its text, any UTF-8.
    pub text: &'a str,
}
