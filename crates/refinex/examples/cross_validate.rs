//! Cross-validates the recipe of the tagger: trains without a fold, or without a source, of the
//! expert's pages and scores every line of what was held out.
//!
//! usage: cross_validate OUT.jsonl DATA (--fold I/N | --hold SOURCE) [--permissive] [--no-teachers]
//! DATA is the folder of labelled data. Rows of OUT: {"id", "scores": [thousandths a line]}; the
//! script lab/leave-one-out sums them up.
use refinex::model::Points;
use refinex::model::train::{
    LabelledDocument, Metric, Recipe, Settings, Watch, relabel, weights_file,
};
use refinex::training::{EncoderBase, TrainingData};
use std::io::Write;

fn main() {
    let words = Words(std::env::args().skip(1).collect());
    let (mut sets, back) = training(&words).read(&|id| words.holds_back(id)).expect("sets");
    training(&words).read_base(&mut sets).expect("an encoder");
    let begun = std::time::Instant::now();
    let mut watch = |network: &str, metric: Metric| {
        let seconds = begun.elapsed().as_secs();
        eprintln!("{network} epoch {} loss {:.4} {seconds} s", metric.epoch, metric.loss);
    };
    let models = recipe(&words).train(&sets, &mut Watch(&mut watch)).expect("trained");
    let mut file = std::fs::File::create(&words.0[0]).expect("a file");
    if let Some(path) = words.value("--weights") {
        std::fs::write(path, weights_file(&models, None, Points::default()).expect("weights"))
            .expect("written");
    }
    for (id, document) in back {
        let plain = LabelledDocument { hint: None, ..document };
        let scores = relabel(&models, &plain);
        let scores: Vec<u32> = scores.iter().map(|score| (score * 1000.0).round() as u32).collect();
        writeln!(file, "{}", serde_json::json!({"id": id, "scores": scores})).expect("written");
    }
}

/// What was said on the command line.
struct Words(Vec<String>);

impl Words {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|word| word == name)
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().position(|word| word == name).map(|at| self.0[at + 1].as_str())
    }

    fn number(&self, name: &str, or: f32) -> f32 {
        self.value(name).map_or(or, |number| number.parse().expect("a number"))
    }

    fn paths(&self, name: &str) -> impl Iterator<Item = String> {
        self.value(name).into_iter().flat_map(|paths| paths.split(',').map(str::to_owned))
    }

    /// Whether a page is of the fold or the source that is held out.
    fn holds_back(&self, id: &str) -> bool {
        let page = id.split('#').next().unwrap_or(id);
        let hash = page.bytes().fold(7u64, |h, b| h.wrapping_mul(31) ^ u64::from(b));
        let of_fold = |text: &str| {
            let (i, n) = text.split_once('/').expect("I/N");
            let [i, n] = [i, n].map(|number| number.parse::<u64>().expect("a number"));
            (hash >> 3) % n == i
        };
        let of_source = |source: &str| id.starts_with(&format!("{source}:"));
        self.value("--fold").is_some_and(of_fold) || self.value("--hold").is_some_and(of_source)
    }
}

fn training(words: &Words) -> TrainingData {
    let mut training = sets(&words.0[1], words.has("--permissive"));
    training.encoder = words.value("--encoder").map(|folder| EncoderBase {
        folder: folder.to_owned(),
        layers: words.number("--layers", 6.0) as usize,
        pieces: words.number("--pieces", 15_000.0) as usize,
    });
    training.expert.extend(words.paths("--expert"));
    training.careful.extend(words.paths("--careful"));
    if words.has("--no-human") {
        training.human.clear();
        training.plain.clear();
    }
    training.care = words.number("--care", training.care);
    training
}

fn recipe(words: &Words) -> Recipe {
    let or = Settings::default();
    let settings = Settings {
        rate: words.number("--rate", or.rate),
        encoder_rate: words.number("--encoder-rate", or.encoder_rate),
        batch: words.number("--batch", or.batch as f32) as usize,
        broad_epochs: words.number("--broad", or.broad_epochs as f32) as usize,
        expert_epochs: words.number("--epochs", or.expert_epochs as f32) as usize,
        ..or
    };
    Recipe {
        teachers: if words.has("--no-teachers") { 0 } else { 3 },
        members: words.number("--members", 1.0) as usize,
        settings,
        relabelled_lines: words.number("--lines", 300.0) as usize,
        relabelled_share: words.number("--share", 0.2),
        ..Recipe::default()
    }
}

fn sets(data: &str, permissive: bool) -> TrainingData {
    let all = |folder: &str, names: &[&str]| -> Vec<String> {
        names.iter().map(|name| format!("{data}/{folder}/{name}.jsonl.zst")).collect()
    };
    let mut human = vec!["wcxb", "turku_lines", "fundus"];
    if !permissive {
        human.extend(["dragnet", "cleaneval", "l3s_gn1"]);
    }
    let corpora = [
        "dclm_labelled",
        "c4_snippets",
        "ccnet_misc",
        "cc_pages",
        "wikidata_refs",
        "fakenews_sample",
        "goose3",
        "newspaper4k",
        "snacktory",
        "autopager",
        "formasaurus",
        "trafilatura_pages",
        "registers_multi",
        "hplt_excerpts",
    ];
    let mut plain = all("corpus", &corpora);
    plain.extend(all("human", &["daniel", "zh_news", "cleaneval_zh"]));
    TrainingData {
        expert: all("expert", &["train"]),
        careful: all("expert", &["train_corpus"]),
        human: all("human", &human),
        plain,
        without: Some(format!("{data}/expert/dev_documents.txt")),
        care: 4.0,
        encoder: None,
        lines_of: Vec::new(),
        held_out: 0.0,
        plain_most: 400,
    }
}
