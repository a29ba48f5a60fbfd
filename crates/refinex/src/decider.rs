//! Where the decision on a document comes from: a model, stored programs, or stored scores.

use crate::distiller::Distiller;
use crate::not_done::NotDone;
use crate::prox::Prox;
use crate::ruler::{Found, MODEL, Ruler};
use crate::settings::Settings;
use crate::stored::{Open, ProgramStore, Stored};
use refinex_core::{
    Bytes, Chunk, Chunker, Course, Deletions, DistillTally, Document, Identity, Lengths, Lines,
    Proposal, RefineError, Refiner, Score, Scores, StepTally, Withheld, deletions_at, describe,
    execute, merge, parse, resolve_document,
};
use refinex_corpus::{Decoded, InputShard, ProgramRow, ScoredSpan, SecondText, Unrefined};
use refinex_rules::Dropped;
use std::sync::Arc;

/// A row of a programs sidecar as this crate writes and reads it.
pub type Row = ProgramRow<serde_json::Value>;

/// Where decisions come from.
#[derive(Clone)]
pub enum Decider {
    /// A refine model reads every document.
    Model(Arc<dyn Refiner>),
    /// Stored programs are carried out again (law L7).
    Programs(ProgramStore),
    /// Another threshold is applied to stored scores.
    Scores(ProgramStore),
    /// Each row holds an expert's version, of which the deletions are distilled.
    Distill(Distiller),
    /// Rules drop and edit documents; a model may read what they leave.
    Rules(Box<Ruler>),
    /// Stored programs of ProX.
    Prox(Prox),
}

impl Decider {
    /// Who decides, for manifests.
    #[must_use]
    pub fn identity(&self) -> Identity {
        match self {
            Self::Model(refiner) => refiner.identity(),
            Self::Distill(distiller) => distiller.identity(),
            Self::Rules(ruler) => ruler.identity(),
            Self::Prox(prox) => prox.identity(),
            Self::Programs(programs) | Self::Scores(programs) => programs.identity.clone(),
        }
    }

    /// Whether each document has a text of another executor too.
    pub(crate) const fn rewrites(&self) -> bool {
        matches!(self, Self::Prox(prox) if prox.as_written)
    }

    /// What is needed for one shard.
    pub(crate) fn open(&self, shard: &InputShard) -> Result<Open, String> {
        match self {
            Self::Model(_) | Self::Distill(_) | Self::Rules(_) => Ok(Open::Nothing),
            Self::Programs(programs) | Self::Scores(programs) => programs.open_shard(shard),
            Self::Prox(prox) => Ok(Open::Prox(prox.open(shard)?)),
        }
    }
}

/// What is to be done with one document, ready for the sidecar.
pub(crate) struct Decided {
    pub deletions: Deletions,
    /// The row, still without id, outcome and deleted text.
    pub row: Row,
    pub refused: Vec<&'static str>,
    pub voided_chunks: u64,
    /// Counts, where a pair was distilled.
    pub distill: Option<Box<DistillTally>>,
    /// Why the document is left out, if it is.
    pub dropped: Option<Dropped>,
    /// What each step did, where there are several.
    pub steps: Vec<(&'static str, StepTally)>,
    /// What another executor makes of the document, where that is asked for: it need not be a
    /// deletion.
    pub rewritten: Option<String>,
}

impl Decided {
    /// The document stays as it is, for this reason; its scores stay in the row.
    fn withheld(mut self, reason: Withheld) -> Self {
        self.deletions = Deletions::default();
        self.row.deletions = Vec::new();
        self.row.program = "keep_all()".to_owned();
        self.row.withheld = Some(reason.name().to_owned());
        self
    }
}

/// What a model proposes for the chunks of one document, or why it does not.
pub(crate) struct Proposed<'d> {
    chunks: Vec<Chunk<'d>>,
    answers: Vec<Result<Proposal, RefineError>>,
}

/// Decides on documents. Pure but for the model, and the same for every thread.
pub(crate) struct Deciding<'a> {
    pub decider: &'a Decider,
    pub settings: &'a Settings,
    pub chunker: Chunker,
}

impl Deciding<'_> {
    /// The expert's version of the row at `at`, where each row holds one.
    pub(crate) fn second_text<'d>(&self, rows: &'d Decoded, at: usize) -> Option<SecondText<'d>> {
        match self.decider {
            Decider::Distill(distiller) => Some(rows.second_text(at, &distiller.refined_key)),
            _ => None,
        }
    }

    /// What the model proposes for each of these documents, where one decides. They are asked about
    /// all at once, so that a server can work on many.
    pub(crate) fn propose<'d>(
        &self,
        documents: impl Iterator<Item = Document<'d>>,
    ) -> Result<Vec<Proposed<'d>>, NotDone> {
        let Decider::Model(refiner) = self.decider else { return Ok(Vec::new()) };
        self.ask(refiner.as_ref(), documents)
    }

    fn ask<'d>(
        &self,
        refiner: &dyn Refiner,
        documents: impl Iterator<Item = Document<'d>>,
    ) -> Result<Vec<Proposed<'d>>, NotDone> {
        let chunks = documents.map(|document| self.chunker.chunks(document.text, &Bytes));
        let chunks: Vec<Vec<Chunk<'d>>> = chunks.collect();
        let all = chunks.concat();
        let answers = refiner.refine(&all);
        let errors = answers.iter().filter_map(|answer| answer.as_ref().err());
        if let Some(error) = errors.into_iter().find(|error| error.course == Course::Stop) {
            return Err(NotDone::Stopped(error.message.clone()));
        }
        let (wanted, found) = (all.len(), answers.len());
        if found != wanted {
            let why = format!("expected {wanted} proposals of the refiner, but found {found}");
            return Err(NotDone::Failed(why));
        }
        let mut answers = answers.into_iter();
        let proposed = chunks.into_iter().map(|chunks| {
            let answers = answers.by_ref().take(chunks.len()).collect();
            Proposed { chunks, answers }
        });
        Ok(proposed.collect())
    }

    /// The decision on `document`; `stored` is its row where decisions are stored, `proposed` what
    /// a model proposes where one decides, `second` the expert's version where each row holds one.
    pub(crate) fn decide(
        &self,
        document: &Document<'_>,
        stored: Option<Stored>,
        proposed: Option<Proposed<'_>>,
        second: Option<SecondText<'_>>,
    ) -> Result<Decided, NotDone> {
        let none = |of: &str| NotDone::Failed(format!("expected a {of}, but found none"));
        let decided = match self.decider {
            Decider::Distill(distiller) => {
                distiller.decide(document.text, second.unwrap_or(SecondText::Missing))
            }
            Decider::Model(_) => {
                self.settle(document.text, proposed.ok_or_else(|| none("proposal"))?)
            }
            Decider::Rules(ruler) => self.rule(ruler, document.text)?,
            Decider::Programs(_) => {
                let row = stored.and_then(Stored::row).ok_or_else(|| none("stored program"))?;
                replay(document.text, row)?
            }
            Decider::Scores(_) => {
                let row = stored.and_then(Stored::row).ok_or_else(|| none("stored program"))?;
                self.rescore(document.text, row)?
            }
            Decider::Prox(prox) => {
                let programs = stored.and_then(Stored::prox).unwrap_or_default();
                prox.decide(document.text, &programs, self.settings.policy)
            }
        };
        if matches!(self.decider, Decider::Rules(_)) {
            // What rules leave out is left out; of the model's part the policy was asked.
            return Ok(decided);
        }
        Ok(match self.settings.policy.withholds(document.text, &decided.deletions) {
            None => decided,
            Some(reason) => decided.withheld(reason),
        })
    }

    fn settle(&self, text: &str, proposed: Proposed<'_>) -> Decided {
        let Proposed { chunks, answers } = proposed;
        let (answers, errors) = parted(answers);
        if let Some(error) = errors.first() {
            return unrefined(text, error);
        }
        let threshold = self.settings.threshold;
        let decision = merge(text, chunks.iter().zip(answers), threshold, self.settings.policy);
        let refused = decision.refused.iter().map(|r| r.refusal.reason.name()).collect();
        let values = decision.refused.iter().filter_map(|r| serde_json::to_value(r).ok()).collect();
        let mut row = scored_row(text, &decision.deletions, decision.scores.as_ref(), threshold);
        row.refused = values;
        if !self.settings.keep_scores {
            (row.scores, row.pieces) = (None, Vec::new());
        }
        let voided_chunks = decision.voided_chunks as u64;
        let deletions = decision.deletions;
        Decided { refused, voided_chunks, ..Decided::plain(deletions, row) }
    }

    /// Rules first; then the model, which reads what they leave.
    fn rule(&self, ruler: &Ruler, text: &str) -> Result<Decided, NotDone> {
        let decision = ruler.decide(text, self.settings.measure);
        let found = Found::of(&decision);
        let mut steps = ruler.steps(&decision, length_of(text));
        let mut decided = unruled(text);
        if let (None, Some(model)) = (&decision.dropped, &ruler.then) {
            let left = execute(text, &decision.deletions);
            let document = Document { id: "", text: &left };
            let proposed = self.ask(model.as_ref(), std::iter::once(document))?;
            decided = proposed.into_iter().next().map_or(decided, |p| self.settle(&left, p));
            let kept = self.settings.policy.withholds(&left, &decided.deletions);
            if let Some(reason) = kept {
                decided = decided.withheld(reason);
            }
            steps.push((MODEL, step_of(&left, &decided.deletions)));
        }
        let deletions = decision.deletions.then(text, &decided.deletions);
        // Scores are those of lines that are left, which no other threshold could find again.
        let row = scored_row(text, &deletions, None, Score::ONE);
        let Row { refused, withheld, unrefined, .. } = decided.row;
        decided.row = Row { refused, withheld, unrefined, rules: found.value(), ..row };
        decided.dropped = decision.dropped;
        Ok(Decided { deletions, steps, ..decided })
    }

    fn rescore(&self, text: &str, stored: Row) -> Result<Decided, String> {
        if stored.unrefined.is_some() {
            return Ok(Decided::plain(Deletions::none(), stored));
        }
        let Some(lines) = &stored.scores else {
            return Err(
                "expected stored scores, but found none (the run was made without them)".to_owned()
            );
        };
        let scores = Scores {
            lines: lines.iter().map(|&score| Score::from_thousandths(score)).collect(),
            pieces: stored.pieces.iter().map(piece_of).collect(),
        };
        let found = Lines::of(text).len();
        if scores.lines.len() != found {
            return Err(format!(
                "expected a stored score for each of {found} lines, but found {}",
                scores.lines.len()
            ));
        }
        let deletions = deletions_at(text, &scores, self.settings.threshold);
        let row = scored_row(text, &deletions, Some(&scores), self.settings.threshold);
        Ok(Decided::plain(deletions, row))
    }
}

/// Proposals, and the reasons why there are none.
fn parted(answers: Vec<Result<Proposal, RefineError>>) -> (Vec<Proposal>, Vec<RefineError>) {
    let (mut proposals, mut errors) = (Vec::with_capacity(answers.len()), Vec::new());
    for answer in answers {
        match answer {
            Ok(proposal) => proposals.push(proposal),
            Err(error) => errors.push(error),
        }
    }
    (proposals, errors)
}

/// A document of which the model has not read a part stays as it is: half a page refined is neither
/// the page nor its refined form.
pub(crate) fn unrefined(text: &str, error: &RefineError) -> Decided {
    let deletions = Deletions::none();
    let mut row = scored_row(text, &deletions, None, Score::ONE);
    let (reason, message) = (error.reason.to_owned(), error.message.clone());
    row.unrefined = Some(Unrefined { reason, message });
    Decided::plain(deletions, row)
}

const fn piece_of(&(start, end, score): &(usize, usize, u16)) -> (refinex_core::Span, Score) {
    (refinex_core::Span::new(start, end), Score::from_thousandths(score))
}

/// The stored deletions; a row that has none, but a program, is read as that program says, so that
/// programs written by hand can be applied too.
fn replay(text: &str, mut row: Row) -> Result<Decided, String> {
    let spans = row.deletions.iter().map(|scored| scored.span);
    let deletions = if row.deletions.is_empty() && row.program != "keep_all()" {
        let parsed = parse(&row.program);
        let (deletions, refused) = resolve_document(&parsed.program, text);
        if let Some(refusal) = parsed.refused.first().or(refused.first()) {
            return Err(format!("expected a program that can be carried out, but found {refusal}"));
        }
        row.deletions = scored_spans(text, &deletions, None, Score::ONE);
        deletions
    } else {
        Deletions::from_spans(text, spans).map_err(|error| error.to_string())?
    };
    let dropped = Found::read(row.rules.as_ref())?.dropped;
    Ok(Decided { dropped, ..Decided::plain(deletions, row) })
}

/// A decision before any step.
fn unruled(text: &str) -> Decided {
    let none = Deletions::none();
    let row = scored_row(text, &none, None, Score::ONE);
    Decided::plain(none, row)
}

/// What a step did that deleted this from a text.
pub(crate) fn step_of(text: &str, deletions: &Deletions) -> StepTally {
    StepTally {
        documents: 1,
        edited: u64::from(!deletions.is_empty()),
        deleted_bytes: deletions.deleted_bytes() as u64,
        lengths_after: Lengths::one(length_of(text) - deleted_length(text, deletions)),
        ..StepTally::default()
    }
}

/// Length of a text in code points.
pub(crate) fn length_of(text: &str) -> u64 {
    text.chars().count() as u64
}

/// Code points that are deleted from a text.
pub(crate) fn deleted_length(text: &str, deletions: &Deletions) -> u64 {
    deletions.spans().iter().map(|span| length_of(span.of(text))).sum()
}

impl Decided {
    /// A decision in which nothing was refused.
    pub(crate) const fn plain(deletions: Deletions, row: Row) -> Self {
        Self {
            deletions,
            row,
            refused: Vec::new(),
            voided_chunks: 0,
            distill: None,
            dropped: None,
            steps: Vec::new(),
            rewritten: None,
        }
    }
}

pub(crate) fn scored_row(
    text: &str,
    deletions: &Deletions,
    scores: Option<&Scores>,
    at: Score,
) -> Row {
    let program = if deletions.is_empty() {
        "keep_all()".to_owned()
    } else {
        describe(text, deletions).to_string()
    };
    Row {
        id: String::new(),
        outcome: String::new(),
        deletions: scored_spans(text, deletions, scores, at),
        program,
        refused: Vec::new(),
        withheld: None,
        unrefined: None,
        scores: scores.map(|scores| scores.lines.iter().map(|s| s.thousandths()).collect()),
        pieces: scores.map_or_else(Vec::new, stored_pieces),
        deleted: None,
        deleted_raw: None,
        rules: None,
        distilled: None,
    }
}

fn stored_pieces(scores: &Scores) -> Vec<(usize, usize, u16)> {
    let pieces = scores.pieces.iter();
    pieces.map(|(span, score)| (span.start(), span.end(), score.thousandths())).collect()
}

fn scored_spans(
    text: &str,
    deletions: &Deletions,
    scores: Option<&Scores>,
    at: Score,
) -> Vec<ScoredSpan> {
    if deletions.is_empty() {
        return Vec::new();
    }
    let lines = scores.map(|scores| (scores, Lines::of(text)));
    let spans = deletions.spans().iter();
    let scored = spans.map(|&span| {
        let of_span = lines.as_ref().map(|(scores, lines)| scores.of_span(lines, span, at));
        ScoredSpan { span, score: of_span.map(as_f32) }
    });
    scored.collect()
}

fn as_f32(score: Score) -> f32 {
    f32::from(score.thousandths()) / 1000.0
}
