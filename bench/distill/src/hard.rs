//! A megabyte each of text that is made to be hard, against 0.6 MB of it.

use refinex_core::{distill, execute};
use std::time::Instant;

const SIZE: usize = 1_000_000;

/// Runs the texts of these names, or all.
pub fn run(names: &[String]) {
    for (name, make) in TEXTS {
        if !names.is_empty() && !names.iter().any(|wanted| wanted == name) {
            continue;
        }
        let (raw, refined) = make();
        let before = peak_kib();
        let begun = Instant::now();
        let found = distill(&raw, &refined);
        let seconds = begun.elapsed().as_secs_f64();
        if found.residue.is_empty() {
            assert_eq!(execute(&raw, &found.deletions), refined, "law L3 on {name}");
        }
        assert_eq!(found.rebuild(&raw, &refined), refined, "{name}");
        let line = serde_json::json!({
            "text": name, "raw_bytes": raw.len(), "refined_bytes": refined.len(),
            "seconds": seconds, "spans": found.deletions.spans().len(),
            "residue": found.residue.items().len(), "fallback": found.effort,
            "peak_mib_more": (peak_kib().saturating_sub(before)) / 1024,
        });
        println!("{line}");
    }
}

type Make = fn() -> (String, String);

const TEXTS: [(&str, Make); 15] = [
    ("one letter", || ("a".repeat(SIZE), "a".repeat(SIZE * 6 / 10))),
    ("one letter, one other inserted", || {
        ("a".repeat(SIZE), format!("{0}b{0}", "a".repeat(SIZE * 3 / 10)))
    }),
    ("one repeated line", || repeated_line(|_| true)),
    ("one repeated line, two pieces cut inside", || {
        let (raw, _) = repeated_line(|_| true);
        let refined = format!("{}{}{}", &raw[..100_005], &raw[300_017..700_003], &raw[900_000..]);
        (raw, refined)
    }),
    ("random characters, random ones kept", || random(64, 60)),
    ("random characters of two, random ones kept", || random(2, 40)),
    ("random characters of two, most kept", || random(2, 90)),
    ("random characters, others inserted", || {
        let (raw, refined) = random(64, 60);
        (raw, refined.replace("!A", "é"))
    }),
    ("a page of 5,000 ideographs again and again, thinned", || {
        let page: String = (0..5000).filter_map(|at| char::from_u32(0x4e00 + at)).collect();
        let thin: String = page.chars().step_by(2).collect();
        (page.repeat(SIZE / page.len()), thin.repeat(SIZE / page.len() / 2))
    }),
    ("a word of Fibonacci, every third character gone", || {
        let (mut raw, mut last) = ("ab".to_owned(), "a".to_owned());
        while raw.len() < SIZE {
            let next = format!("{raw}{last}");
            last = std::mem::replace(&mut raw, next);
        }
        let refined = raw.char_indices().filter(|(at, _)| at % 3 != 0).map(|(_, c)| c).collect();
        (raw, refined)
    }),
    ("lines of one letter, of random length", || runs_of_letters(600)),
    ("lines of one letter, short", || runs_of_letters(6)),
    ("a line of 40 bytes again and again, each time with one letter changed, a third kept", || {
        let (letters, _) = random(26, 100);
        let lines = letters.as_bytes().chunks(1).take(SIZE / 40).map(|letter| {
            let letter = char::from(letter[0] + b'a' - b'!');
            format!("the same line here, but for {letter} at the end\n")
        });
        let lines: Vec<String> = lines.collect();
        let kept = lines.iter().enumerate().filter(|(at, _)| at * 7919 % 3 == 0);
        (lines.concat(), kept.map(|(_, line)| line.as_str()).collect())
    }),
    ("unrelated random lines", || {
        let (a, b) = (random(30, 100).0, random(31, 60).1);
        (a.replace('!', "\n"), b.replace('"', "\n"))
    }),
    ("repeated lines, half of them changed", || {
        let (raw, refined) = repeated_line(|at| at % 5 < 3);
        (raw, refined.replacen("Home |", "Start |", 5000))
    }),
];

fn repeated_line(keep: impl Fn(usize) -> bool) -> (String, String) {
    let line = "Home | About us | Contact\n";
    let raw = line.repeat(SIZE / line.len());
    let kept =
        (0..SIZE / line.len()).filter(|&at| keep(at)).count().min(SIZE * 6 / 10 / line.len());
    (raw, line.repeat(kept))
}

/// Runs of `a` of up to `most`, a `b` behind each; in the refined text half of each is gone.
fn runs_of_letters(most: usize) -> (String, String) {
    let (letters, _) = random(64, 100);
    let mut lengths = letters.bytes().map(|byte| usize::from(byte) * most / 100 + 1);
    let (mut raw, mut refined) = (String::new(), String::new());
    while let Some(length) = lengths.next().filter(|_| raw.len() < SIZE) {
        raw.push_str(&"a".repeat(length));
        refined.push_str(&"a".repeat(length / 2));
        raw.push('b');
        refined.push_str(if length % 3 == 0 { "" } else { "b" });
    }
    (raw, refined)
}

/// Characters of an alphabet of `letters`, and those that are kept with a chance in 100.
fn random(letters: u64, kept: u64) -> (String, String) {
    let mut state = letters * 7919 + kept;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 20
    };
    let letter = |number: u64| char::from(b'!' + u8::try_from(number % letters).unwrap_or(0));
    let raw: String = (0..SIZE).map(|_| letter(next())).collect();
    let refined = raw.chars().filter(|_| next() % 100 < kept).collect();
    (raw, refined)
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}
