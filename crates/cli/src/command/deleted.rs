//! `refinex deleted`: what a run deleted, as JSON lines.

use crate::report_arguments::Deleted;
use refinex::RunError;
use refinex::deleted_run::{each_deleted, sample_deleted, top_deleted};
use serde::Serialize;
use std::io::{BufWriter, ErrorKind, Write};
use std::process::ExitCode;

pub fn run(arguments: &Deleted) -> Result<ExitCode, RunError> {
    let (run, partial) = (arguments.run_directory.as_str(), arguments.partial);
    let grep = arguments.grep.as_ref();
    let mut lines = Lines::default();
    match (arguments.top, arguments.sample) {
        (Some(most), _) => {
            top_deleted(run, partial, most)?.iter().try_for_each(|row| lines.write(row))?;
        }
        (None, Some(most)) => {
            let drawn = sample_deleted(run, partial, grep, (most, arguments.seed))?;
            drawn.iter().try_for_each(|row| lines.write(row))?;
        }
        (None, None) => each_deleted(run, partial, grep, &mut |row| lines.write(&row))?,
    }
    lines.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// JSON lines to the standard output.
struct Lines {
    out: BufWriter<std::io::Stdout>,
}

impl Default for Lines {
    fn default() -> Self {
        Self { out: BufWriter::new(std::io::stdout()) }
    }
}

impl Lines {
    fn write(&mut self, row: &impl Serialize) -> Result<(), RunError> {
        let written = serde_json::to_writer(&mut self.out, row).map_err(std::io::Error::from);
        done(written.and_then(|()| self.out.write_all(b"\n")))
    }

    fn finish(mut self) -> Result<(), RunError> {
        done(self.out.flush())
    }
}

/// A reader that has had enough, such as `head`, ends the program; that is no error.
fn done(written: std::io::Result<()>) -> Result<(), RunError> {
    match written {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(RunError::new(format!("expected to write, but found: {error}"))),
    }
}
