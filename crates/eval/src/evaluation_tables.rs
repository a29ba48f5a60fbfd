//! An evaluation as tables.

use crate::bootstrap::{Comparison, Interval};
use crate::breakdown::GroupScores;
use crate::calibration::{Bin, Calibration, Reliability};
use crate::evaluation::{Evaluation, Outcomes, RefinerScores};
use crate::figure::FIGURES;
use crate::table::Table;

/// Groups of one breakdown that a table shows: the largest (guess: what fits a screen).
const MOST_GROUPS: usize = 24;
/// Refiners of which a table compares each with each (guess: what fits a screen).
const MOST_COMPARED: usize = 3;
/// Cells of a bar in a reliability diagram.
const BAR: usize = 20;

impl Evaluation {
    /// Everything, laid out for people.
    #[must_use]
    pub fn tables(&self) -> Vec<Table> {
        let mut tables = vec![self.scores(), self.intervals(), self.documents()];
        tables.extend((!self.comparisons.is_empty()).then(|| self.differences()));
        for at in 0..self.refiners.first().map_or(0, |first| first.breakdowns.len()) {
            tables.push(self.breakdown(at));
        }
        for refiner in &self.refiners {
            tables.extend(refiner.calibration.iter().flat_map(|of| diagrams(&refiner.name, of)));
        }
        tables.extend(self.rewritings());
        tables
    }

    /// The figures.
    #[must_use]
    pub fn scores(&self) -> Table {
        let documents = self.refiners.first().map_or(0, |first| first.scores.documents);
        let title = format!("{documents} documents of {} pages, gold {}", self.pages, self.gold);
        let mut table = Table::new(&title, &heads());
        for refiner in &self.refiners {
            let figures = FIGURES.iter().map(|shown| figure(shown.of(&refiner.scores)));
            table.push(std::iter::once(refiner.name.clone()).chain(figures).collect());
        }
        table.note(
            "Of characters that are not white space: precision, recall and F1 of deletions; share of \
             what gold keeps that was kept; mean over documents of the F1 of the kept text; F1 of \
             lines deleted whole; share of documents deleted as gold, white space aside; share deleted.",
        );
        if self.unjudged > 0 {
            let unjudged = self.unjudged;
            table.note(format!("{unjudged} rows of gold say nothing of what is right; left out."));
        }
        if self.absent > 0 {
            let absent = self.absent;
            table.note(format!("{absent} documents of gold have no prediction; left out."));
        }
        table
    }

    /// How sure the figures are.
    fn intervals(&self) -> Table {
        let mut table = Table::new("Intervals of 95 %", &heads());
        for refiner in &self.refiners {
            let intervals = FIGURES.iter().map(|shown| {
                let interval = refiner.intervals.get(shown.key);
                interval.map_or_else(String::new, |of| format!("{:.3}–{:.3}", of.low, of.high))
            });
            table.push(std::iter::once(refiner.name.clone()).chain(intervals).collect());
        }
        let (rounds, seed) = (self.resampling.rounds, self.resampling.seed);
        table.note(format!("Of {rounds} resamples of the pages (seed {seed})."));
        table
    }

    /// What becomes of whole documents.
    fn documents(&self) -> Table {
        let names = self.refiners.iter().map(|refiner| refiner.name.as_str());
        let heads: Vec<&str> = std::iter::once("gold → refiner").chain(names).collect();
        let mut table = Table::new("Documents", &heads);
        let mut push = |name: String, of: &dyn Fn(&RefinerScores) -> String| {
            table.push(std::iter::once(name).chain(self.refiners.iter().map(of)).collect());
        };
        for gold in Outcomes::SHARES {
            for predicted in Outcomes::SHARES {
                push(format!("{} → {}", gold.name(), predicted.name()), &|refiner| {
                    refiner.outcomes.documents(gold, predicted).to_string()
                });
            }
        }
        push("exact programs".to_owned(), &|refiner| figure(refiner.scores.exact_programs));
        push("without a prediction".to_owned(), &|refiner| refiner.scores.missing.to_string());
        table
    }

    /// Each refiner beside each before it.
    fn differences(&self) -> Table {
        let heads = ["second less first", "figure", "difference", "95 %", "p"];
        let mut table = Table::new("Differences", &heads).with_words(2);
        let first = self.refiners.first().map_or("", |first| &first.name);
        let all = self.refiners.len() <= MOST_COMPARED;
        let shown = self.comparisons.iter().filter(|of| all || of.first == first);
        shown.for_each(|comparison| compared(comparison, &mut table));
        if !all {
            table.note("Of so many refiners the others are compared with the first; the rest is in the JSON.");
        }
        let rounds = self.resampling.rounds;
        table.note(format!(
            "95 % of the resamples, the same pages for both; p: two-sided, {rounds} random exchanges \
             of pages between the two, not corrected for the number of comparisons."
        ));
        table
    }

    fn breakdown(&self, at: usize) -> Table {
        let Some(first) = self.refiners.first().and_then(|first| first.breakdowns.get(at)) else {
            return Table::default();
        };
        let mut heads = vec!["group", "refiner", "documents", "characters", "noise"];
        heads.extend(["precision", "recall", "F1", "kept recall", "deleted"]);
        let mut table = Table::new(&format!("By {}", first.by), &heads).with_words(2);
        let mut shown: Vec<&GroupScores> = Vec::new();
        for refiner in &self.refiners {
            let same = refiner.breakdowns.iter().find(|breakdown| breakdown.by == first.by);
            shown.extend(same.into_iter().flat_map(|breakdown| &breakdown.groups));
        }
        let names = names_in_order(&shown);
        for name in names.iter().take(MOST_GROUPS) {
            for refiner in &self.refiners {
                let same = refiner.breakdowns.iter().find(|breakdown| breakdown.by == first.by);
                let groups = same.into_iter().flat_map(|breakdown| &breakdown.groups);
                let mut groups = groups.filter(|group| group.name == **name);
                table.rows.extend(groups.next().map(|group| group_row(group, &refiner.name)));
            }
        }
        if names.len() > MOST_GROUPS {
            let more = names.len() - MOST_GROUPS;
            table.note(format!("{more} smaller groups are in the JSON alone."));
        }
        table
    }

    fn rewritings(&self) -> Option<Table> {
        let heads = [
            "rewriter",
            "documents",
            "pure deletion",
            "tokens out",
            "new words",
            "new by 1,000",
            "surplus by 1,000",
            "residue by 1,000",
        ];
        let mut table = Table::new("What rewriting adds", &heads);
        for refiner in &self.refiners {
            let Some(of) = &refiner.rewriting else { continue };
            table.push(vec![
                refiner.name.clone(),
                of.documents.to_string(),
                figure(of.pure_deletion_share),
                of.tokens.to_string(),
                of.new_words.to_string(),
                format!("{:.2}", of.new_words_per_1000_tokens),
                format!("{:.2}", of.surplus_words_per_1000_tokens),
                format!("{:.2}", of.residue_characters_per_1000_tokens),
            ]);
        }
        table.note(
            "By 1,000 tokens of the output (its characters divided by four): words that the raw text \
             has nowhere; words that it has less often; characters inserted, replaced or moved.",
        );
        (!table.rows.is_empty()).then_some(table)
    }
}

/// Names as they came first; where there are too many for a table, the largest groups first.
fn names_in_order<'a>(groups: &[&'a GroupScores]) -> Vec<&'a str> {
    let mut names: Vec<(&str, u64)> = Vec::new();
    for group in groups {
        if !names.iter().any(|(name, _)| *name == group.name) {
            names.push((&group.name, group.text.characters));
        }
    }
    if names.len() > MOST_GROUPS {
        names.sort_by_key(|(_, characters)| std::cmp::Reverse(*characters));
    }
    names.into_iter().map(|(name, _)| name).collect()
}

fn group_row(group: &GroupScores, refiner: &str) -> Vec<String> {
    let mut row = vec![group.name.clone(), refiner.to_owned()];
    row.extend([group.documents, group.text.characters].map(|count| count.to_string()));
    let (noise, gone) = (group.text.gold_deleted_share, group.text.deleted_share);
    row.push(figure(noise));
    row.push(figure_if(gone > 0.0, group.text.deletion_precision));
    row.push(figure_if(noise > 0.0, group.text.deletion_recall));
    row.push(figure_if(noise > 0.0 && gone > 0.0, group.text.deletion_f1));
    row.push(figure_if(noise < 1.0, group.text.kept_recall));
    row.push(figure(gone));
    row
}

fn compared(comparison: &Comparison, table: &mut Table) {
    for shown in &FIGURES {
        let Some(found) = comparison.differences.get(shown.key) else { continue };
        let Interval { low, high } = found.interval;
        table.push(vec![
            format!("{} less {}", comparison.second, comparison.first),
            shown.name.to_owned(),
            format!("{:+.4}", found.difference),
            format!("{low:+.4} to {high:+.4}"),
            format!("{:.3}", found.p_value),
        ]);
    }
}

fn diagrams(refiner: &str, calibration: &Calibration) -> Vec<Table> {
    let mut tables = vec![diagram(refiner, "lines", &calibration.lines)];
    tables.extend(calibration.pieces.iter().map(|of| diagram(refiner, "pieces", of)));
    tables
}

fn diagram(refiner: &str, units: &str, of: &Reliability) -> Table {
    let heads = ["share of noise", "score", units, "characters", "mean score", "noise"];
    let mut table = Table::new(&format!("Reliability of the scores of {units}: {refiner}"), &heads)
        .with_words(2);
    for bin in &of.bins {
        table.push(vec![
            bar(bin),
            format!("{:.1} to {:.1}", bin.from, bin.to),
            bin.units.to_string(),
            bin.characters.to_string(),
            figure(bin.mean_score),
            figure(bin.noise_share),
        ]);
    }
    table.note(format!(
        "Expected calibration error {:.4} ({:.4} by characters), Brier score {:.4}. In the bar, ┃ is \
         the mean score: a probability has its bar end there.",
        of.expected_calibration_error,
        of.expected_calibration_error_by_characters,
        of.brier_score
    ));
    table
}

/// The share of noise as a bar, with a mark at the mean score.
fn bar(bin: &Bin) -> String {
    if bin.units == 0 {
        return String::new();
    }
    let cell = |share: f64| (share.clamp(0.0, 1.0) * BAR as f64).round() as usize;
    let (noise, mark) = (cell(bin.noise_share), cell(bin.mean_score).min(BAR - 1));
    let drawn = |at: usize| match at {
        at if at == mark => '┃',
        at if at < noise => '█',
        _ => '·',
    };
    (0..BAR).map(drawn).collect()
}

/// The heads of tables of all figures.
fn heads() -> Vec<&'static str> {
    std::iter::once("refiner").chain(FIGURES.map(|figure| figure.name)).collect()
}

/// A figure that is one only where there is something to take a share of.
fn figure_if(there_is: bool, value: f64) -> String {
    if there_is { figure(value) } else { "–".to_owned() }
}

fn figure(value: f64) -> String {
    format!("{value:.4}")
}

impl RefinerScores {
    /// The group of this name in a breakdown.
    #[must_use]
    pub fn group(&self, by: &str, name: &str) -> Option<&GroupScores> {
        let breakdown = self.breakdowns.iter().find(|breakdown| breakdown.by == by)?;
        breakdown.groups.iter().find(|group| group.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bootstrap::Resampling;
    use crate::evaluator::{Evaluator, Predicted, Subject};
    use crate::marks::tests::deletions;
    use refinex_core::{Score, Scores};

    fn evaluation() -> Evaluation {
        let text = "menu\nstory\n";
        let gold = deletions(text, &[(0, 5)]);
        let scores =
            Scores { lines: vec![Score::from_thousandths(900), Score::ZERO], pieces: vec![] };
        let mut evaluator = Evaluator::new(&["ours".to_owned(), "nothing".to_owned()]);
        let facts: Vec<_> = (0..30).map(|at| vec![("host".to_owned(), format!("h{at}"))]).collect();
        for facts in &facts {
            let subject = Subject { text, gold: &gold, page: &facts[0].1, facts };
            let ours = Predicted { deletions: Some(&gold), scores: Some(&scores), rewriting: None };
            evaluator.take(&subject, &[ours, Predicted::default()]).unwrap();
        }
        evaluator.finish("gold.jsonl", Resampling { rounds: 50, seed: 1 })
    }

    #[test]
    fn every_table_has_its_heads_over_its_cells() {
        let tables = evaluation().tables();
        let titles: Vec<&str> = tables.iter().map(|table| table.title.as_str()).collect();
        let wanted = [
            "30 documents of 30 pages, gold gold.jsonl",
            "Intervals of 95 %",
            "Documents",
            "Differences",
            "By emptied documents",
            "By host",
            "By characters of the document",
            "By place in the document",
            "Reliability of the scores of lines: ours",
        ];
        assert_eq!(titles, wanted);
        for table in &tables {
            assert!(table.rows.iter().all(|row| row.len() == table.heads.len()), "{}", table.title);
        }
    }

    #[test]
    fn figures_come_with_their_interval_and_groups_with_each_refiner() {
        let tables = evaluation().tables();
        assert_eq!(tables[0].rows[0][3], "1.0000");
        assert_eq!(tables[1].rows[0][3], "1.000–1.000");
        assert_eq!(tables[2].rows[4], ["partly → partly", "30", "0"]);
        assert_eq!(tables[3].rows[2][..3], ["nothing less ours", "F1", "-1.0000"]);
        assert_eq!(tables[4].rows[1][5..8], ["–", "0.0000", "–"]);
        assert_eq!(tables[5].rows.len(), 2 * MOST_GROUPS);
        assert_eq!(tables[5].notes, ["6 smaller groups are in the JSON alone."]);
    }

    #[test]
    fn a_bar_ends_at_the_share_of_noise_and_is_marked_at_the_score() {
        let rows = evaluation().tables().remove(8).rows;
        assert_eq!(rows[9][0], format!("{}┃█", "█".repeat(18)));
        assert_eq!(rows[0][0], format!("┃{}", "·".repeat(19)));
        assert_eq!(rows[5][0], "");
    }
}
