use super::super::split::{RawRows, RowPlace};
use super::*;
use crate::reader::ShardContext;
use proptest::prelude::*;

fn context() -> ShardContext {
    let [shard, text_key, id_key] = ["s.jsonl", "text", "id"].map(String::from);
    ShardContext { shard, text_key, id_key, max_row_bytes: 1 << 30 }
}

fn lines(row: &str) -> Lines {
    let place = RowPlace { bytes: 0..row.len(), position: 0, too_long: None };
    let raw = RawRows { bytes: format!("{row}\n").into_bytes(), rows: vec![place] };
    Lines::decode(raw, 1, &context())
}

fn edited(row: &str, spans: &[(usize, usize)]) -> String {
    let lines = lines(row);
    let text = lines.document(0).unwrap().text;
    let deletions =
        Deletions::from_spans(text, spans.iter().map(|&(a, b)| Span::new(a, b))).unwrap();
    String::from_utf8(rows(&lines, &[Some(deletions)], Wanted::ALL).unwrap()).unwrap()
}

#[test]
fn only_the_deleted_bytes_go() {
    let row =
        "\u{feff} {\"a\" : 1.50e1,\"text\":\"x\\u00e9\\nyy\\ud83d\\ude00z\" ,\"b\":\"\\/\"}\r";
    // The text is x é \n y y 😀 z.
    assert_eq!(
        edited(row, &[(1, 4), (6, 10)]),
        "\u{feff} {\"a\" : 1.50e1,\"text\":\"xyyz\" ,\"b\":\"\\/\"}\r\n"
    );
    assert_eq!(edited(row, &[]), format!("{row}\n"));
}

#[test]
fn deletions_that_do_not_fit_are_an_error() {
    let other = Deletions::from_spans("abcdef", [Span::new(1, 5)]).unwrap();
    for text in ["abc", "éé", ""] {
        let row = format!("{{\"text\":{text:?}}}");
        let error = rows(&lines(&row), &[Some(other.clone())], Wanted::ALL).unwrap_err();
        assert!(error.1.contains("but found 1..5"), "{error:?}");
    }
}

#[test]
fn raw_pieces_are_kept_only_where_escapes_are_not_canonical() {
    let of = |row: &str| {
        let lines = lines(row);
        let line = lines.view(0).unwrap();
        let all = Deletions::from_spans(line.text, [Span::new(0, line.text.len())]).unwrap();
        deleted(line, &all).unwrap()
    };
    assert_eq!(
        of(r#"{"text":"a\n\"é"}"#),
        DeletedTexts { texts: vec!["a\n\"é".into()], raw: None }
    );
    let raw = of(r#"{"text":"a\u000A\/\u00e9"}"#);
    assert_eq!(raw.texts, ["a\n/é"]);
    assert_eq!(raw.raw.unwrap(), [r"a\u000A\/\u00e9"]);
}

#[test]
fn a_restoration_that_does_not_fit_is_an_error() {
    let lines = lines(r#"{"text":"aé"}"#);
    let cases: [(&[Span], &[&str]); 4] = [
        (&[Span::new(2, 3)], &["x"]),
        (&[Span::new(0, 2)], &["x"]),
        (&[Span::new(0, 1), Span::new(0, 1)], &["x", "x"]),
        (&[Span::new(9, 10)], &["x"]),
    ];
    for (spans, texts) in cases {
        let texts: Vec<String> = texts.iter().map(|t| (*t).to_string()).collect();
        let back = Restoration { spans, texts: &texts, raw: None };
        assert!(restored(&lines, &[Some(back)]).is_err(), "{spans:?}");
    }
}

/// One character and a way to write it in a JSON string.
fn unit() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec!['a', 'é', '中', '😀', ' ', '\u{2028}', '\u{7f}', '/'])
            .prop_map(String::from),
        prop::sample::select(vec![
            r"\n",
            r"\t",
            r"\r",
            r"\b",
            r"\f",
            r"\\",
            r#"\""#,
            r"\/",
            r"\u0000",
            r"\u000a",
            r"\u00e9",
            r"\u00E9",
            r"\u4e2d",
            r"\ud83d\ude00",
            r"\uD83D\uDE00",
            r"\u0041",
        ])
        .prop_map(String::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]
    #[test]
    fn surgery_is_decoding_deleting_and_comparing_and_can_be_undone(
        units in prop::collection::vec(unit(), 0..30),
        cuts in prop::collection::vec((0usize..31, 0usize..6), 0..5),
    ) {
        let row = format!("{{\"x\":[\"\\u00e9\"],\"text\":\"{}\",\"id\":7}} ", units.concat());
        let lines_in = lines(&row);
        let text = lines_in.document(0).unwrap().text;
        let edges: Vec<usize> = text.char_indices().map(|c| c.0).chain([text.len()]).collect();
        let last = edges.len() - 1;
        let spans = cuts.iter().map(|&(from, count)| {
            Span::new(edges[from.min(last)], edges[(from + count).min(last)])
        });
        let deletions = Deletions::from_spans(text, spans).unwrap();

        let out = rows(&lines_in, &[Some(deletions.clone())], Wanted::ALL).unwrap();
        let refined = String::from_utf8(out).unwrap();
        let mut kept = String::new();
        let mut from = 0;
        for span in deletions.spans() {
            kept.push_str(&text[from..span.start()]);
            from = span.end();
        }
        kept.push_str(&text[from..]);
        let value: serde_json::Value = serde_json::from_str(&refined).unwrap();
        prop_assert_eq!(value["text"].as_str().unwrap(), &kept);
        let whole: serde_json::Value = serde_json::from_str(&row).unwrap();
        prop_assert_eq!(&value["x"], &whole["x"]);

        let lines_out = lines(refined.trim_end_matches('\n'));
        let pieces = deleted(lines_in.view(0).unwrap(), &deletions).unwrap();
        let (spans, texts) = (deletions.spans(), &pieces.texts[..]);
        let back = Restoration { spans, texts, raw: pieces.raw.as_deref() };
        prop_assert_eq!(back.apply(&kept), text);
        let again = restored(&lines_out, &[Some(back)]).unwrap();
        prop_assert_eq!(String::from_utf8(again).unwrap(), format!("{row}\n"));
    }
}

#[test]
fn rows_that_are_not_wanted_are_left_out() {
    let row = "{\"text\":\"a\"}";
    let place = |at: usize| RowPlace {
        bytes: at * (row.len() + 1)..at * (row.len() + 1) + row.len(),
        position: 0,
        too_long: None,
    };
    let bytes = format!("{row}\n").repeat(3).into_bytes();
    let raw = RawRows { bytes, rows: (0..3).map(place).collect() };
    let lines = Lines::decode(raw, 1, &context());
    let wanted = |marks| rows(&lines, &[None, None, None], Wanted::only(marks)).unwrap();
    assert_eq!(wanted(&[true, false, true]), format!("{row}\n{row}\n").into_bytes());
    assert_eq!(wanted(&[false, false, false]), b"");
}
