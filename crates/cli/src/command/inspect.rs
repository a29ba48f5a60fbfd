//! `refinex inspect`: documents before and after, what was deleted in colour.

use crate::arguments::Inspect;
use anstyle::{AnsiColor, Style};
use refinex::core::{Lines, Tally};
use refinex::corpus::RunDirectory;
use refinex::{Pair, RunError, RunFile, pairs_of_shard};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::process::ExitCode;

/// What was deleted: red and struck.
const GONE: Style = AnsiColor::Red.on_default().strikethrough();
/// Marks that are not text.
const MARK: Style = AnsiColor::BrightBlack.on_default();

pub fn run(arguments: &Inspect) -> Result<ExitCode, RunError> {
    let directory = RunDirectory::open(&arguments.run_directory)?;
    let file = RunFile::read(directory.store())?;
    let pairs = match &arguments.id {
        Some(id) => vec![find(&directory, &file, id)?],
        None => sample(&directory, &file, arguments)?,
    };
    if pairs.is_empty() {
        return Err(RunError::new("expected documents of that outcome, but found none"));
    }
    for pair in &pairs {
        show(pair);
    }
    Ok(ExitCode::SUCCESS)
}

fn find(directory: &RunDirectory, file: &RunFile, id: &str) -> Result<Pair, RunError> {
    let mut found = None;
    for manifest in directory.manifests::<Tally>()? {
        pairs_of_shard(directory, file, &manifest, &mut |pair| {
            if pair.id == id {
                found = Some(pair);
            }
            found.is_none()
        })?;
        if let Some(pair) = found {
            return Ok(pair);
        }
    }
    Err(RunError::new(format!("expected a document {id}, but found none of that id")))
}

/// The documents whose seeded hashes are least: a sample that does not depend on their order.
fn sample(
    directory: &RunDirectory,
    file: &RunFile,
    arguments: &Inspect,
) -> Result<Vec<Pair>, RunError> {
    let mut chosen: BTreeMap<(u64, String), Pair> = BTreeMap::new();
    for manifest in directory.manifests::<Tally>()? {
        pairs_of_shard(directory, file, &manifest, &mut |pair| {
            if arguments.outcome.is_none_or(|outcome| outcome.name() == pair.outcome) {
                let mut hasher = DefaultHasher::new();
                (arguments.seed, &pair.id).hash(&mut hasher);
                chosen.insert((hasher.finish(), pair.id.clone()), pair);
                if chosen.len() > arguments.sample {
                    chosen.pop_last();
                }
            }
            true
        })?;
    }
    Ok(chosen.into_values().collect())
}

fn show(pair: &Pair) {
    let deleted = pair.deletions.deleted_bytes();
    let share = 100.0 * deleted as f64 / pair.original.len().max(1) as f64;
    anstream::println!("{MARK}── {} · {} · {share:.1} % deleted{MARK:#}", pair.id, pair.outcome);
    for line in Lines::of(&pair.original).iter() {
        anstream::println!("{}", render_line(pair, line));
    }
    anstream::println!();
}

/// A line with its number; `-` where it goes whole, `~` where a part of it goes.
fn render_line(pair: &Pair, line: refinex::core::Line) -> String {
    let content = line.content();
    let whole = pair.deletions.cover(line.full());
    let touched = pair.deletions.within(content).next().is_some();
    let sign = if whole {
        '-'
    } else if touched {
        '~'
    } else {
        ' '
    };
    let mut text = format!("{MARK}{:>5} {sign}{MARK:#} ", line.number());
    let mut next = content.start();
    for gone in pair.deletions.within(content) {
        text.push_str(&shown(&pair.original[next..gone.start()]));
        text.push_str(&format!("{GONE}{}{GONE:#}", shown(gone.of(&pair.original))));
        next = gone.end();
    }
    text.push_str(&shown(&pair.original[next..content.end()]));
    text
}

/// Control characters would act on the terminal, so they are shown by their names.
fn shown(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => "\t".to_owned(),
            c if c.is_control() => c.escape_unicode().to_string(),
            c => c.to_string(),
        })
        .collect()
}
