//! WET: WARC records of extracted text, as Common Crawl gives them.

pub(crate) mod rows;
pub(crate) mod split;
