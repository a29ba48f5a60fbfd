//! Claims: which of all threads and processes that share a folder asks for an answer.
//!
//! A claim is a file that is created where there is none, which is one step on every local file
//! system and on NFS since version 3; there is no other lock. Its holder changes its time every few
//! seconds. A claim whose time stands still belongs to a process that died, and is taken away. A
//! time is only compared with itself, so the clocks of machines need not agree.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

/// How often claims are looked at (guesses: beside an answer, which takes seconds).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The holder changes the time of a claim this often.
    pub beat: Duration,
    /// Whoever waits looks this often.
    pub look: Duration,
    /// A claim whose time stands still so long is nobody's.
    pub stale: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let (beat, look) = (Duration::from_secs(2), Duration::from_millis(250));
        Self { beat, look, stale: Duration::from_secs(15) }
    }
}

/// What a wait for a turn ends with.
pub(crate) enum Turn<'a, T> {
    /// Somebody else has found it.
    Found(T),
    /// It is for the holder to find.
    Ours(Claim<'a>),
}

/// The claims that this process holds.
pub(crate) struct Claims {
    shared: Arc<Shared>,
    pace: Pace,
    heart: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The claims of this process, and whether they are written down for others.
    held: HashMap<PathBuf, bool>,
    ended: bool,
}

impl Claims {
    /// No claims yet.
    pub(crate) fn new(pace: Pace) -> Self {
        let shared = Arc::<Shared>::default();
        let beating = Arc::clone(&shared);
        // Without a thread for it, claims go stale: an answer may be paid for twice, as without them.
        let heart = std::thread::Builder::new().spawn(move || beating.beat(pace.beat)).ok();
        Self { shared, pace, heart }
    }

    /// Waits until `found` finds something, or until it is the caller's turn to.
    ///
    /// # Errors
    /// If the claim cannot be written.
    pub(crate) fn wait<T>(
        &self,
        place: PathBuf,
        found: impl Fn() -> Option<T>,
    ) -> io::Result<Turn<'_, T>> {
        let mut claim = self.claim_here(place);
        let mut last = None;
        loop {
            if let Some(found) = found() {
                return Ok(Turn::Found(found));
            }
            if claim.write()? {
                // Another may have found it, and have given its claim back, just before.
                return Ok(found().map_or_else(|| Turn::Ours(claim), Turn::Found));
            }
            if self.is_stale(&claim.place, &mut last) {
                let _ = fs::remove_file(&claim.place);
            } else {
                std::thread::sleep(self.pace.look);
            }
        }
    }

    /// The claim among the threads of this process.
    fn claim_here(&self, place: PathBuf) -> Claim<'_> {
        let state = self.shared.state();
        let wait = self.shared.changed.wait_while(state, |state| state.held.contains_key(&place));
        wait.unwrap_or_else(PoisonError::into_inner).held.insert(place.clone(), false);
        Claim { shared: &self.shared, place, written: false }
    }

    /// Whether the time of a claim has stood still for too long; `last` is what was seen before.
    fn is_stale(&self, place: &Path, last: &mut Option<(SystemTime, Instant)>) -> bool {
        // Opened, since NFS may answer from memory where a file is not opened.
        let time = File::open(place).and_then(|file| file.metadata()?.modified());
        match (time, *last) {
            (Err(_), _) => *last = None,
            (Ok(time), Some((before, since))) if before == time => {
                return since.elapsed() >= self.pace.stale;
            }
            (Ok(time), _) => *last = Some((time, Instant::now())),
        }
        false
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the time of all claims again and again, until the end.
    fn beat(&self, pause: Duration) {
        let mut state = self.state();
        let mut next = Instant::now() + pause;
        while !state.ended {
            let rest = next.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                let written = state.held.iter().filter(|(_, written)| **written);
                let written: Vec<PathBuf> = written.map(|(place, _)| place.clone()).collect();
                drop(state);
                written.iter().for_each(|place| touch(place));
                next = Instant::now() + pause;
                state = self.state();
                continue;
            }
            let waited = self.changed.wait_timeout(state, rest);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Changes the time of a claim, if it is still there.
fn touch(place: &Path) {
    let file = File::options().write(true).open(place);
    let _ = file.and_then(|file| file.set_modified(SystemTime::now()));
}

impl Drop for Claims {
    fn drop(&mut self) {
        self.shared.state().ended = true;
        self.shared.changed.notify_all();
        if let Some(heart) = self.heart.take() {
            let _ = heart.join();
        }
    }
}

/// The right to find one thing; it is given back at the end, whatever that is.
pub(crate) struct Claim<'a> {
    shared: &'a Shared,
    place: PathBuf,
    written: bool,
}

impl Claim<'_> {
    /// Tries to write the claim down for other processes; false if another holds it.
    fn write(&mut self) -> io::Result<bool> {
        match File::create_new(&self.place) {
            Ok(_) => {
                self.written = true;
                self.shared.state().held.insert(self.place.clone(), true);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        Ok(self.written)
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if self.written {
            let _ = fs::remove_file(&self.place);
        }
        self.shared.state().held.remove(&self.place);
        self.shared.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn pace(stale: u64) -> Pace {
        let (beat, look) = (Duration::from_millis(20), Duration::from_millis(2));
        Pace { beat, look, stale: Duration::from_millis(stale) }
    }

    /// Finds once in `work`, and counts it.
    fn find(claims: &Claims, place: &Path, work: Duration, finds: &AtomicU32) {
        let found = || (finds.load(Ordering::SeqCst) > 0).then_some(());
        if let Turn::Ours(_claim) = claims.wait(place.to_owned(), found).unwrap() {
            std::thread::sleep(work);
            finds.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn of_many_holders_one_finds_and_its_beat_keeps_the_claim_however_long_it_takes() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a.claim");
        // Each stands for a process: they share nothing but the folder.
        let processes: Vec<Claims> = (0..3).map(|_| Claims::new(pace(1500))).collect();
        let finds = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for claims in processes.iter().chain(&processes) {
                scope.spawn(|| find(claims, &place, Duration::from_secs(3), &finds));
            }
        });
        assert_eq!(finds.load(Ordering::SeqCst), 1);
        assert!(!place.exists());
    }

    #[test]
    fn the_claim_of_a_process_that_died_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a.claim");
        File::create_new(&place).unwrap();
        let (claims, finds) = (Claims::new(pace(60)), AtomicU32::new(0));
        let begun = Instant::now();
        find(&claims, &place, Duration::ZERO, &finds);
        assert_eq!(finds.load(Ordering::SeqCst), 1);
        assert!(begun.elapsed() >= Duration::from_millis(60) && !place.exists());
    }
}
