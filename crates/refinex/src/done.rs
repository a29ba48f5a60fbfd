//! What the manifests of a run say: which shards are done, and what comes together.

use crate::error::RunError;
use crate::plan::{Plan, ShardChoice};
use crate::progress::Progress;
use refinex_core::{Identity, Tally};
use refinex_corpus::{InputShard, Manifest, OutputSettings, RunDirectory};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Counts of a shard, which add up over shards.
pub(crate) trait Counts: Default + Serialize + DeserializeOwned {
    fn sum_up(&mut self, other: &Self);
}

impl Counts for Tally {
    fn sum_up(&mut self, other: &Self) {
        self.add(other);
    }
}

/// The shards of a run, and what all their manifests must say.
pub(crate) struct Shards<'a> {
    pub plan: &'a Plan,
    pub choice: ShardChoice,
    pub output: OutputSettings,
    pub identity: Identity,
    /// Fingerprint of the settings.
    pub settings: String,
    pub directory: &'a RunDirectory,
}

/// The shards of this process, parted.
pub(crate) struct Parted<'a, C> {
    pub todo: Vec<&'a InputShard>,
    /// How many are done.
    pub done: usize,
    /// What they sum up to.
    pub counts: C,
}

/// Sums of a run, as `stats.json` has them. No clock: the same work gives the same bytes.
#[derive(Default, Serialize)]
pub(crate) struct Sums<C> {
    pub shards: BTreeMap<String, C>,
    pub total: C,
}

impl<'a> Shards<'a> {
    fn manifest<C: Counts>(&self, shard: &InputShard) -> Result<Option<Manifest<C>>, RunError> {
        Ok(self.directory.read_manifest(&self.output.name_for(&shard.name))?)
    }

    /// Parts the shards of this process into those that are done and the others, to which belong
    /// those that are to be done `again`.
    pub(crate) fn parted<C: Counts>(
        &self,
        progress: &dyn Progress,
        again: impl Fn(&C) -> bool,
    ) -> Result<Parted<'a, C>, RunError> {
        let mut parted = Parted { todo: Vec::new(), done: 0, counts: C::default() };
        for shard in self.plan.chosen(self.choice) {
            match self.manifest::<C>(shard)? {
                Some(manifest) if !again(&manifest.counts) => {
                    self.check_same(shard, &manifest)?;
                    progress.shard_skipped(&shard.name, shard.size);
                    parted.counts.sum_up(&manifest.counts);
                    parted.done += 1;
                }
                _ => parted.todo.push(shard),
            }
        }
        Ok(parted)
    }

    /// Checks that a manifest speaks of this input, model and these settings.
    fn check_same<C>(&self, shard: &InputShard, manifest: &Manifest<C>) -> Result<(), RunError> {
        let input_found = manifest.input.fingerprint_now(shard)?;
        let checks = [
            ("settings", &manifest.settings, &self.settings),
            ("model", &manifest.model.fingerprint, &self.identity.fingerprint),
            ("input", &manifest.input.xxh3, &input_found),
        ];
        match checks.iter().find(|(_, before, now)| before != now) {
            None => Ok(()),
            Some((what, before, now)) => Err(RunError::new(format!(
                "expected the {what} with which {} was done ({before}), but found another ({now}): \
                 use another output folder, or delete its manifest to do it again",
                shard.name
            ))),
        }
    }

    /// The sums of all shards of the whole plan, whoever did them; `None` while one is not done.
    pub(crate) fn sums<C: Counts>(&self) -> Result<Option<Sums<C>>, RunError> {
        let mut sums = Sums { shards: BTreeMap::new(), total: C::default() };
        for shard in &self.plan.shards {
            let Some(manifest) = self.manifest::<C>(shard)? else { return Ok(None) };
            sums.total.sum_up(&manifest.counts);
            sums.shards.insert(shard.name.clone(), manifest.counts);
        }
        Ok(Some(sums))
    }

    /// Ends the run: `stats.json`, then `_SUCCESS`.
    pub(crate) fn succeed(&self, stats: &impl Serialize) -> Result<(), RunError> {
        let json = serde_json::to_string_pretty(stats)
            .map_err(|error| RunError::new(format!("expected sums in JSON, but found {error}")))?;
        Ok(self.directory.succeed((json + "\n").as_bytes())?)
    }
}
