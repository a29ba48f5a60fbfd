//! `refinex eval`: scores of deletions against gold.

use crate::arguments::Eval;
use crate::command::{print_json, print_tables};
use refinex::eval::{Resampling, Table};
use refinex::{Contender, Coverage, Judging, RunError, judge};
use std::process::ExitCode;

pub fn run(arguments: &Eval) -> Result<ExitCode, RunError> {
    let mut judging = Judging {
        resampling: Resampling { rounds: arguments.rounds, seed: arguments.seed },
        coverage: if arguments.partial { Coverage::Partial } else { Coverage::Same },
        refined_key: arguments.refined_key.clone(),
        ..Judging::default()
    };
    if !arguments.by.is_empty() {
        judging.by.clone_from(&arguments.by);
    }
    let evaluation = judge(&arguments.gold, &Contender::read(&arguments.predicted), &judging)?;
    let tables = evaluation.tables();
    if arguments.json {
        print_json(&evaluation)?;
    } else if arguments.markdown {
        print_tables(&tables, Table::markdown);
    } else {
        print_tables(&tables, Table::text);
    }
    Ok(ExitCode::SUCCESS)
}
