use super::automaton::Place;
use super::*;
use crate::generator::allowed::Allowed;
use crate::random::Random;
use proptest::prelude::*;
use refinex_core::{Chunk, Deletions, Span, describe, parse, resolve::resolve_draft};
use std::collections::BTreeSet;
use std::sync::Arc;

/// All bytes, pieces of calls, and parts of text that are tokens in real vocabularies.
fn vocabulary() -> Arc<Vocabulary> {
    let mut tokens: Vec<Vec<u8>> = (0..=255).map(|byte| vec![byte]).collect();
    let words = [
        "remove",
        "_lines",
        "_str",
        "_break",
        "lines(",
        "keep_all()",
        "(1",
        ", ",
        ", \"",
        "\")",
        "\")\n",
        "\", 1",
        ")\nremove",
        "12",
        "10",
        "\\\"",
        "\\u00",
        "\\n",
        "ab",
        "aba",
        "a b",
        " a",
        "é",
        "😀",
        "the",
        "The ",
        "\n\n",
        "a\")\nremove_str(2",
        "",
        "b\",",
    ];
    tokens.extend(words.map(Vec::from));
    tokens.push(Vec::new());
    let end = tokens.len() as u32 - 1;
    Arc::new(Vocabulary::new(tokens, end).unwrap())
}

fn programs(chunk: &Chunk<'_>) -> Arc<Programs> {
    Arc::new(Programs::of(chunk, vocabulary()))
}

/// Whether the whole of `program` is accepted.
fn accepts(programs: &Programs, program: &str) -> bool {
    programs.walk(programs.begin(), program.as_bytes()).is_some_and(Programs::may_end)
}

/// Checks that a program is valid for its chunk, and said as `refinex-core` prints it.
fn check(program: &str, chunk: &Chunk<'_>) {
    let parsed = parse(program);
    assert_eq!(parsed.refused, [], "{program}");
    assert_eq!(parsed.program.to_string(), program);
    let resolved = resolve_draft(parsed, chunk);
    assert_eq!(resolved.refused, [], "{program}\n{:?}", chunk.text());
}

/// Text with everything that could go wrong.
const HOSTILE: [&str; 22] = [
    "a",
    "b",
    "ab",
    "a b",
    " ",
    "\n",
    "\n",
    "\n\n",
    "\r\n",
    "\"",
    "\\",
    "\\n",
    "\u{0}",
    "\u{7}",
    "\t",
    "\u{1f}",
    "\u{7f}",
    "é",
    "😀",
    "\u{2028}",
    "the menu",
    "\")\nremove_lines(1, 1)",
];

fn hostile_text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&HOSTILE[..]), 0..40)
        .prop_map(|parts| parts.concat())
}

/// A text, and the bytes of its view and of what is owned.
fn hostile_chunk() -> impl Strategy<Value = (String, Span, Span)> {
    (hostile_text(), prop::array::uniform4(0usize..1000), any::<bool>()).prop_map(
        |(text, cuts, whole)| {
            let all = Span::new(0, text.len());
            if whole {
                return (text, all, all);
            }
            let mut cuts = cuts.map(|cut| text.floor_char_boundary(cut * (text.len() + 1) / 1000));
            cuts.sort_unstable();
            (text, Span::new(cuts[0], cuts[3]), Span::new(cuts[1], cuts[2]))
        },
    )
}

fn chunk<'d>(case: &'d (String, Span, Span)) -> Chunk<'d> {
    Chunk::new(&case.0, case.1, case.2).unwrap()
}

/// What `refinex-core` says of the deletion of `spans`, as far as the chunk owns them.
fn said(chunk: &Chunk<'_>, spans: &[(usize, usize)]) -> String {
    let (text, origin) = (chunk.text(), chunk.view().start());
    let owned = Span::new(chunk.owned().start() - origin, chunk.owned().end() - origin);
    let spans = spans.iter().filter_map(|&(start, length)| {
        let start = text.floor_char_boundary(owned.start() + start);
        let end = text.floor_char_boundary(start + length);
        Span::new(start, end).intersect(owned)
    });
    describe(text, &Deletions::from_spans(text, spans).unwrap()).to_string()
}

fn walk_at_random(programs: &Programs, random: &mut Random) -> String {
    let (mut place, mut written) = (programs.begin(), Vec::new());
    loop {
        let mut ways: Vec<(u8, Place)> = Vec::new();
        programs.each(place, |byte, next| ways.push((byte, next)));
        let ends = Programs::may_end(place);
        assert!(ends || !ways.is_empty(), "{}", String::from_utf8_lossy(&written));
        if ways.is_empty() || (ends && random.below(4) == 0) {
            return String::from_utf8(written).unwrap();
        }
        let (byte, next) = ways[random.below(ways.len())];
        written.push(byte);
        place = next;
    }
}

/// Writes with random tokens out of the mask, until the end.
fn decode_at_random(programs: &Arc<Programs>, random: &mut Random) -> String {
    let vocabulary = vocabulary();
    let mut cursor = Cursor::new(Arc::clone(programs));
    let (mut mask, mut written) = (vec![false; vocabulary.len()], Vec::new());
    while !cursor.has_ended() {
        cursor.fill(&mut mask);
        let allowed: Vec<u32> =
            (0..mask.len() as u32).filter(|&token| mask[token as usize]).collect();
        assert!(!allowed.is_empty(), "{}", String::from_utf8_lossy(&written));
        let token = if allowed.contains(&vocabulary.end()) && random.below(3) == 0 {
            vocabulary.end()
        } else {
            allowed[random.below(allowed.len())]
        };
        written.extend_from_slice(vocabulary.bytes(token));
        cursor.advance(token);
    }
    String::from_utf8(written).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// Whatever can be deleted can be written.
    #[test]
    fn every_program_that_is_printed_is_accepted(
        case in hostile_chunk(), spans in prop::collection::vec((0usize..80, 1usize..30), 0..8),
    ) {
        let chunk = chunk(&case);
        let program = said(&chunk, &spans);
        prop_assert!(accepts(&programs(&chunk), &program), "{}\n{:?}", program, chunk);
    }

    /// Whatever can be written is valid.
    #[test]
    fn every_program_that_is_accepted_is_valid(case in hostile_chunk(), seed in any::<u64>()) {
        let chunk = chunk(&case);
        let programs = programs(&chunk);
        let mut random = Random::of(&[seed]);
        for _ in 0..8 {
            check(&walk_at_random(&programs, &mut random), &chunk);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn random_tokens_of_the_mask_give_valid_programs(case in hostile_chunk(), seed in any::<u64>()) {
        let chunk = chunk(&case);
        let programs = programs(&chunk);
        let mut random = Random::of(&[seed]);
        for _ in 0..4 {
            check(&decode_at_random(&programs, &mut random), &chunk);
        }
    }

    #[test]
    fn the_mask_holds_just_the_tokens_that_are_permitted(case in hostile_chunk(), seed in any::<u64>()) {
        let programs = programs(&chunk(&case));
        let (vocabulary, mut random) = (vocabulary(), Random::of(&[seed]));
        let mut cursor = Cursor::new(programs);
        let mut mask = vec![false; vocabulary.len()];
        for _ in 0..20 {
            cursor.fill(&mut mask);
            for (token, allowed) in (0..).zip(&mask) {
                prop_assert_eq!(*allowed, cursor.permits(token));
            }
            let forced = cursor.forced();
            let mut ahead = cursor.fork();
            for &token in &forced {
                prop_assert!(ahead.permits(token));
                ahead.advance(token);
            }
            let allowed: Vec<usize> = (0..mask.len()).filter(|&token| mask[token]).collect();
            if allowed.is_empty() { break }
            cursor.advance(allowed[random.below(allowed.len())] as u32);
        }
        prop_assert!(!cursor.permits(mask.len() as u32) && !cursor.permits(u32::MAX));
    }
}

/// All programs that are accepted.
fn all(programs: &Programs) -> BTreeSet<String> {
    let (mut found, mut open) = (BTreeSet::new(), vec![(programs.begin(), Vec::new())]);
    while let Some((place, written)) = open.pop() {
        if Programs::may_end(place) {
            found.insert(String::from_utf8(written.clone()).unwrap());
        }
        programs.each(place, |byte, next| open.push((next, [&written[..], &[byte]].concat())));
    }
    found
}

/// What is said of every deletion of `text`.
fn all_said(text: &str) -> BTreeSet<String> {
    let edges: Vec<usize> = (0..=text.len()).filter(|&at| text.is_char_boundary(at)).collect();
    let pieces: Vec<Span> = edges.windows(2).map(|pair| Span::new(pair[0], pair[1])).collect();
    let choices = 0..1u32 << pieces.len();
    let gone = choices.map(|choice| {
        let chosen = (0..pieces.len()).filter(|&at| choice >> at & 1 == 1).map(|at| pieces[at]);
        Deletions::from_spans(text, chosen).unwrap()
    });
    gone.map(|gone| describe(text, &gone).to_string()).collect()
}

#[test]
fn of_small_texts_just_what_can_be_said_is_accepted() {
    for text in
        ["", "\n", "a", "ab\n", "aab\n", "é\"\n", "a\n\nb\n", "ab\na\n", "aaa\n\n", "\\\u{1}\n"]
    {
        let accepted = all(&programs(&Chunk::whole(text)));
        let said = all_said(text);
        assert!(accepted.is_superset(&said), "{text:?}: {:?}", said.difference(&accepted));
        if text.is_empty() || text.ends_with('\n') {
            assert_eq!(accepted, said, "{text:?}");
        }
        accepted.iter().for_each(|program| check(program, &Chunk::whole(text)));
    }
}

#[test]
fn without_a_last_line_end_some_deletions_can_be_said_in_two_ways() {
    for text in ["a\nb", "ab\n\na", "\n\na"] {
        let (accepted, said) = (all(&programs(&Chunk::whole(text))), all_said(text));
        assert!(accepted.is_superset(&said) && accepted.len() > said.len(), "{text:?}");
        accepted.iter().for_each(|program| check(program, &Chunk::whole(text)));
    }
}

#[test]
fn what_must_come_next_is_known_without_a_model() {
    let document = "Menu\nThe bridge closes.\n";
    let chunk = Chunk::whole(document);
    let vocabulary = vocabulary();
    let write = |text: &str| {
        let mut cursor = Cursor::new(programs(&chunk));
        text.bytes().for_each(|byte| cursor.advance(u32::from(byte)));
        cursor
    };
    let forced = |text: &str| {
        let tokens = write(text).forced();
        let bytes: Vec<u8> =
            tokens.iter().flat_map(|&token| vocabulary.bytes(token)).copied().collect();
        (String::from_utf8(bytes).unwrap(), tokens.last() == Some(&vocabulary.end()))
    };
    // The parenthesis may come as a part of the token `(1`.
    assert_eq!(forced("remove_l"), ("ines".to_owned(), false));
    assert_eq!(forced("remove_str(1"), (", \"".to_owned(), false));
    assert_eq!(forced("k"), ("eep_all()".to_owned(), true));
    assert_eq!(forced("remove_lines(2"), (", 2)".to_owned(), true));
    assert_eq!(forced("remove_"), (String::new(), false));
    assert_eq!(forced("remove_lines(1, 1)"), (String::new(), false));
    assert_eq!(write("remove_lines(2").forced_bytes(), b", 2)");
}

#[test]
fn a_chunk_of_which_nothing_may_be_edited_is_kept() {
    let document = "a\nb\nc\n";
    let empty = Chunk::new(document, Span::new(0, 6), Span::new(2, 2)).unwrap();
    assert_eq!(all(&programs(&empty)), BTreeSet::from(["keep_all()".to_owned()]));
    assert_eq!(all(&programs(&Chunk::whole(""))), BTreeSet::from(["keep_all()".to_owned()]));
}

#[test]
fn a_line_that_the_vocabulary_cannot_write_is_never_begun() {
    let mut tokens: Vec<Vec<u8>> = (0..=255).map(|byte| vec![byte]).collect();
    tokens[0xF1].clear();
    tokens[4].clear();
    let vocabulary = Arc::new(Vocabulary::new(tokens, 0).unwrap());
    let programs = Programs::of(&Chunk::whole("\u{40000}\n\u{4}\u{40000}a\n"), vocabulary);
    assert!(!accepts(&programs, "remove_str(1, \"\u{40000}\")"));
    assert!(programs.walk(programs.begin(), b"remove_str(1").is_none());
    assert!(accepts(&programs, "remove_str(2, \"\\u0004\")\nremove_str(2, \"a\")"));
    assert!(accepts(&programs, "remove_lines(1, 1)"));
}

#[test]
#[should_panic(expected = "expected a token that may come next, but found 120")]
fn a_token_that_may_not_come_is_never_written() {
    Cursor::new(programs(&Chunk::whole("a\n"))).advance(u32::from(b'x'));
}
