//! A window of batches: read in order, refined on all threads, written in order.

use crate::decider::{Deciding, Proposed, deleted_length, length_of};
use crate::not_done::NotDone;
use crate::ruler::reason_of;
use crate::seen_ids::hash_of;
use crate::stored::Stored;
use rayon::prelude::*;
use refinex_core::{Deletions, Document, Outcome, StepTally, Tally, execute, verify};
use refinex_corpus::{BadRow, Batch, Decoded, EncodedBatch, Target, Wanted};
use refinex_rules::Dropped;
use serde_json::json;

/// A batch, refined and encoded: all that is left is to write it.
pub(crate) struct RefinedBatch {
    pub documents: EncodedBatch,
    /// Rows of the sidecar, as bytes.
    pub programs: Vec<u8>,
    pub failed: Vec<BadRow>,
    /// Documents that were left out, where they are kept, as bytes.
    pub removed: Vec<u8>,
    /// What another executor makes of the documents, where it is followed, as bytes.
    pub rewrites: Vec<u8>,
    /// Hashes of the ids, to find collisions.
    pub ids: Vec<u64>,
    pub tally: Tally,
}

/// Decodes batches on all threads of the pool that this runs in.
pub(crate) fn decode(batches: Vec<Batch>) -> Vec<Decoded> {
    batches.into_par_iter().map(Batch::decode).collect()
}

/// The good documents of a batch, in order.
pub(crate) fn documents(decoded: &Decoded) -> impl Iterator<Item = Document<'_>> {
    (0..decoded.len()).filter_map(|at| decoded.document(at).ok())
}

/// Refines batches on all threads of the pool that this runs in; the answer is in order.
pub(crate) fn refine(
    batches: Vec<(Decoded, Vec<Stored>)>,
    deciding: &Deciding<'_>,
    target: &Target,
) -> Result<Vec<RefinedBatch>, NotDone> {
    batches
        .into_par_iter()
        .map(|(decoded, stored)| refine_batch(&decoded, stored, deciding, target))
        .collect()
}

fn refine_batch(
    decoded: &Decoded,
    stored: Vec<Stored>,
    deciding: &Deciding<'_>,
    target: &Target,
) -> Result<RefinedBatch, NotDone> {
    let mut rows = Rows::default();
    let mut stored = stored.into_iter();
    let mut proposed = deciding.propose(documents(decoded))?.into_iter();
    for at in 0..decoded.len() {
        match decoded.document(at) {
            Ok(document) => {
                let given = (stored.next(), proposed.next());
                rows.refine(decoded, at, &document, given, deciding).map_err(|why| {
                    why.at(format_args!("row {}, {}", decoded.row_number(at), document.id))
                })?
            }
            Err(bad) => rows.fail(bad),
        }
    }
    let kept: Vec<bool> = rows.dropped.iter().map(Option::is_none).collect();
    let documents = decoded.encode_wanted(&rows.edits, Wanted::only(&kept), target);
    let documents = documents.map_err(|error| error.to_string())?;
    let removed = if deciding.settings.keep_removed {
        let reason = |dropped: &Option<Dropped>| dropped.as_ref().map(|found| found.rule.clone());
        let reasons: Vec<Option<String>> = rows.dropped.iter().map(reason).collect();
        decoded.encode_removed(&reasons).map_err(|error| error.to_string())?
    } else {
        Vec::new()
    };
    let Rows { programs, rewrites, failed, ids, tally, .. } = rows;
    Ok(RefinedBatch { documents, programs, failed, removed, rewrites, ids, tally })
}

#[derive(Default)]
struct Rows {
    edits: Vec<Option<Deletions>>,
    /// Why a row is left out, if it is.
    dropped: Vec<Option<Dropped>>,
    programs: Vec<u8>,
    rewrites: Vec<u8>,
    failed: Vec<BadRow>,
    ids: Vec<u64>,
    tally: Tally,
}

impl Rows {
    fn refine(
        &mut self,
        decoded: &Decoded,
        at: usize,
        document: &Document<'_>,
        (stored, proposed): (Option<Stored>, Option<Proposed<'_>>),
        deciding: &Deciding<'_>,
    ) -> Result<(), NotDone> {
        let second = deciding.second_text(decoded, at);
        let decided = deciding.decide(document, stored, proposed, second)?;
        let refined = execute(document.text, &decided.deletions);
        let mut outcome = verify(document.text, &refined, &decided.deletions)
            .map_err(|violation| violation.to_string())?;
        if let Some(dropped) = &decided.dropped {
            outcome = Outcome::Dropped;
            self.tally.count_drop(&reason_of(dropped));
        }
        for (place, (name, step)) in (0..).zip(&decided.steps) {
            self.tally.count_step(name, &StepTally { place, ..*step });
        }
        if let Some(rewritten) = &decided.rewritten {
            let row = json!({"id": document.id, "refined": rewritten});
            self.rewrites.extend_from_slice(format!("{row}\n").as_bytes());
        }

        let mut row = decided.row;
        document.id.clone_into(&mut row.id);
        outcome.name().clone_into(&mut row.outcome);
        (row.deleted, row.deleted_raw) = (None, None);
        if deciding.settings.keep_deleted {
            let texts = decoded.deleted_texts(at, &decided.deletions).unwrap_or_default();
            (row.deleted, row.deleted_raw) = (Some(texts.texts), texts.raw);
        }
        row.encode_onto(&mut self.programs);
        if let Some(reason) = &row.withheld {
            self.tally.count_withheld(reason);
        }
        if let Some(unrefined) = &row.unrefined {
            self.tally.count_unrefined(&unrefined.reason);
        }

        let deleted = decided.deletions.deleted_bytes() as u64;
        self.tally.count_document(outcome, document.text.len() as u64, deleted);
        let before = length_of(document.text);
        let left = before - deleted_length(document.text, &decided.deletions);
        self.tally.count_lengths(before, (outcome != Outcome::Dropped).then_some(left));
        self.tally.deletions += decided.deletions.spans().len() as u64;
        self.tally.voided_chunks += decided.voided_chunks;
        if let Some(more) = &decided.distill {
            self.tally.distill.get_or_insert_default().add(more);
        }
        decided.refused.iter().for_each(|reason| self.tally.count_refusal(reason));
        self.ids.push(hash_of(document.id));
        self.dropped.push(decided.dropped);
        self.edits.push((!decided.deletions.is_empty()).then_some(decided.deletions));
        Ok(())
    }

    fn fail(&mut self, bad: &BadRow) {
        self.tally.count_failure(bad.problem.name());
        self.failed.push(bad.clone());
        self.edits.push(None);
        self.dropped.push(None);
    }
}
