//! Whole shards of Parquet, and conversions to and from it.
#![allow(clippy::unwrap_used, reason = "a test stops at the first thing amiss")]

mod common;

use arrow_array::builder::{Int64Builder, ListBuilder, StructBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BinaryArray, DictionaryArray, Int64Array, LargeStringArray, RecordBatch,
    StringArray, StringViewArray,
};
use arrow_schema::{DataType, Field, Fields, Schema};
use common::{hashes, nothing, refine};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use refinex_corpus::{OutputCompression, OutputFormat, OutputSettings, RowProblem, Store};
use std::sync::Arc;

fn list_of_structs(rows: usize) -> ArrayRef {
    let fields = Fields::from(vec![Field::new("n", DataType::Int64, true)]);
    let values = StructBuilder::new(fields, vec![Box::new(Int64Builder::new())]);
    let mut list = ListBuilder::new(values);
    for row in 0..rows {
        for n in 0..row % 3 {
            let item = list.values();
            item.field_builder::<Int64Builder>(0).unwrap().append_value(n as i64);
            item.append(true);
        }
        list.append(row % 4 != 3);
    }
    Arc::new(list.finish())
}

fn table(text: ArrayRef) -> RecordBatch {
    let rows = text.len();
    let ids: StringArray = (0..rows).map(|n| (n % 5 != 4).then(|| format!("id{n}"))).collect();
    let tags: DictionaryArray<Int32Type> = (0..rows).map(|n| Some(["a", "b"][n % 2])).collect();
    let numbers: Int64Array = (0..rows).map(|n| (n > 2).then_some(n as i64)).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("n", Arc::new(numbers)),
        ("id", Arc::new(ids)),
        ("text", text),
        ("tag", Arc::new(tags)),
        ("deep", list_of_structs(rows)),
    ];
    let fields: Vec<_> = columns
        .iter()
        .map(|(name, column)| {
            let marked: std::collections::HashMap<String, String> =
                [("note".to_string(), (*name).to_string())].into();
            Field::new(*name, column.data_type().clone(), true).with_metadata(marked)
        })
        .collect();
    let metadata: std::collections::HashMap<String, String> =
        [("origin".to_string(), "test".to_string())].into();
    let schema = Schema::new_with_metadata(fields, metadata);
    RecordBatch::try_new(Arc::new(schema), columns.into_iter().map(|c| c.1).collect()).unwrap()
}

fn written(batch: &RecordBatch, group: usize, codec: Compression) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(group))
        .set_compression(codec)
        .set_key_value_metadata(Some(vec![KeyValue::new("huggingface".into(), "{}".to_string())]))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

fn read(bytes: bytes::Bytes) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    arrow_select::concat::concat_batches(&schema, &batches).unwrap()
}

fn texts(rows: usize) -> Vec<String> {
    (0..rows).map(|n| format!("é{n}#\n\u{2028}\0{}", "x".repeat(n % 7))).collect()
}

fn text_columns(rows: usize) -> Vec<ArrayRef> {
    let texts = texts(rows);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    vec![
        Arc::new(StringArray::from(texts.clone())),
        Arc::new(LargeStringArray::from(texts.clone())),
        Arc::new(StringViewArray::from(texts.clone())),
        Arc::new(texts.into_iter().collect::<DictionaryArray<Int32Type>>()),
    ]
}

#[test]
fn every_column_type_and_row_group_is_kept() {
    for text in text_columns(2500) {
        let input = table(text);
        let store = Store::memory();
        store.put("a.parquet", written(&input, 1100, Compression::SNAPPY)).unwrap();
        let outcome = refine(&store, "a.parquet", &OutputSettings::default(), nothing).unwrap();
        assert_eq!(outcome.documents[4].0, "a.parquet/5");
        let bytes = store.get("out/a.parquet").unwrap();
        let output = read(bytes.clone());
        assert_eq!(output.schema(), read(store.get("a.parquet").unwrap()).schema());
        assert_eq!(output, read(store.get("a.parquet").unwrap()));

        let file = SerializedFileReader::new(bytes).unwrap();
        let groups: Vec<_> = file.metadata().row_groups().iter().map(|g| g.num_rows()).collect();
        assert_eq!(groups, [1100, 1100, 300]);
        assert_eq!(file.metadata().row_group(0).column(2).compression(), Compression::SNAPPY);
        let pairs = file.metadata().file_metadata().key_value_metadata().unwrap();
        assert!(pairs.iter().any(|pair| pair.key == "huggingface"));
        assert_eq!(outcome.input.bytes, store.head("a.parquet").unwrap().size);
    }
}

#[test]
fn edits_change_the_text_and_nothing_else() {
    for text in text_columns(30) {
        let input = table(text);
        let store = Store::memory();
        store.put("a.parquet", written(&input, 1000, Compression::UNCOMPRESSED)).unwrap();
        let compression = OutputCompression::Zst;
        let settings = OutputSettings { compression, ..Default::default() };
        refine(&store, "a.parquet", &settings, hashes).unwrap();
        let output = read(store.get("out/a.parquet").unwrap());
        assert_eq!(output.schema().fields(), input.schema().fields());
        for column in [0, 1, 3, 4] {
            assert_eq!(output.column(column), input.column(column));
        }
        let seen = arrow_cast::cast(output.column(2), &DataType::LargeUtf8).unwrap();
        let wanted: Vec<_> = texts(30).iter().map(|text| text.replace('#', "")).collect();
        assert_eq!(seen.as_string::<i64>().iter().flatten().collect::<Vec<_>>(), wanted);
    }
}

#[test]
fn the_same_work_gives_the_same_bytes() {
    let store = Store::memory();
    let input = table(text_columns(3000).remove(0));
    store.put("a.parquet", written(&input, 1000, Compression::SNAPPY)).unwrap();
    let run = || {
        refine(&store, "a.parquet", &OutputSettings::default(), hashes).unwrap();
        store.get("out/a.parquet").unwrap()
    };
    assert!(run() == run());
}

#[test]
fn null_and_invalid_texts_are_bad_rows_and_the_others_go_on() {
    let mut bytes: Vec<Option<&[u8]>> = vec![Some(b"good#"), None, Some(b"a\xff\"b"), Some(b"")];
    bytes.push(Some("é".as_bytes()));
    let ids: StringArray = (0..5).map(|n| Some(format!("id{n}"))).collect();
    // A file that says its text is a string, though it is not: written as bytes, then relabelled.
    let file = invalid_string_file(&BinaryArray::from(bytes), ids);
    let store = Store::memory();
    store.put("a.parquet", file).unwrap();
    let outcome = refine(&store, "a.parquet", &OutputSettings::default(), hashes).unwrap();
    let seen: Vec<_> = outcome.bad.iter().map(|bad| (bad.row, bad.problem)).collect();
    assert_eq!(seen, [(2, RowProblem::TextNull), (3, RowProblem::InvalidUtf8)]);
    assert_eq!(outcome.bad[0].raw, br#"{"text":null,"id":"id1"}"#);
    assert_eq!(outcome.bad[1].raw, b"{\"text\":\"a\xff\\\"b\",\"id\":\"id2\"}");
    let output = read(store.get("out/a.parquet").unwrap());
    let texts: Vec<_> = output.column(0).as_string::<i32>().iter().flatten().collect();
    assert_eq!(texts, ["good", "", "é"]);
    assert_eq!(output.column(1).as_string::<i32>().value(1), "id3");
}

#[test]
fn a_row_with_another_string_that_is_no_utf8_is_one_bad_row_with_all_its_bytes() {
    let rows = 2500; // more than a batch, and than a row group
    let name = |n: usize| format!("name {n}").into_bytes();
    let mut names: Vec<Option<Vec<u8>>> = (0..rows).map(|n| Some(name(n))).collect();
    names[2] = None;
    for at in [1300, 1301, 2499] {
        names[at] = Some(b"n\xc3\"\n".to_vec());
    }
    let names: BinaryArray = names.iter().map(Option::as_deref).collect();
    let texts: Vec<String> = (0..rows).map(|n| format!("text {n}#")).collect();
    let text = BinaryArray::from_iter_values(texts.iter());
    let tags: DictionaryArray<Int32Type> = (0..rows).map(|n| Some(["a", "b"][n % 2])).collect();
    let columns: [(&str, ArrayRef); 6] = [
        ("text", unsound(&text)),
        ("id", unsound(&names)),
        ("name", unsound(&names)),
        ("tag", Arc::new(tags)),
        ("large", Arc::new(LargeStringArray::from_iter_values(&texts))),
        ("view", Arc::new(StringViewArray::from_iter_values(&texts))),
    ];
    // Of the first row group a batch is read before the first such row.
    let file = written_without_statistics(&columns, 2000);
    let store = Store::memory();
    store.put("a.parquet", file).unwrap();
    for (format, sound) in
        [(OutputFormat::Same, "out/a.parquet"), (OutputFormat::Jsonl, "out/a.jsonl")]
    {
        let settings = OutputSettings { format, compression: OutputCompression::None, level: 3 };
        let outcome = refine(&store, "a.parquet", &settings, hashes).unwrap();
        let seen: Vec<_> = outcome.bad.iter().map(|bad| (bad.row, bad.problem)).collect();
        assert_eq!(seen, [1301, 1302, 2500].map(|row| (row, RowProblem::InvalidUtf8)));
        let message = "expected UTF-8, but found byte 0xc3 at byte 1 of column \"id\"";
        assert_eq!(outcome.bad[0].message, message);
        let rest = "\"tag\":\"a\",\"large\":\"text 1300#\",\"view\":\"text 1300#\"}";
        let raw = b"{\"text\":\"text 1300#\",\"id\":\"n\xc3\\\"\\n\",\"name\":\"n\xc3\\\"\\n\",";
        let raw = [&raw[..], rest.as_bytes()].concat();
        assert_eq!(outcome.bad[0].raw, raw);
        assert_eq!((outcome.documents.len(), outcome.input.rows), (rows - 3, rows as u64));
        assert_eq!(outcome.documents[1300], ("name 1302".into(), "text 1302#".into()));
        assert!(store.exists(sound).unwrap());
    }
    let output = read(store.get("out/a.parquet").unwrap());
    let kinds: Vec<DataType> =
        output.schema().fields().iter().map(|field| field.data_type().clone()).collect();
    let wanted: Vec<DataType> = columns.iter().map(|(_, held)| held.data_type().clone()).collect();
    assert_eq!(kinds, wanted);
    let tags = arrow_cast::cast(output.column(3), &DataType::Utf8).unwrap();
    assert_eq!(tags.as_string::<i32>().value(1301), "b");
    let names = output.column(2).as_string::<i32>();
    assert_eq!((names.value(1299), names.value(1300)), ("name 1299", "name 1302"));
    assert_eq!((names.null_count(), output.num_rows()), (1, rows - 3));
}

fn invalid_string_file(text: &BinaryArray, ids: StringArray) -> Vec<u8> {
    written_without_statistics(&[("text", unsound(text)), ("id", Arc::new(ids))], 1000)
}

/// An array that says it holds strings, though it does not.
fn unsound(bytes: &BinaryArray) -> ArrayRef {
    let (offsets, values) = (bytes.offsets().clone(), bytes.values().clone());
    // SAFETY: not a sound string array; it is only written, which copies its bytes.
    Arc::new(unsafe { StringArray::new_unchecked(offsets, values, bytes.nulls().cloned()) })
}

fn written_without_statistics(columns: &[(&str, ArrayRef)], group: usize) -> Vec<u8> {
    let columns = columns.iter().map(|(name, column)| (*name, Arc::clone(column), true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(group))
        .set_statistics_enabled(parquet::file::properties::EnabledStatistics::None)
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn a_missing_or_wrong_text_column_lists_the_columns() {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("body", Arc::new(StringArray::from(vec!["x"]))),
        ("n", Arc::new(Int64Array::from(vec![1]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let store = Store::memory();
    store.put("a.parquet", written(&batch, 10, Compression::SNAPPY)).unwrap();
    let Err(error) = refine(&store, "a.parquet", &OutputSettings::default(), nothing) else {
        panic!("there is no text");
    };
    assert_eq!(
        error.to_string(),
        "a.parquet: after 0 rows: expected a column \"text\", but found only \"body\" (Utf8), \"n\" (Int64)"
    );
}

#[test]
fn broken_files_fail_their_shard_and_nothing_else() {
    let input = table(text_columns(300).remove(0));
    let whole = written(&input, 100, Compression::SNAPPY);
    let store = Store::memory();
    for cut in [0, 3, 8, whole.len() / 2, whole.len() - 1] {
        store.put("a.parquet", whole[..cut].to_vec()).unwrap();
        assert!(refine(&store, "a.parquet", &OutputSettings::default(), nothing).is_err());
    }
    for at in (0..whole.len()).step_by(whole.len() / 150) {
        let mut broken = whole.clone();
        broken[at] ^= 0x5a;
        store.put("a.parquet", broken).unwrap();
        // Whatever comes of it, it is an answer.
        let _ = refine(&store, "a.parquet", &OutputSettings::default(), nothing);
    }
}

#[test]
fn parquet_becomes_json_lines_with_nulls_written_out() {
    let input = table(text_columns(5).remove(2));
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().to_str().unwrap()).unwrap();
    store.put("a.parquet", written(&input, 3, Compression::SNAPPY)).unwrap();
    let format = OutputFormat::Jsonl;
    let compression = OutputCompression::None;
    let settings = OutputSettings { format, compression, ..Default::default() };
    let outcome = refine(&store, "a.parquet", &settings, hashes).unwrap();
    assert_eq!(outcome.target.name(), "a.jsonl");
    let out = store.get("out/a.jsonl").unwrap();
    let lines: Vec<_> = std::str::from_utf8(&out).unwrap().lines().collect();
    assert_eq!(
        lines[0],
        "{\"n\":null,\"id\":\"id0\",\"text\":\"é0\\n\u{2028}\\u0000\",\"tag\":\"a\",\"deep\":[]}"
    );
    assert_eq!(
        lines[4],
        "{\"n\":4,\"id\":null,\"text\":\"é4\\n\u{2028}\\u0000xxxx\",\"tag\":\"a\",\"deep\":[{\"n\":0}]}"
    );
    for compression in [OutputCompression::Same, OutputCompression::Zst] {
        let settings = OutputSettings { format, compression, ..Default::default() };
        assert_eq!(settings.name_for("x/a.parquet"), "x/a.jsonl.zst");
    }
}

#[test]
fn json_lines_become_parquet() {
    let mut rows: String = (0..10_000)
        .map(|n| {
            format!(
                "{{\"late\":null,\"id\":{n},\"text\":\"#é\\n{n}\",\"meta\":{{\"a\": [{n}]}}}}\n"
            )
        })
        .collect();
    rows.push_str("not json\n{\"text\":\"last\",\"late\":0.5}\n");
    let store = Store::memory();
    store.put("a.jsonl", rows).unwrap();
    let settings = OutputSettings { format: OutputFormat::Parquet, ..Default::default() };
    let outcome = refine(&store, "a.jsonl", &settings, hashes).unwrap();
    assert_eq!((outcome.target.name(), outcome.bad.len()), ("a.parquet", 1));
    let output = read(store.get("out/a.parquet").unwrap());
    let schema = output.schema();
    let kinds: Vec<_> =
        schema.fields().iter().map(|f| (f.name().as_str(), f.data_type())).collect();
    assert_eq!(
        kinds,
        [
            ("late", &DataType::Float64),
            ("id", &DataType::Int64),
            ("text", &DataType::LargeUtf8),
            ("meta", &DataType::Utf8)
        ]
    );
    assert_eq!(output.num_rows(), 10_001);
    assert_eq!(output.column(2).as_string::<i64>().value(17), "é\n17");
    assert_eq!(output.column(3).as_string::<i32>().value(17), "{\"a\": [17]}");
    assert!(output.column(3).is_null(10_000));
}
