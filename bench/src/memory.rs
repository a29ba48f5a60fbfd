//! Peak memory of a run over one large shard, in a process of its own.

use crate::Options;
use crate::data::write_shard;
use crate::road;
use crate::table::Table;
use std::path::Path;
use std::process::Command;

/// The first argument of the process that is measured.
pub const CHILD: &str = "memory-child";
/// What the project promises, in megabytes, at two threads.
const MOST: u64 = 400;

/// Refines `input` with the embedded tagger on two threads and prints its peak memory in bytes.
pub fn child(input: &str, output: &str) {
    let (decider, settings) = road::embedded();
    road::run(Path::new(input), Path::new(output), &decider, &settings, 2);
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    println!("{}", kilobytes * 1024);
}

/// Measures shards of 200 MB and of 2 GB.
pub fn measure(options: &Options, table: &mut Table) {
    println!("peak memory of the tagger's road at 2 threads on one shard:");
    for megabytes in [200, 2000] {
        let shard = options.folder.join(format!("large-{megabytes}.jsonl"));
        write_shard(&shard, megabytes, megabytes * 1_000_000);
        let size = std::fs::metadata(&shard).expect("a shard").len() / 1_000_000;
        let peak = peak_of(&shard, &options.folder.join("large-out")) / 1_000_000;
        let _ = std::fs::remove_dir_all(options.folder.join("large-out"));
        let verdict = table.verdict(peak <= MOST, &format!("at most {MOST} MB"));
        println!("  shard of {size:>5} MB: {peak:>4} MB  {verdict}");
        let _ = std::fs::remove_file(&shard);
    }
}

fn peak_of(shard: &Path, out: &Path) -> u64 {
    let bench = std::env::current_exe().expect("this program");
    let output = Command::new(bench).arg(CHILD).arg(shard).arg(out).output().expect("a process");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).expect("a number");
    said.trim().parse().expect("a number")
}
