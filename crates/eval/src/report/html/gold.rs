//! A run against gold: how right it is, and whether its scores are probabilities.

use crate::calibration::{Bin, Reliability};
use crate::evaluation::{Evaluation, RefinerScores};
use crate::figure::{FIGURES, Figure};
use crate::report::figures::{count, escaped, many};
use crate::report::html::diagram::diagram;
use crate::report::html::sections::tile;

/// The figures that are shown, by their keys.
const SHOWN: [&str; 5] =
    ["deletion_f1", "deletion_precision", "deletion_recall", "kept_recall", "deleted_share"];

/// The section of a run, with what gold says of it if there is gold.
pub(super) fn gold(found: Option<(&Evaluation, &RefinerScores)>, threshold: f64) -> String {
    let inside = match found {
        None => {
            "<p class=\"quiet\">No gold was given, so nothing here says how right these deletions \
                 are, or whether the scores are probabilities. <code>refinex report RUN --gold \
                 GOLD</code> shows both where GOLD has labels for documents of the run.</p>"
                .to_owned()
        }
        Some((all, run)) => [lead(all, run), tiles(run), reliability(run, threshold)].concat(),
    };
    format!("<section class=\"s-gold\"><h2>Against gold</h2>{inside}</section>")
}

fn lead(all: &Evaluation, run: &RefinerScores) -> String {
    let documents = many(run.scores.documents, "document");
    let pages = many(all.pages, "page");
    let absent = match all.absent {
        0 => String::new(),
        n => format!(" {} of gold are not in the run and were left out.", many(n, "document")),
    };
    format!(
        "<p>{documents} of {pages} of the run have labels in <code>{}</code>.{absent} Characters that \
         are not white space count.</p>",
        escaped(&all.gold)
    )
}

fn tiles(run: &RefinerScores) -> String {
    let shown = SHOWN.iter().filter_map(|key| FIGURES.iter().find(|figure| figure.key == *key));
    let tiles: String = shown.map(|figure| figure_tile(figure, run)).collect();
    format!("<div class=\"tiles\">{tiles}</div>")
}

fn figure_tile(figure: &Figure, run: &RefinerScores) -> String {
    let interval = run.intervals.get(figure.key);
    let interval =
        interval.map_or_else(String::new, |of| format!("95 %: {:.3} to {:.3}", of.low, of.high));
    tile(&format!("{:.3}", figure.of(&run.scores)), figure.name, &interval)
}

fn reliability(run: &RefinerScores, threshold: f64) -> String {
    let Some(calibration) = &run.calibration else {
        return "<p class=\"quiet\">The run has no scores of lines, so there is no reliability \
                diagram.</p>"
            .to_owned();
    };
    let lines = of_units("lines", &calibration.lines, threshold);
    let pieces =
        calibration.pieces.as_ref().map(|of| of_units("pieces inside lines", of, threshold));
    format!(
        "<h3>Are the scores probabilities?</h3><p>Of what scores 0.7, seven tenths should be noise: a \
         score that is a probability has its point on the diagonal. Above it there is more noise than \
         the score says, below it less. The upright line is the threshold.</p><div class=\"pair\">{lines}{}</div>",
        pieces.unwrap_or_default()
    )
}

fn of_units(units: &str, of: &Reliability, threshold: f64) -> String {
    let rows: String = of.bins.iter().filter(|bin| bin.units > 0).map(row).collect();
    format!(
        "<figure class=\"reliability\"><figcaption>Scores of {units} <span class=\"quiet\">{}; expected \
         calibration error {:.3} ({:.3} by characters), Brier score {:.3}</span></figcaption>{}\
         <details><summary>The same as a table</summary><div class=\"scroll\" role=\"region\" \
         tabindex=\"0\" aria-label=\"Reliability of {units}\"><table><thead><tr><th \
         scope=\"col\">score</th><th scope=\"col\" class=\"n\">{units}</th><th scope=\"col\" \
         class=\"n\">mean score</th><th scope=\"col\" class=\"n\">noise</th></tr></thead>\
         <tbody>{rows}</tbody></table></div></details></figure>",
        count(of.units),
        of.expected_calibration_error,
        of.expected_calibration_error_by_characters,
        of.brier_score,
        diagram(units, of, threshold)
    )
}

fn row(bin: &Bin) -> String {
    format!(
        "<tr><th scope=\"row\">{:.1} to {:.1}</th><td class=\"n\">{}</td><td class=\"n\">{:.3}</td>\
         <td class=\"n\">{:.3}</td></tr>",
        bin.from,
        bin.to,
        count(bin.units),
        bin.mean_score,
        bin.noise_share
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::bootstrap::Resampling;
    use crate::evaluator::{Evaluator, Predicted, Subject};
    use crate::marks::tests::deletions;
    use refinex_core::{Score, Scores, Span};

    /// One document of four lines, with scores or without.
    pub(crate) fn evaluation(scored: bool) -> Evaluation {
        let text = "menu\nstory\nmore\nshare this";
        let gold = deletions(text, &[(0, 5)]);
        let scores = Scores {
            lines: [950, 20, 30, 620].map(Score::from_thousandths).to_vec(),
            pieces: vec![(Span::new(16, 21), Score::from_thousandths(400))],
        };
        let predicted = Predicted {
            deletions: Some(&gold),
            scores: scored.then_some(&scores),
            rewriting: None,
        };
        let mut evaluator = Evaluator::new(&["out/<run>".to_owned()]);
        let subject = Subject { text, gold: &gold, page: "p", facts: &[] };
        evaluator.take(&subject, &[predicted]).unwrap();
        evaluator.finish("gold<1>", Resampling { rounds: 9, seed: 1 })
    }

    #[test]
    fn a_run_with_scores_has_a_diagram_of_its_lines_and_one_of_its_pieces() {
        let evaluation = evaluation(true);
        let section = gold(Some((&evaluation, &evaluation.refiners[0])), 0.6);
        assert_eq!(section.matches("<svg").count(), 2);
        assert!(section.contains("gold&lt;1&gt;") && !section.contains("<1>"), "{section}");
        let point = "0.6 to 0.7: 1 line, mean score 0.620, noise 0.000";
        assert!(section.contains(point), "{section}");
        assert!(section.contains("<b>1.000</b><span>F1</span>"), "{section}");
    }

    #[test]
    fn without_gold_or_without_scores_it_says_so() {
        assert!(gold(None, 0.6).contains("No gold was given"));
        let evaluation = evaluation(false);
        let section = gold(Some((&evaluation, &evaluation.refiners[0])), 0.6);
        assert!(section.contains("no scores of lines") && !section.contains("<svg"), "{section}");
    }
}
