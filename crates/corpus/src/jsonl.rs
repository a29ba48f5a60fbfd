//! JSON lines: one JSON object a line.

pub(crate) mod decode;
pub(crate) mod encode;
pub(crate) mod literal;
pub(crate) mod scan;
pub(crate) mod split;
