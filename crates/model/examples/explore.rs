//! Trains a tagger from labelled JSONL.zst files and says how good and how fast it is.
//!
//! usage: explore OUT.bin --expert FILE… --human FILE… --without IDS --dev FILE… [--hold-out N]
//! With `--hold-out N` every N-th page of the expert's is kept back, and thresholds are tried on it.
use refinex_core::{Lines, Score, Scores, Span, deletions_at};
use refinex_model::Tagger;
use refinex_model::train::{LabelledDocument, Set, Settings, score_lines, train};
use std::collections::{HashMap, HashSet};
use std::io::Write;

struct Row {
    id: String,
    document: LabelledDocument,
}

fn read(path: &str) -> Vec<Row> {
    let bytes = zstd::decode_all(std::fs::File::open(path).expect("a file")).expect("zstd");
    let rows = bytes.split(|&b| b == b'\n').filter(|line| !line.is_empty());
    rows.map(|line| {
        let row: serde_json::Value = serde_json::from_slice(line).expect("JSON");
        let spans = row["deletions"].as_array().expect("deletions");
        let number = |v: &serde_json::Value| v.as_u64().expect("a number") as usize;
        let deletions = spans.iter().map(|s| (number(&s[0]), number(&s[1]))).collect();
        let text = row["text"].as_str().expect("a text").to_owned();
        let id = row["id"].as_str().expect("an id").to_owned();
        Row { id, document: LabelledDocument { text, deletions } }
    })
    .collect()
}

fn page(id: &str) -> &str {
    id.split('#').next().unwrap_or(id)
}

fn main() {
    let mut options: HashMap<String, Vec<String>> = HashMap::new();
    let mut key = String::new();
    for word in std::env::args().skip(1) {
        match word.strip_prefix("--") {
            Some(name) => name.clone_into(&mut key),
            None => options.entry(key.clone()).or_default().push(word),
        }
    }
    let list = |name: &str| options.get(name).cloned().unwrap_or_default();
    let number =
        |name: &str, or: usize| list(name).first().map_or(or, |n| n.parse().expect("a number"));
    let without: HashSet<String> = list("without")
        .iter()
        .flat_map(|path| {
            let text = std::fs::read_to_string(path).expect("ids");
            text.lines().map(|l| page(l.trim()).to_owned()).collect::<Vec<_>>()
        })
        .collect();
    let hold = number("hold-out", 0);
    let mut held: Vec<(String, Vec<LabelledDocument>)> = Vec::new();
    let mut sets = Vec::new();
    for (name, expert) in list("expert")
        .into_iter()
        .map(|p| (p, true))
        .chain(list("human").into_iter().map(|p| (p, false)))
    {
        let mut kept = Vec::new();
        let mut back = Vec::new();
        for row in read(&name) {
            let hash = page(&row.id).bytes().fold(7u64, |h, b| h.wrapping_mul(31) ^ u64::from(b));
            if without.contains(page(&row.id)) {
                continue;
            }
            if hold > 0 && (hash >> 3) % hold as u64 == 0 {
                back.push(row.document);
            } else {
                kept.push(row.document);
            }
        }
        println!("{name}: {} documents, {} held out", kept.len(), back.len());
        if expert {
            held.push((name.clone(), back));
        }
        sets.push(Set { name, expert, documents: kept });
    }
    let settings = Settings {
        broad_epochs: number("broad", 2),
        expert_epochs: number("epochs", 10),
        seed: number("seed", 1) as u64,
        threshold: number("threshold", 500) as f32 / 1000.0,
        ..Settings::default()
    };
    let begun = std::time::Instant::now();
    let models: Vec<_> = (0..number("members", 1))
        .map(|member| {
            let settings = Settings { seed: settings.seed + member as u64, ..settings.clone() };
            train(&sets, &settings, &mut |m| {
                let seconds = begun.elapsed().as_secs_f32();
                println!("epoch {} step {} loss {:.4} {seconds:.0}s", m.epoch, m.step, m.loss);
            })
        })
        .collect();
    let bytes: Vec<u8> = models.iter().flat_map(|model| model.to_bytes()).collect();
    let tagger = Tagger::from_bytes(&bytes).expect("weights");
    for (name, documents) in held.iter().filter(|(_, d)| !d.is_empty()) {
        let rows: Vec<_> = documents.iter().flat_map(|d| score_lines(&tagger, d)).collect();
        for t in [0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8] {
            let sum = |f: &dyn Fn(bool, bool) -> bool| -> f32 {
                rows.iter().filter(|r| f(r.0 >= t, r.2)).map(|r| r.1).sum()
            };
            let (tp, fp) = (sum(&|p, g| p && g), sum(&|p, g| p && !g));
            let (fneg, tn) = (sum(&|p, g| !p && g), sum(&|p, g| !p && !g));
            println!(
                "held {} t={t:.2} F1 {:.4} precision {:.4} recall {:.4} kept recall {:.4}",
                name.rsplit('/').next().unwrap_or(name),
                2.0 * tp / (2.0 * tp + fp + fneg),
                tp / (tp + fp),
                tp / (tp + fneg),
                tn / (tn + fp)
            );
        }
    }
    let out = &list("")[0];
    std::fs::write(out, &bytes).expect("weights");
    for path in list("dev") {
        let rows = read(&path);
        let name = path.rsplit('/').next().unwrap_or(&path).trim_end_matches(".zst");
        let mut file = std::fs::File::create(format!("{out}.{name}")).expect("a file");
        let begun = std::time::Instant::now();
        let scored: Vec<Scores> = rows
            .iter()
            .map(|row| {
                let text = &row.document.text;
                let lines = tagger.score_lines(text, Span::new(0, text.len()));
                assert_eq!(lines.len(), Lines::of(text).len());
                Scores {
                    lines: lines.into_iter().map(Score::from_probability).collect(),
                    pieces: vec![],
                }
            })
            .collect();
        let bytes: usize = rows.iter().map(|r| r.document.text.len()).sum();
        println!("{name}: {:.2} MB/s", bytes as f64 / 1e6 / begun.elapsed().as_secs_f64());
        for (row, scores) in rows.iter().zip(scored) {
            let gone = deletions_at(
                &row.document.text,
                &scores,
                Score::from_probability(settings.threshold),
            );
            let spans: Vec<_> = gone.spans().iter().map(|s| [s.start(), s.end()]).collect();
            writeln!(file, "{}", serde_json::json!({"id": row.id, "deletions": spans}))
                .expect("written");
        }
    }
}
