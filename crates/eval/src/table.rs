//! A table that can be laid out as text, Markdown and HTML.

use std::fmt::Write;

/// Characters of a line of a note in text (as the help of the program has them).
const LINE: usize = 96;

/// A table of words and figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// The heads of its columns.
    pub heads: Vec<String>,
    /// Its rows; each has as many cells as there are heads.
    pub rows: Vec<Vec<String>>,
    /// Columns of words at the left; the others are figures, which stand at the right.
    pub words: usize,
    /// What must be known to read it.
    pub notes: Vec<String>,
}

impl Table {
    /// A table without rows.
    #[must_use]
    pub fn new(title: &str, heads: &[&str]) -> Self {
        let heads = heads.iter().map(|&head| head.to_owned()).collect();
        Self { title: title.to_owned(), heads, words: 1, ..Self::default() }
    }

    /// With so many columns of words.
    #[must_use]
    pub const fn with_words(mut self, words: usize) -> Self {
        self.words = words;
        self
    }

    /// Adds a row.
    pub fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// Adds a note.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// For a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let widths = self.widths();
        let mut out = format!("{}\n", self.title);
        for row in std::iter::once(&self.heads).chain(&self.rows) {
            let cells = row.iter().enumerate().map(|(at, cell)| self.padded(at, cell, &widths));
            let line = cells.collect::<Vec<_>>().join("  ");
            let _ = writeln!(out, "  {}", line.trim_end());
        }
        for line in self.notes.iter().flat_map(|note| wrapped(note)) {
            let _ = writeln!(out, "  {line}");
        }
        out
    }

    /// For a page of Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let row = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let rule = |at: usize| if at < self.words { "---" } else { "---:" };
        let rules: Vec<&str> = (0..self.heads.len()).map(rule).collect();
        let mut out = format!("### {}\n\n{}", self.title, row(&self.heads));
        let _ = writeln!(out, "|{}|", rules.join("|"));
        self.rows.iter().for_each(|cells| out.push_str(&row(cells)));
        for note in &self.notes {
            let _ = write!(out, "\n{note}\n");
        }
        out
    }

    /// For a page of HTML.
    #[must_use]
    pub fn html(&self) -> String {
        let row = |cells: &[String], (open, close): (&str, &str)| {
            let cell = |(at, cell): (usize, &String)| {
                let kind = if at < self.words { "word" } else { "figure" };
                format!("<{open} class=\"{kind}\">{}</{close}>", escaped(cell))
            };
            format!("<tr>{}</tr>\n", cells.iter().enumerate().map(cell).collect::<String>())
        };
        let rows: String = self.rows.iter().map(|cells| row(cells, ("td", "td"))).collect();
        let notes = self.notes.iter().map(|note| format!("<p>{}</p>\n", escaped(note)));
        let title = escaped(&self.title);
        format!(
            "<section>\n<h2>{title}</h2>\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" \
             aria-label=\"{title}\"><table>\n<thead>{}</thead>\n<tbody>{rows}</tbody>\n</table></div>\n\
             {}</section>\n",
            row(&self.heads, ("th scope=\"col\"", "th")),
            notes.collect::<String>()
        )
    }

    fn widths(&self) -> Vec<usize> {
        let width = |at: usize| {
            let rows = std::iter::once(&self.heads).chain(&self.rows);
            rows.filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max()
        };
        (0..self.heads.len()).map(|at| width(at).unwrap_or_default()).collect()
    }

    fn padded(&self, at: usize, cell: &str, widths: &[usize]) -> String {
        let width = widths.get(at).copied().unwrap_or_default();
        if at < self.words { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
    }
}

/// A note in lines that a terminal holds.
fn wrapped(note: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in note.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < LINE => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Text as it stands in HTML.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new("Scores", &["refiner", "F1"]);
        table.push(vec!["a|b".to_owned(), "0.5".to_owned()]);
        table.push(vec!["<ours>".to_owned(), "10.25".to_owned()]);
        table.note("F1 of what & why");
        table
    }

    #[test]
    fn figures_stand_at_the_right_in_text() {
        let wanted =
            "Scores\n  refiner     F1\n  a|b        0.5\n  <ours>   10.25\n  F1 of what & why\n";
        assert_eq!(table().text(), wanted);
    }

    #[test]
    fn long_notes_are_cut_between_words() {
        let mut table = Table::new("Scores", &["refiner"]);
        table.note("word ".repeat(40).trim_end());
        let text = table.text();
        assert!(text.lines().all(|line| line.chars().count() <= LINE + 2), "{text}");
        assert_eq!(text.matches("word").count(), 40);
    }

    #[test]
    fn no_cell_breaks_markdown_or_html() {
        let markdown = table().markdown();
        assert!(markdown.contains("|---|---:|\n| a\\|b | 0.5 |\n"), "{markdown}");
        let html = table().html();
        assert!(html.contains("&lt;ours&gt;</td><td class=\"figure\">10.25"), "{html}");
        assert!(html.contains("what &amp; why"));
    }
}
