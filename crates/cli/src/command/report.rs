//! `refinex report`: what runs deleted, and whether to trust it.

use crate::report_arguments::{Form, Report};
use refinex::corpus::RunDirectory;
use refinex::eval::report::{Reports, datatrove, html, json, markdown};
use refinex::{RunError, report_runs};
use std::io::Write;
use std::process::ExitCode;

/// Name of the page in its run.
const PAGE: &str = "report.html";

pub fn run(arguments: &Report) -> Result<ExitCode, RunError> {
    let reports = report_runs(&arguments.job())?;
    let form = arguments.form();
    let text = rendered(&reports, form)?;
    match (arguments.output.as_deref(), form) {
        (Some("-"), _) | (None, Form::Markdown | Form::Json | Form::Datatrove) => print(&text)?,
        (Some(file), _) => {
            std::fs::write(file, &text).map_err(|error| {
                RunError::new(format!("expected to write {file}, but found: {error}"))
            })?;
            tell(&reports, file, text.len());
        }
        (None, Form::Html) => {
            let store = RunDirectory::open(&arguments.runs[0])?.store().clone();
            let bytes = text.len();
            store.put(PAGE, text.into_bytes())?;
            tell(&reports, &store.place(PAGE), bytes);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn rendered(reports: &Reports, form: Form) -> Result<String, RunError> {
    let json = match form {
        Form::Html => return Ok(html(reports)),
        Form::Markdown => return Ok(markdown(reports)),
        Form::Json => json(reports),
        Form::Datatrove => datatrove(reports),
    };
    json.map_err(|error| RunError::new(format!("expected a report in JSON: {error}")))
}

/// Without an end of the pipe that reads, there is nothing more to say.
fn print(text: &str) -> Result<(), RunError> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(RunError::new(format!("expected to write, but found: {error}")))
        }
        _ => Ok(()),
    }
}

fn tell(reports: &Reports, place: &str, bytes: usize) {
    for report in &reports.runs {
        let (tally, run) = (&report.tally, &report.run.location);
        let text = report.text;
        #[expect(clippy::cast_precision_loss, reason = "a share for people")]
        let share = 100.0 * (text.read - text.left) as f64 / text.read.max(1) as f64;
        let (documents, shown) = (tally.documents(), report.sampling.shown);
        let dropped = match tally.dropped {
            0 => String::new(),
            dropped => format!(" ({dropped} more were dropped by rules)"),
        };
        anstream::println!(
            "{run}: {documents} documents{dropped}, {share:.1} % of the text deleted, {shown} documents shown"
        );
    }
    #[expect(clippy::cast_precision_loss, reason = "a size for people")]
    let size = bytes as f64 / 1e6;
    anstream::println!("report: {place} ({size:.1} MB)");
}
