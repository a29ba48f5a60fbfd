//! What a process and what it started have used, as Linux tells it.

use std::fs;

/// Clock ticks a second in `/proc` (fixed to this for user programs on every Linux).
const TICKS: f64 = 100.0;

/// Processor seconds and memory of a process and all below it; `None` where the system does not
/// tell (anything but Linux), or the process is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    pub(crate) cpu_seconds: f64,
    /// Sum of the most that each process of the tree has held, in bytes.
    pub(crate) peak_memory_bytes: u64,
}

impl Usage {
    pub(crate) fn of(process: u32) -> Option<Self> {
        let mut sum = Self::of_one(process)?;
        for child in children(process) {
            if let Some(below) = Self::of(child) {
                sum.cpu_seconds += below.cpu_seconds;
                sum.peak_memory_bytes += below.peak_memory_bytes;
            }
        }
        Some(sum)
    }

    fn of_one(process: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = peak.and_then(|peak| peak.trim().split(' ').next()?.parse::<u64>().ok());
        Some(Self {
            cpu_seconds: ticks(&stat)?.max(running(process)),
            peak_memory_bytes: kilobytes.unwrap_or_default() * 1024,
        })
    }
}

/// Seconds in user and system mode, of the process and of the children that it has waited for.
fn ticks(stat: &str) -> Option<f64> {
    // The second field is a name in brackets, which may hold blanks.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let times = fields.get(11..15)?.iter().map(|field| field.parse::<f64>().ok());
    times.sum::<Option<f64>>().map(|ticks| ticks / TICKS)
}

/// Seconds of the threads that live, to the nanosecond.
fn running(process: u32) -> f64 {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return 0.0 };
    let seconds = threads.flatten().filter_map(|thread| {
        let schedule = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        schedule.split(' ').next()?.parse::<f64>().ok()
    });
    seconds.sum::<f64>() / 1e9
}

fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    let lists =
        threads.flatten().filter_map(|t| fs::read_to_string(t.path().join("children")).ok());
    let numbers: String = lists.collect::<Vec<_>>().join(" ");
    numbers.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use std::hint::black_box;
    use std::process::Command;

    #[test]
    fn work_is_seen_as_processor_time() {
        let me = std::process::id();
        let before = Usage::of(me).unwrap();
        let sum = (0..200_000_000u64).fold(0u64, |sum, at| black_box(sum ^ at));
        let after = Usage::of(me).unwrap();
        assert!(after.cpu_seconds - before.cpu_seconds > 0.01, "{before:?} {after:?} {sum}");
        assert!(after.peak_memory_bytes > 1 << 20);
    }

    #[test]
    fn what_a_process_started_counts_with_it() {
        let mut child = Command::new("sh").args(["-c", "sleep 5; true"]).spawn().unwrap();
        let seen = (0..200).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            !children(child.id()).is_empty()
        });
        let usage = Usage::of(child.id()).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(seen && usage.peak_memory_bytes > 0);
    }

    #[test]
    fn a_name_with_blanks_and_brackets_does_not_move_the_fields() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4 1 2 3 4 150 50 20 30 20 0 1 0 9";
        assert_eq!(ticks(stat), Some(2.5));
    }
}
