//! The last resort for text that is too large for a table and has no passage of its own: after
//! each deletion, the longest run that is near.

use super::band::Band;
use super::symbols::{Places, Symbols};
use super::table::Run;

/// Places that are tried for each run (guess).
const TRIED: usize = 64;
/// Characters that are compared for each place (guess). A run that is as long is taken; it need
/// not be the longest, so the time is bounded by the characters that are settled.
const COMPARED: usize = 256;

/// Puts places of the characters of `run` into `found`: a valid alignment, not the least costly.
pub(super) fn fill(
    run: &Run,
    band: &Band,
    symbols: &Symbols,
    places: &Places,
    found: &mut Vec<u32>,
) {
    let mut place = run.before;
    for at in run.refined.clone() {
        let joined = symbols.raw[place as usize] == symbols.refined[at];
        place = if joined { place + 1 } else { jump(run, band, symbols, places, at, place) };
        found.push(place);
    }
}

/// Where the refined character `at` goes, if not right behind `place`.
fn jump(run: &Run, band: &Band, symbols: &Symbols, places: &Places, at: usize, place: u32) -> u32 {
    let wanted = &symbols.refined[at..run.refined.end];
    let all = &places.sorted[band.ranks(at)];
    let near = &all[all.partition_point(|&candidate| candidate <= place)..];
    let mut best = (0, 0);
    for &candidate in &near[..near.len().min(TRIED)] {
        let raw = &symbols.raw[candidate as usize - 1..run.after as usize - 1];
        let length = raw.iter().zip(wanted).take(COMPARED).take_while(|(a, b)| a == b).count();
        if length > best.0 {
            best = (length, candidate);
        }
        if length == COMPARED {
            break;
        }
    }
    best.1
}
