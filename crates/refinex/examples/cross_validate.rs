//! Cross-validates the recipe of the tagger: trains without a fold, or without a source, of the
//! expert's pages and scores every line of what was held out.
//!
//! usage: cross_validate OUT.jsonl DATA (--fold I/N | --hold SOURCE) [--permissive] [--no-teachers]
//! DATA is the folder of labelled data. Rows of OUT: {"id", "scores": [thousandths a line]}; the
//! script lab/cross-validate sums them up.
use refinex::model::Points;
use refinex::model::train::{
    LabelledDocument, Metric, Recipe, Settings, Watch, relabel, weights_file,
};
use refinex::training::{EncoderBase, TrainingData};
use std::io::Write;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let value =
        |name: &str| words.iter().position(|word| word == name).map(|at| words[at + 1].clone());
    let has = |name: &str| words.iter().any(|word| word == name);
    let (out, data) = (&words[0], &words[1]);
    let fold = value("--fold").map(|text| {
        let (i, n) = text.split_once('/').expect("I/N");
        (i.parse::<u64>().expect("a number"), n.parse::<u64>().expect("a number"))
    });
    let hold = value("--hold");
    let held = |id: &str| {
        let page = id.split('#').next().unwrap_or(id);
        let hash = page.bytes().fold(7u64, |h, b| h.wrapping_mul(31) ^ u64::from(b));
        fold.is_some_and(|(i, n)| (hash >> 3) % n == i)
            || hold.as_ref().is_some_and(|source| id.starts_with(&format!("{source}:")))
    };
    let number = |name: &str, or: f32| value(name).map_or(or, |n| n.parse().expect("a number"));
    let mut training = sets(data, has("--permissive"));
    training.encoder = value("--encoder").map(|folder| EncoderBase {
        folder,
        layers: number("--layers", 6.0) as usize,
        pieces: number("--pieces", 15_000.0) as usize,
    });
    if let Some(more) = value("--expert") {
        training.expert.extend(more.split(',').map(str::to_owned));
    }
    if let Some(more) = value("--careful") {
        training.careful.extend(more.split(',').map(str::to_owned));
    }
    if has("--no-human") {
        training.human.clear();
        training.plain.clear();
    }
    training.care = number("--care", training.care);
    let (mut sets, back) = training.read(&held).expect("sets");
    training.read_base(&mut sets).expect("an encoder");
    let teachers = if has("--no-teachers") { 0 } else { 3 };
    let members = number("--members", 1.0) as usize;
    let or = Settings::default();
    let settings = Settings {
        rate: number("--rate", or.rate),
        encoder_rate: number("--encoder-rate", or.encoder_rate),
        batch: number("--batch", or.batch as f32) as usize,
        broad_epochs: number("--broad", or.broad_epochs as f32) as usize,
        expert_epochs: number("--epochs", or.expert_epochs as f32) as usize,
        ..or
    };
    let relabelled_lines = number("--lines", 300.0) as usize;
    let relabelled_share = number("--share", 0.2);
    let or = Recipe::default();
    let recipe = Recipe { teachers, members, settings, relabelled_lines, relabelled_share, ..or };
    let begun = std::time::Instant::now();
    let mut watch = |network: &str, metric: Metric| {
        let seconds = begun.elapsed().as_secs();
        eprintln!("{network} epoch {} loss {:.4} {seconds} s", metric.epoch, metric.loss);
    };
    let models = recipe.train(&sets, &mut Watch(&mut watch)).expect("trained");
    let mut file = std::fs::File::create(out).expect("a file");
    if let Some(path) = value("--weights") {
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
