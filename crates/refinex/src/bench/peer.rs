//! A refiner in a process of its own: rows go in, answers come out, time and memory are its own.

use super::usage::Usage;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// A refiner that runs.
pub(crate) struct Peer {
    child: Child,
    /// Taken away to end it.
    input: Option<ChildStdin>,
    answers: Receiver<std::io::Result<String>>,
    begun: Instant,
}

/// What came of a share.
pub(crate) struct Answered {
    pub(crate) lines: Vec<String>,
    pub(crate) wall_seconds: f64,
    pub(crate) cpu_seconds: Option<f64>,
}

impl Peer {
    /// Starts a refiner.
    pub(crate) fn start(mut command: Command) -> Result<Self, String> {
        let begun = Instant::now();
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child =
            spawned.map_err(|error| format!("expected to start it, but found: {error}"))?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for line in output.into_iter().flat_map(|output| BufReader::new(output).lines()) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { child, input, answers, begun })
    }

    /// Seconds since it was started.
    pub(crate) fn age(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    /// What it has used so far.
    pub(crate) fn usage(&self) -> Option<Usage> {
        Usage::of(self.child.id())
    }

    /// Sends rows and a blank line, and waits until there is an answer for each of `count`.
    pub(crate) fn ask(
        &mut self,
        rows: &[u8],
        count: usize,
        patience: Duration,
    ) -> Result<Answered, String> {
        let before = self.usage();
        let begun = Instant::now();
        let mut input = self.input.take().ok_or("expected it to run, but found it stopped")?;
        let lines = std::thread::scope(|scope| {
            let sent = scope.spawn(|| {
                let sent = input.write_all(rows).and_then(|()| input.write_all(b"\n"));
                sent.and_then(|()| input.flush())
            });
            let lines = self.collect(count, begun + patience);
            if lines.is_err() {
                // It may wait for somebody to read or to write: only its end frees the sender.
                let _ = self.child.kill();
            }
            let sent = sent.join().unwrap_or_else(|_| Err(std::io::ErrorKind::Other.into()));
            match (lines, sent) {
                (Ok(_), Err(error)) => Err(format!("expected to send it rows, but found: {error}")),
                (lines, _) => lines,
            }
        })?;
        let wall_seconds = begun.elapsed().as_secs_f64();
        self.input = Some(input);
        let cpu_seconds = before.zip(self.usage());
        let cpu_seconds = cpu_seconds.map(|(before, after)| after.cpu_seconds - before.cpu_seconds);
        Ok(Answered { lines, wall_seconds, cpu_seconds })
    }

    fn collect(&mut self, count: usize, until: Instant) -> Result<Vec<String>, String> {
        let mut lines = Vec::with_capacity(count);
        while lines.len() < count {
            let left = until.saturating_duration_since(Instant::now());
            match self.answers.recv_timeout(left) {
                Ok(Ok(line)) if line.trim().is_empty() => {}
                Ok(Ok(line)) => lines.push(line),
                Ok(Err(error)) => {
                    return Err(format!("expected answers in UTF-8, but found: {error}"));
                }
                Err(RecvTimeoutError::Timeout) => {
                    let found = lines.len();
                    return Err(format!(
                        "expected {count} answers in time, but found {found} (an adapter must \
                         answer every row, and everything so far at a blank line)"
                    ));
                }
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended(count, lines.len())),
            }
        }
        Ok(lines)
    }

    fn ended(&mut self, count: usize, found: usize) -> String {
        let how = match self.wait() {
            Some(status) => status.to_string(),
            None => "it runs on, with its output closed".to_owned(),
        };
        format!("expected {count} answers, but found its end after {found} ({how})")
    }

    /// Waits a little for its end.
    fn wait(&mut self) -> Option<std::process::ExitStatus> {
        for _ in 0..LOOKS {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
                ended => return ended.ok().flatten(),
            }
        }
        None
    }

    /// Ends it: it has seen the end of its rows, and if that is not enough it is stopped.
    pub(crate) fn stop(mut self) {
        self.input = None;
        if self.wait().is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Looks, 20 ms apart, for the end of a refiner that has closed its output or has seen the end of
/// its rows (guess: two seconds are enough to leave).
const LOOKS: usize = 100;

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    fn peer(script: &str) -> Peer {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Peer::start(command).unwrap()
    }

    #[test]
    fn rows_larger_than_any_pipe_come_back_from_a_peer_that_reads_and_writes_at_once() {
        let mut peer = peer("cat");
        let rows = "x".repeat(999).into_bytes();
        let rows: Vec<u8> = (0..3000).flat_map(|_| rows.iter().copied().chain([b'\n'])).collect();
        let answered = peer.ask(&rows, 3000, SOON).unwrap();
        assert!(answered.lines.len() == 3000 && answered.wall_seconds > 0.0);
        assert_eq!(peer.ask(b"again\n", 1, SOON).unwrap().lines, ["again"]);
        peer.stop();
    }

    #[test]
    fn a_peer_that_ends_or_is_silent_is_an_error_and_not_a_hang() {
        let error =
            |script, patience| peer(script).ask(b"{}\n{}\n", 2, patience).map(|_| ()).unwrap_err();
        let said = error("read x; echo $x; exit 3", SOON);
        assert!(said.starts_with("expected 2 answers, but found its end after 1"), "{said}");
        let said = error("read x; echo $x; exec >&-; sleep 60", SOON);
        assert!(said.ends_with("after 1 (it runs on, with its output closed)"), "{said}");
        let said = error("sleep 60", Duration::from_millis(50));
        assert!(said.starts_with("expected 2 answers in time, but found 0"), "{said}");
    }

    #[test]
    fn a_command_that_cannot_start_is_an_error() {
        let error = Peer::start(Command::new("/nowhere/at/all")).err().unwrap();
        assert!(error.starts_with("expected to start it"), "{error}");
    }
}
