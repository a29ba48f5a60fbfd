//! Programs for whole documents, as they were meant: `drop_doc()` or `keep_doc()`.

use super::read::RefusedCall;

/// What a program for a whole document says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Whether the document is dropped. One of which nothing readable is said stays.
    pub drops: bool,
    /// Calls that are refused.
    pub refused: Vec<RefusedCall>,
}

/// Reads a program for a whole document. The first decision counts; one that says the contrary is
/// refused, as is everything that is no decision.
#[must_use]
pub fn read_document(program: &str) -> Choice {
    let (mut choice, mut said) = (Choice::default(), None);
    for (at, call) in program.split('\n').map(str::trim).enumerate() {
        let reason = match (decision(call), said) {
            _ if call.is_empty() => continue,
            (Ok(drops), None) => {
                said = Some(drops);
                continue;
            }
            (Ok(drops), Some(before)) if drops == before => continue,
            (Ok(_), Some(_)) => "contradiction",
            (Err(reason), _) => reason,
        };
        choice.refused.push(RefusedCall { call: at + 1, text: call.to_owned(), reason });
    }
    choice.drops = said.unwrap_or(false);
    choice
}

/// Whether a call drops the document.
fn decision(call: &str) -> Result<bool, &'static str> {
    let (name, rest) = call.split_once('(').ok_or("unparsable")?;
    match (name.trim_end(), rest.trim_start()) {
        ("drop_doc", ")") => Ok(true),
        ("keep_doc", ")") => Ok(false),
        ("drop_doc" | "keep_doc", "") => Err("truncated"),
        ("drop_doc" | "keep_doc", _) => Err("unparsable"),
        _ => Err("unknown_call"),
    }
}

/// Parts a program in which both kinds of calls may stand: what is said of the whole document, and
/// the rest. Either is `None` if there is nothing of it.
#[must_use]
pub fn parted(program: &str) -> (Option<String>, Option<String>) {
    let of_document = |call: &&str| {
        let call = call.trim_start();
        call.starts_with("drop_doc") || call.starts_with("keep_doc")
    };
    let (document, rest): (Vec<&str>, Vec<&str>) = program.split('\n').partition(of_document);
    let has_rest = document.is_empty() || rest.iter().any(|call| !call.trim().is_empty());
    let document = (!document.is_empty()).then(|| document.join("\n"));
    (document, has_rest.then(|| rest.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_decision_counts_and_what_is_none_is_refused() {
        let read = |program| {
            let choice = read_document(program);
            let reasons: Vec<_> =
                choice.refused.iter().map(|call| (call.call, call.reason)).collect();
            (choice.drops, reasons)
        };
        assert_eq!(read(" drop_doc()"), (true, vec![]));
        assert_eq!(read("keep_doc()\nkeep_doc()"), (false, vec![]));
        assert_eq!(read("keep_doc()\ndrop_doc()"), (false, vec![(2, "contradiction")]));
        assert_eq!(read("drop the document"), (false, vec![(1, "unparsable")]));
        assert_eq!(read("drop_doc("), (false, vec![(1, "truncated")]));
        assert_eq!(
            read("drop_docs()\n\ndrop_doc(1)\ndrop_doc()"),
            (true, vec![(1, "unknown_call"), (3, "unparsable")])
        );
        assert_eq!(read(""), (false, vec![]));
    }

    #[test]
    fn a_program_of_both_kinds_is_parted() {
        let said = |program| {
            let (document, rest) = parted(program);
            (document.unwrap_or("-".to_owned()), rest.unwrap_or("-".to_owned()))
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(said("keep_doc()"), pair("keep_doc()", "-"));
        assert_eq!(said("untouch_doc()"), pair("-", "untouch_doc()"));
        assert_eq!(
            said("keep_doc()\nremove_lines(line_start=0, line_end=0)\n"),
            pair("keep_doc()", "remove_lines(line_start=0, line_end=0)\n")
        );
        assert_eq!(said(""), pair("-", ""));
    }
}
