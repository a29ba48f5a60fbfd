//! `cargo run --release --manifest-path bench/Cargo.toml`: how fast the roads of refinex are, as
//! ratios in one run on one machine, with the answers checked.
//!
//! Every contestant runs once a round, one after the other, and the best of its rounds counts: on
//! a machine that others use too, the best time is the least disturbed one. Beside the time of the
//! wall clock stands the time of the processor, which others disturb less.

mod bare;
mod clock;
mod data;
mod memory;
mod road;
mod stages;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

/// What the user asked for.
pub struct Options {
    /// Megabytes of text to make.
    pub megabytes: u64,
    /// Rounds of which the best counts.
    pub rounds: usize,
    /// Where data and outputs go.
    pub folder: PathBuf,
    /// A file of JSON lines to use instead of made text.
    pub input: Option<PathBuf>,
    /// Whether peak memory is measured too, on shards of 200 MB and 2 GB (minutes).
    pub memory: bool,
}

const USAGE: &str = "usage: cargo run --release --manifest-path bench/Cargo.toml -- \
    [--megabytes 300] [--rounds 3] [--folder DIR] [--input FILE.jsonl] [--memory]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [child, input, output] = arguments.as_slice()
        && child == memory::CHILD
    {
        memory::child(input, output);
        return ExitCode::SUCCESS;
    }
    let Some(options) = options(&arguments) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let missed = run(&options);
    if missed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn options(arguments: &[String]) -> Option<Options> {
    let (folder, input) = (default_folder(), None);
    let mut options = Options { megabytes: 300, rounds: 3, folder, input, memory: false };
    let mut arguments = arguments.iter();
    while let Some(name) = arguments.next() {
        match name.as_str() {
            "--memory" => options.memory = true,
            "--megabytes" => options.megabytes = arguments.next()?.parse().ok()?,
            "--rounds" => options.rounds = arguments.next()?.parse().ok()?,
            "--folder" => options.folder = arguments.next()?.into(),
            "--input" => options.input = Some(arguments.next()?.into()),
            _ => return None,
        }
    }
    Some(options)
}

/// Memory where there is some for files, so that it is refinex that is measured and not the disk:
/// every file that is written is flushed to the disk, which may be slower than everything else.
fn default_folder() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let parent = if memory.is_dir() { memory } else { std::env::temp_dir() };
    parent.join("refinex-bench")
}

/// Measures everything; the answer is how many targets were missed.
fn run(options: &Options) -> usize {
    let data = data::Data::make(options);
    println!(
        "{} MB of text in {} shards, {}",
        data.text_bytes / 1_000_000,
        data::SHARDS,
        machine()
    );
    println!("in {}; text of {} bytes a page on average", options.folder.display(), data.mean_page);
    println!("best of {} rounds; the machine may be shared, so look at ratios\n", options.rounds);
    let mut table = table::Table::default();
    road::without_a_model(&data, options, &mut table);
    road::apply(&data, options, &mut table);
    road::tagger(&data, options, &mut table);
    table.print();
    stages::print(&data);
    if options.memory {
        memory::measure(options, &mut table);
    }
    table.missed()
}

fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpus.lines().find_map(|line| line.strip_prefix("model name"));
    let name = name.and_then(|rest| rest.split_once(':')).map_or("unknown processor", |(_, n)| n);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{}, {threads} threads", name.trim())
}
