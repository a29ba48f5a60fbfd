//! `refinex labels`.

use crate::command::print_json;
use crate::labels_arguments::{Dedup, From, Import, Labels, Mix, Split, Stats};
use refinex::core::DistillPolicy;
use refinex::labels::dedup::{Copies, dedup};
use refinex::labels::import::{Source, import};
use refinex::labels::mix::{Ingredient, mix};
use refinex::labels::statistics::{SetStatistics, statistics};
use refinex::labels::{LabelledSet, Written, split};
use refinex::{Decider, Distiller, Job, Plan, RunError, Settings, ShardChoice, Silent, run_corpus};
use serde::Serialize;
use std::process::ExitCode;

pub fn run(arguments: &Labels) -> Result<ExitCode, RunError> {
    match arguments {
        Labels::Stats(arguments) => stats(arguments),
        Labels::Split(arguments) => run_split(arguments),
        Labels::Mix(arguments) => run_mix(arguments),
        Labels::Dedup(arguments) => run_dedup(arguments),
        Labels::Import(arguments) => run_import(arguments),
    }
}

fn stats(arguments: &Stats) -> Result<ExitCode, RunError> {
    let mut found = Vec::new();
    for location in &arguments.sets {
        let attribute = arguments.dolma.named();
        found.push(statistics(&LabelledSet { attribute, ..LabelledSet::at(location) })?);
    }
    let bad = found.iter().any(|found| !found.bad_rows.is_empty());
    let code = ExitCode::from(u8::from(bad));
    match found.as_slice() {
        [one] if arguments.json => return json(one, code),
        several if arguments.json => return json(&several, code),
        [one] => print_statistics(one),
        several => several.iter().zip(&arguments.sets).for_each(|(found, set)| {
            anstream::println!("{set}:");
            print_statistics(found);
        }),
    }
    Ok(code)
}

fn run_split(arguments: &Split) -> Result<ExitCode, RunError> {
    let choice = split::Split {
        parts: arguments.parts.clone(),
        group: arguments.group_key.clone(),
        seed: arguments.seed,
    };
    let set = LabelledSet::at(&arguments.set);
    let report = split::split(&set, &choice, &arguments.output, arguments.common.threads())?;
    let code = code(report.parts.values());
    if arguments.common.json {
        return json(&report, code);
    }
    if report.without_column > 0 {
        let (count, column) = (report.without_column, arguments.group_key.as_deref());
        let column = column.unwrap_or_default();
        anstream::println!("{count} documents have no {column}: their page says it instead");
    }
    for (name, written) in &report.parts {
        print_written(&format!("{}/{name}", arguments.output), written);
    }
    Ok(code)
}

fn run_mix(arguments: &Mix) -> Result<ExitCode, RunError> {
    let ingredient = |(location, weight): &(String, f64)| Ingredient {
        set: LabelledSet::at(location),
        weight: *weight,
    };
    let sets: Vec<Ingredient> = arguments.sets.iter().map(ingredient).collect();
    let threads = arguments.common.threads();
    let report = mix(&sets, arguments.documents, arguments.seed, &arguments.output, threads)?;
    let code = code([&report.written]);
    if arguments.common.json {
        return json(&report, code);
    }
    for drawn in &report.sets {
        let (taken, documents, set) = (drawn.taken, drawn.documents, &drawn.set);
        anstream::println!("{taken} of the {documents} documents of {set}");
    }
    print_written(&arguments.output, &report.written);
    Ok(code)
}

fn run_dedup(arguments: &Dedup) -> Result<ExitCode, RunError> {
    let copies = Copies { ignore_white_space: !arguments.exact_white_space, near: arguments.near };
    let set = LabelledSet::at(&arguments.set);
    let written = dedup(&set, copies, &arguments.output, arguments.common.threads())?;
    let code = code([&written]);
    if arguments.common.json {
        return json(&written, code);
    }
    print_written(&arguments.output, &written);
    Ok(code)
}

fn run_import(arguments: &Import) -> Result<ExitCode, RunError> {
    let ultrax = arguments.from == From::Ultrax;
    let default = if ultrax { "original" } else { "text" };
    let text_key = arguments.text_key.clone().unwrap_or_else(|| default.to_owned());
    let settings = Settings { text_key, id_key: arguments.id_key.clone(), ..Settings::default() };
    let source = match arguments.from {
        From::Ultrax => return distill(arguments, &settings),
        From::Rows => Source::Rows,
        From::Prox => Source::Prox { program: arguments.program_key.clone() },
        From::Dolma => Source::Dolma(arguments.dolma.named().ok_or_else(|| {
            RunError::new(
                "expected the folder of Dolma's attributes (--attributes), but found none",
            )
        })?),
    };
    let threads = arguments.common.threads();
    let report = import(&arguments.inputs, &source, &settings, &arguments.output, threads)?;
    let code = code([&report.written]);
    if arguments.common.json {
        return json(&report, code);
    }
    for (reason, count) in &report.refused {
        anstream::println!("{count} calls refused: {reason}");
    }
    print_written(&arguments.output, &report.written);
    Ok(code)
}

/// UltraX's originals and cleaned texts are pairs: what was deleted is distilled.
fn distill(arguments: &Import, settings: &Settings) -> Result<ExitCode, RunError> {
    let policy = DistillPolicy::Default;
    let decider =
        Decider::Distill(Distiller { refined_key: arguments.cleaned_key.clone(), policy });
    let plan = Plan::of(&arguments.inputs, settings, &arguments.output)?;
    let job = Job {
        command: "distill",
        inputs: &arguments.inputs,
        plan: &plan,
        choice: ShardChoice::ALL,
        decider: &decider,
        settings,
        output: &arguments.output,
        threads: arguments.common.threads(),
        retry_failed: false,
    };
    let report = run_corpus(&job, &Silent)?;
    if let Some(failure) = report.shards_failed.first() {
        return Err(RunError::new(format!("{}: {}", failure.shard, failure.message)));
    }
    let found = statistics(&LabelledSet::at(&arguments.output))?;
    if arguments.common.json {
        return json(&found, ExitCode::SUCCESS);
    }
    print_statistics(&found);
    Ok(ExitCode::from(u8::from(report.tally.failed > 0)))
}

/// 1 where a row was no labelled document.
fn code<'a>(written: impl IntoIterator<Item = &'a Written>) -> ExitCode {
    let failed = written.into_iter().any(|written| !written.failed.is_empty());
    ExitCode::from(u8::from(failed))
}

fn json(report: &impl Serialize, code: ExitCode) -> Result<ExitCode, RunError> {
    print_json(report)?;
    Ok(code)
}

fn print_written(place: &str, written: &Written) {
    if written.before {
        anstream::println!("{place}: was written before");
    } else {
        let Written { documents, keep_all, .. } = written;
        anstream::println!("{place}: {documents} documents, {keep_all} of them clean");
    }
    for (reason, count) in &written.failed {
        anstream::println!("  {count} failed: {reason} (see {place}/failed)");
    }
    for (reason, count) in &written.left_out {
        anstream::println!("  {count} left out: {reason} (see {place}/removed)");
    }
}

fn print_statistics(found: &SetStatistics) {
    let counts = &found.counts;
    anstream::println!("{} documents", found.documents);
    anstream::println!("  {} delete nothing, {} delete all", found.keep_all, found.emptied);
    for (source, count) in &found.sources {
        anstream::println!("  {count} of {source}");
    }
    if let Some(programs) = &found.programs {
        anstream::println!("{:.2} calls a document", programs.calls_per_document);
        anstream::println!("{:.1} % of the lines deleted", 100.0 * programs.deleted_line_share);
        anstream::println!(
            "{:.1} % of the characters deleted",
            100.0 * programs.deleted_character_share
        );
        anstream::println!("programs are {:.1} % of the text", 100.0 * programs.program_share);
    }
    let tenths: Vec<String> = found.by_deleted_tenth.iter().map(u64::to_string).collect();
    anstream::println!("by share deleted (none, then by tenths): {}", tenths.join(" "));
    for (kind, count) in &counts.residue {
        let characters = counts.residue_characters.get(kind).copied().unwrap_or_default();
        anstream::println!("residue: {count} {kind}, {characters} characters");
    }
    for (reason, count) in &counts.dropped_by_reason {
        anstream::println!("{count} pairs dropped: {reason}");
    }
    for (reason, count) in &found.unrefined {
        anstream::println!("{count} documents of which nothing was said: {reason}");
    }
    for (reason, count) in &found.bad_rows {
        anstream::println!("{count} rows are no labelled document: {reason}");
    }
}
