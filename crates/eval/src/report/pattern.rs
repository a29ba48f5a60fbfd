//! The normal form of a line, so that lines that differ in a number or a name count as one pattern.

use crate::report::bounded::hash;

/// Most bytes of a line that are looked at (guess: what is longer is no pattern but prose, and the
/// beginning says which).
const MOST_BYTES: usize = 400;

/// Names of months and days in the languages that the corpora hold most of. They are folded only in
/// lines with a digit, so that "may" and "sun" stay words elsewhere.
const DATE_WORDS: &[&str] = &[
    "jan",
    "january",
    "januar",
    "janvier",
    "enero",
    "feb",
    "february",
    "februar",
    "février",
    "febrero",
    "mar",
    "march",
    "märz",
    "mars",
    "marzo",
    "apr",
    "april",
    "avril",
    "abril",
    "may",
    "mai",
    "mayo",
    "jun",
    "june",
    "juni",
    "juin",
    "junio",
    "jul",
    "july",
    "juli",
    "juillet",
    "julio",
    "aug",
    "august",
    "août",
    "agosto",
    "sep",
    "sept",
    "september",
    "septembre",
    "septiembre",
    "oct",
    "october",
    "oktober",
    "octobre",
    "octubre",
    "nov",
    "november",
    "novembre",
    "noviembre",
    "dec",
    "december",
    "dezember",
    "décembre",
    "diciembre",
    "mon",
    "monday",
    "tue",
    "tuesday",
    "wed",
    "wednesday",
    "thu",
    "thursday",
    "fri",
    "friday",
    "sat",
    "saturday",
    "sun",
    "sunday",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonntag",
    "lundi",
    "mardi",
    "mercredi",
    "jeudi",
    "vendredi",
    "samedi",
    "dimanche",
];

/// Ends of host names that are taken for such without `www.` or `://`.
const HOST_ENDS: &[&str] = &[
    "com", "org", "net", "edu", "gov", "io", "co", "uk", "de", "fr", "es", "it", "nl", "ru", "cn",
    "jp", "info", "biz", "eu", "se", "no", "fi", "dk", "pl", "ch", "at", "au", "ca", "us", "br",
    "in", "tv", "example",
];

/// Normalises lines; it holds its buffers, so that a line costs no allocation.
#[derive(Default)]
pub(crate) struct Folder {
    folded: String,
    word: String,
}

impl Folder {
    /// The normal form of a line: case folded, white space to one blank, numbers to `0`, names of
    /// months and days (in lines with a digit) to `‹date›`, hosts and addresses to `‹host›`.
    pub(crate) fn fold(&mut self, line: &str) -> &str {
        let line = clipped(line.trim(), MOST_BYTES);
        let dated = line.bytes().any(|byte| byte.is_ascii_digit());
        self.folded.clear();
        for word in line.split_whitespace() {
            if !self.folded.is_empty() {
                self.folded.push(' ');
            }
            if word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
                push_plain(&mut self.folded, word, dated);
                continue;
            }
            self.word.clear();
            lower_onto(&mut self.word, word);
            fold_word(&mut self.folded, &self.word, dated);
        }
        &self.folded
    }

    /// The hash of the normal form of a line.
    pub(crate) fn key(&mut self, line: &str) -> u64 {
        hash(self.fold(line).as_bytes())
    }
}

/// The beginning of a text, at most so many bytes of it.
pub(crate) fn clipped(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

fn lower_onto(out: &mut String, word: &str) {
    if word.is_ascii() {
        out.push_str(word);
        out.make_ascii_lowercase();
    } else {
        out.extend(word.chars().flat_map(char::to_lowercase));
    }
}

/// Most words are letters of ASCII alone: no host, no number, nothing around them.
fn push_plain(out: &mut String, word: &str, dated: bool) {
    let start = out.len();
    out.push_str(word);
    out[start..].make_ascii_lowercase();
    if dated && DATE_WORDS.contains(&&out[start..]) {
        out.truncate(start);
        out.push_str("‹date›");
    }
}

fn fold_word(out: &mut String, word: &str, dated: bool) {
    let core = word.trim_matches(|c: char| !c.is_alphanumeric());
    let before = word.len() - word.trim_start_matches(|c: char| !c.is_alphanumeric()).len();
    let folded = if is_host(core) {
        "‹host›"
    } else if dated && DATE_WORDS.contains(&core) {
        "‹date›"
    } else {
        return fold_numbers(out, word);
    };
    out.push_str(&word[..before]);
    out.push_str(folded);
    out.push_str(&word[before + core.len()..]);
}

/// Runs of digits, with the points and commas inside of them, become `0`.
fn fold_numbers(out: &mut String, word: &str) {
    if word.is_ascii() && !word.bytes().any(|byte| byte.is_ascii_digit()) {
        return out.push_str(word);
    }
    let mut letters = word.chars().peekable();
    let mut inside = false;
    while let Some(c) = letters.next() {
        let digit = c.is_numeric();
        if digit && !inside {
            out.push('0');
        }
        let joins =
            inside && matches!(c, '.' | ',') && letters.peek().is_some_and(|c| c.is_numeric());
        inside = digit || joins;
        if !inside {
            out.push(c);
        }
    }
}

fn is_host(core: &str) -> bool {
    if !core.contains('.') || core.contains('@') {
        return false;
    }
    if core.starts_with("www.") || core.contains("://") {
        return true;
    }
    let host = core.split('/').next().unwrap_or(core);
    let Some((name, end)) = host.rsplit_once('.') else { return false };
    let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    name.len() > 1 && name.chars().all(sound) && HOST_ENDS.contains(&end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_differ_in_numbers_dates_and_hosts_are_one_pattern() {
        let mut folder = Folder::default();
        for (line, wanted) in [
            ("  Posted  on 3 March 2021 at 10:45", "posted on 0 ‹date› 0 at 0:0"),
            ("Posted on 17 Oct 1999 at 9:05", "posted on 0 ‹date› 0 at 0:0"),
            ("1,204 Comments", "0 comments"),
            ("© 2019 www.example.org.", "© 0 ‹host›."),
            ("Read more at (https://a.b/c?d=1)", "read more at (‹host›)"),
            ("SHOP.CO.UK/basket", "‹host›"),
            ("You may leave", "you may leave"),
            ("Über 12.5 % mehr", "über 0 % mehr"),
            ("e.g. this. And Node.js", "e.g. this. and node.js"),
            ("mail me@example.com", "mail me@example.com"),
            ("٣ تعليقات", "0 تعليقات"),
        ] {
            assert_eq!(folder.fold(line), wanted);
        }
    }

    #[test]
    fn any_text_is_folded_and_folding_again_changes_nothing() {
        let mut folder = Folder::default();
        let long = "é1 ".repeat(400);
        for line in ["", " \u{2028} ", "\0\u{feff}", "1.", ".1", "...", long.as_str(), "İ 2 .com"]
        {
            let once = folder.fold(line).to_owned();
            assert_eq!(folder.fold(&once), once, "{line:?}");
        }
    }
}
