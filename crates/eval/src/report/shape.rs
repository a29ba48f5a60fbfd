//! What a line looks like, by simple signs. None of them is a verdict: they say which deletions a person
//! should look at first.

/// What a line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A heading of Markdown.
    Marked,
    /// A short line that could be a heading.
    Heading,
    /// A long line that ends as a sentence ends.
    Prose,
    /// A line of a program.
    Code,
    /// A row of a table with numbers.
    Table,
    /// Anything else.
    Other,
}

/// Fewest bytes of a line of prose (guess: one sentence that is no teaser; 33 characters of Chinese).
const PROSE_BYTES: usize = 100;
/// Most bytes of a heading (guess).
const HEADING_BYTES: usize = 90;

impl Shape {
    /// The shape of a line that is not blank.
    pub(crate) fn of(line: &str) -> Self {
        let trimmed = line.trim();
        if is_marked(trimmed) {
            Self::Marked
        } else if is_prose(trimmed) {
            Self::Prose
        } else if is_code(trimmed) {
            Self::Code
        } else if is_table(trimmed) {
            Self::Table
        } else if is_heading(trimmed) {
            Self::Heading
        } else {
            Self::Other
        }
    }
}

fn is_marked(line: &str) -> bool {
    let rest = line.trim_start_matches('#');
    let marks = line.len() - rest.len();
    (1..=6).contains(&marks) && rest.starts_with(' ') && rest.len() > 2
}

fn is_prose(line: &str) -> bool {
    if line.len() < PROSE_BYTES || !ends_as_sentence(line) {
        return false;
    }
    let letters = line.chars().filter(|c| c.is_alphabetic()).count();
    10 * letters >= 6 * line.chars().count()
}

fn ends_as_sentence(line: &str) -> bool {
    let bare = line.trim_end_matches(['"', '\'', '”', '’', '»', ')', ']', '」', '』']);
    bare.ends_with(['.', '!', '?', '…', ':', '。', '！', '？', '؟', '।', '：'])
}

/// Words that begin a line of a program and are followed by a blank.
const CODE_WORDS: &[&str] = &[
    "def",
    "fn",
    "#include",
    "import",
    "from",
    "return",
    "public",
    "private",
    "static",
    "class",
    "struct",
    "var",
    "let",
    "const",
    "function",
    "void",
    "int",
    "for",
    "while",
    "if",
    "elif",
    "else",
    "try:",
    "$",
    ">>>",
    "SELECT",
    "INSERT",
    "use",
    "pub",
    "func",
    "package",
    "using",
    "namespace",
    "//",
];

fn is_code(line: &str) -> bool {
    if line.starts_with("```") {
        return true;
    }
    // What a template should have filled in is no code.
    if line.starts_with('{') && line.ends_with('}') && line.len() > 2 && !line.contains([';', ':'])
    {
        return false;
    }
    let has = |signs: &[char]| line.contains(signs);
    let closes = line.ends_with([';', '{', '}']) || line.ends_with("*/") || line.ends_with("):");
    let lone = matches!(line, "}" | "{" | "};" | "});" | "]" | "end");
    let first = line.split_whitespace().next().unwrap_or_default();
    let begins = CODE_WORDS.contains(&first) && has(&['(', '=', '{', ';', '<', '_', '$']);
    let assigns =
        || [" = ", " == ", " => ", "->", "::", "();"].iter().any(|sign| line.contains(sign));
    lone || begins || (closes && (has(&['(', '=', '{', '<', '*']) || assigns()))
}

fn is_table(line: &str) -> bool {
    // Without a digit there is no number; that is quickly seen of most lines.
    if line.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_digit()) {
        return false;
    }
    let cells = |by: char| line.split(by).filter(|cell| !cell.trim().is_empty());
    for by in ['|', '\t'] {
        let (all, numbers) = (cells(by).count(), cells(by).filter(|cell| is_number(cell)).count());
        if all >= 3 && numbers >= 1 {
            return true;
        }
    }
    let (all, numbers) = (cells(' ').count(), cells(' ').filter(|cell| is_number(cell)).count());
    (4..=20).contains(&all) && numbers >= 4 && 2 * numbers >= all
}

/// Whether at least half of what a cell says is digits.
fn is_number(cell: &str) -> bool {
    let said = cell.chars().filter(|c| c.is_alphanumeric());
    let digits = cell.chars().filter(|c| c.is_numeric()).count();
    digits > 0 && 2 * digits >= said.count()
}

fn is_heading(line: &str) -> bool {
    let words = line.split_whitespace().count();
    let first = line.chars().next().unwrap_or(' ');
    line.len() <= HEADING_BYTES
        && (2..=12).contains(&words)
        && (first.is_uppercase() || first.is_numeric())
        && !line.ends_with(['.', '!', ';', ',', '…', '»', '>', '→', ')'])
        && !line.contains(['|', '©', '@', '›', '·', '•'])
        && !line.contains("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_known_by_their_signs() {
        for (line, shape) in [
            ("## Methods", Shape::Marked),
            ("Why the bridge was closed", Shape::Heading),
            ("What happened next?", Shape::Heading),
            (
                "The harbour bridge will close for repairs on Monday, the council said, and traffic \
                 will use the northern route.",
                Shape::Prose,
            ),
            (
                "港口大桥将于星期一关闭进行维修，市议会表示，在工程于三月完成之前，司机应使用北部路线。请注意。",
                Shape::Prose,
            ),
            ("    for (int i = 0; i < n; i++) {", Shape::Code),
            ("import numpy as np_", Shape::Code),
            ("}", Shape::Code),
            ("let total = items.iter().sum();", Shape::Code),
            ("| Harbour | 12.4 | 18:05 |", Shape::Table),
            ("1999 12.4 18.0 7", Shape::Table),
            ("Home | About | Contact", Shape::Other),
            ("share", Shape::Other),
            ("{{ number }}", Shape::Other),
            ("edited Nov 23, 2014 at 19:18", Shape::Other),
            ("© 2021 Example News", Shape::Other),
            ("import duties were raised", Shape::Other),
        ] {
            assert_eq!(Shape::of(line), shape, "{line}");
        }
    }

    #[test]
    fn any_line_has_a_shape() {
        for line in ["", " ", "\u{2028}", "#", "####### x", "|||", "\t\t\t", "```"] {
            let _ = Shape::of(line);
        }
    }
}
