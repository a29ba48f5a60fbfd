//! `refinex score` and `refinex train ngram`.

use crate::command::{print_json, print_tables};
use crate::score_arguments::{Score, TrainNgram};
use refinex::RunError;
use refinex::eval::{NgramModel, Proxy, Quality, Table};
use refinex::quality::{NamedScorer, quality_of_run, train_ngram};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

pub fn run(arguments: &Score) -> Result<ExitCode, RunError> {
    let scorers = scorers(arguments)?;
    let (gold, most) = (arguments.gold.as_deref(), arguments.documents);
    let found = quality_of_run(&arguments.run_directory, &scorers, most, gold)?;
    let tables: Vec<Table> = found.iter().map(Quality::table).collect();
    if arguments.json {
        print_json(&found)?;
    } else if arguments.markdown {
        print_tables(&tables, Table::markdown);
    } else {
        print_tables(&tables, Table::text);
    }
    Ok(ExitCode::SUCCESS)
}

fn scorers(arguments: &Score) -> Result<Vec<NamedScorer>, RunError> {
    let mut proxies = Proxy::PLAIN.to_vec();
    if let Some(path) = &arguments.ngram {
        proxies.push(Proxy::Perplexity(Arc::new(ngram(path)?)));
    }
    let named =
        |proxy: Proxy| NamedScorer { name: proxy.name().to_owned(), scorer: Box::new(proxy) };
    let mut scorers: Vec<NamedScorer> = proxies.into_iter().map(named).collect();
    if let Some(judge) = arguments.judge()? {
        let name = format!("judge {}", arguments.model.as_deref().unwrap_or_default());
        scorers.push(NamedScorer { name, scorer: Box::new(judge) });
    }
    Ok(scorers)
}

fn ngram(path: &Path) -> Result<NgramModel, RunError> {
    let fail = |found: String| RunError::new(format!("{}: {found}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| fail(error.to_string()))?;
    NgramModel::from_bytes(&bytes).map_err(|error| fail(error.to_string()))
}

pub fn train(arguments: &TrainNgram) -> Result<ExitCode, RunError> {
    let (model, characters) = train_ngram(&arguments.texts)?;
    let path = &arguments.output;
    std::fs::write(path, model.to_bytes()).map_err(|error| {
        RunError::new(format!("expected to write {}, but found: {error}", path.display()))
    })?;
    anstream::println!("{}: {characters} characters counted", path.display());
    Ok(ExitCode::SUCCESS)
}
