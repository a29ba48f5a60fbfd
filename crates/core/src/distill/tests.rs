//! Laws L3 and L4, against an oracle that tries everything, and the law that deletions and residue
//! explain the refined text.

use super::*;
use crate::execute::execute;
use crate::span::Span;
use proptest::prelude::*;

/// Number of spans, edges off line edges, edges off word edges, and the spans themselves.
type Cost = (usize, usize, usize, Vec<(usize, usize)>);

/// The spans of least cost by trying every way to delete, written from the words of law L4 and
/// from no code of the aligner.
fn oracle(raw: &str, refined: &str) -> Option<Vec<Span>> {
    let raw_chars: Vec<char> = raw.chars().collect();
    let refined_chars: Vec<char> = refined.chars().collect();
    let mut best: Option<Cost> = None;
    for kept in 0u32..1 << raw_chars.len() {
        let is_kept = |at: usize| kept >> at & 1 == 1;
        let left = (0..raw_chars.len()).filter(|&at| is_kept(at)).map(|at| raw_chars[at]);
        if kept.count_ones() as usize != refined_chars.len()
            || !left.eq(refined_chars.iter().copied())
        {
            continue;
        }
        let spans = spans_of(raw_chars.len(), is_kept);
        let edges: Vec<usize> = spans.iter().flat_map(|&(a, b)| [a, b]).collect();
        let off_line = edges.iter().filter(|&&at| !on_line_edge(&raw_chars, at)).count();
        let off_word = edges.iter().filter(|&&at| !on_word_edge(&raw_chars, at)).count();
        let cost = (spans.len(), off_line, off_word, spans);
        if best.as_ref().is_none_or(|best| cost < *best) {
            best = Some(cost);
        }
    }
    let starts: Vec<usize> = raw.char_indices().map(|(at, _)| at).chain([raw.len()]).collect();
    Some(best?.3.into_iter().map(|(a, b)| Span::new(starts[a], starts[b])).collect())
}

/// The same for longer texts, by a table of all that is kept and deleted.
fn table_oracle(raw: &str, refined: &str) -> Vec<Span> {
    let (raw, refined): (Vec<char>, Vec<char>) = (raw.chars().collect(), refined.chars().collect());
    let table = costs_of(&raw, &refined);
    let starts: Vec<usize> =
        raw.iter().scan(0, |at, c| Some(std::mem::replace(at, *at + c.len_utf8()))).collect();
    let byte = |at: usize| {
        starts.get(at).copied().unwrap_or_else(|| raw.iter().map(|c| c.len_utf8()).sum())
    };
    let (mut spans, mut begin, mut at, mut kept) = (Vec::new(), None, 0, 0);
    while at < raw.len() {
        let [keep, delete] = table[at][kept][usize::from(begin.is_some())];
        let deletes = if begin.is_some() { delete < keep } else { delete <= keep };
        match (deletes, begin) {
            (true, None) => begin = Some(at),
            (false, Some(from)) => {
                spans.push(Span::new(byte(from), byte(at)));
                begin = None;
            }
            _ => {}
        }
        (at, kept) = (at + 1, kept + usize::from(!deletes));
    }
    spans.extend(begin.map(|from| Span::new(byte(from), byte(raw.len()))));
    spans
}

/// Spans, edges off line edges, edges off word edges.
type Sum = [u32; 3];
const NO_WAY: Sum = [u32::MAX; 3];

/// What is still to pay from each raw and each refined character on, outside and inside a deletion, if
/// the raw character is kept and if it is deleted.
fn costs_of(raw: &[char], refined: &[char]) -> Vec<Vec<[[Sum; 2]; 2]>> {
    let edge =
        |at: usize| [0, u32::from(!on_line_edge(raw, at)), u32::from(!on_word_edge(raw, at))];
    let plus =
        |a: Sum, b: Sum| if b == NO_WAY { b } else { [a[0] + b[0], a[1] + b[1], a[2] + b[2]] };
    let mut table = vec![vec![[[NO_WAY; 2]; 2]; refined.len() + 1]; raw.len() + 1];
    table[raw.len()][refined.len()] = [[[0; 3]; 2]; 2];
    for at in (0..raw.len()).rev() {
        for kept in 0..=refined.len() {
            let best = |[keep, delete]: [Sum; 2]| keep.min(delete);
            let keeps = if refined.get(kept) == Some(&raw[at]) {
                best(table[at + 1][kept + 1][0])
            } else {
                NO_WAY
            };
            let deletes = best(table[at + 1][kept][1]);
            let opened = plus([1, 0, 0], plus(edge(at), deletes));
            table[at][kept] = [[keeps, opened], [plus(edge(at), keeps), deletes]];
        }
    }
    table
}

fn spans_of(length: usize, is_kept: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for at in (0..length).filter(|&at| !is_kept(at)) {
        match spans.last_mut() {
            Some(last) if last.1 == at => last.1 += 1,
            _ => spans.push((at, at + 1)),
        }
    }
    spans
}

fn on_line_edge(raw: &[char], at: usize) -> bool {
    at == 0 || at == raw.len() || raw[at - 1] == '\n'
}

fn on_word_edge(raw: &[char], at: usize) -> bool {
    on_line_edge(raw, at) || !(raw[at - 1].is_alphanumeric() && raw[at].is_alphanumeric())
}

/// A raw text of up to `most` of these characters, and a subsequence of it.
fn pure(alphabet: &'static [char], most: usize) -> impl Strategy<Value = (String, String)> {
    let character = prop::sample::select(alphabet);
    prop::collection::vec((character, any::<bool>()), 0..=most).prop_map(|characters| {
        let raw = characters.iter().map(|(c, _)| c).collect();
        let refined = characters.iter().filter(|(_, kept)| *kept).map(|(c, _)| c).collect();
        (raw, refined)
    })
}

#[test]
fn the_choice_among_equal_deletions_is_that_of_the_cost_model() {
    let spans = |raw: &str, refined: &str| {
        let found = distill(raw, refined).deletions;
        found.spans().iter().map(|span| span.of(raw).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(spans("one\nmenu\ntwo\n", "one\ntwo\n"), ["menu\n"]);
    assert_eq!(spans("a bad word", "a word"), [" bad"]);
    assert_eq!(spans("x\nx\nx\n", "x\n"), ["x\nx\n"]);
    assert_eq!(spans("menu\na cat\nfoot", "a cat"), ["menu\n", "\nfoot"]);
    assert_eq!(spans("aaaa", ""), ["aaaa"]);
}

#[test]
fn the_bounds_of_time_hold_and_the_fallback_is_named() {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 16
    };
    let letters: String = (0..400_000).map(|_| if next() % 2 == 0 { 'a' } else { 'b' }).collect();
    let refined: String = letters.chars().filter(|_| next() % 5 < 2).collect();
    let found = distill(&letters, &refined);
    assert_eq!(execute(&letters, &found.deletions), refined);
    assert!(!found.effort.is_exact());
    assert_eq!(found.effort.fallbacks().collect::<Vec<_>>(), ["greedy"]);
}

#[test]
fn a_long_page_is_cut_at_passages_that_stand_once() {
    let line =
        |at: usize| format!("Sentence {at} of a long and rather dull page, {}.\n", at * 7919);
    let raw: String = (0..40_000).map(line).collect();
    let refined: String = (30_000..31_000).chain(35_000..35_010).map(line).collect();
    let found = distill(&raw, &refined);
    assert_eq!(execute(&raw, &found.deletions), refined);
    assert_eq!(found.deletions.spans().len(), 3);
}

#[test]
fn a_moved_line_is_residue_and_stays() {
    let raw = "menu\nBy Jane Roe, staff writer\nThe title of it\nThe text of it.\n";
    let refined = "The title of it\nBy Jane Roe, staff writer\nThe text of it.\n";
    let found = distill(raw, refined);
    assert_eq!(found.rebuild(raw, refined), refined);
    let kinds: Vec<ResidueKind> = found.residue.items().iter().map(|item| item.kind).collect();
    assert_eq!(kinds, [ResidueKind::Moved]);
    assert_eq!(execute(raw, &found.deletions), raw.replace("menu\n", ""));
}

#[test]
fn what_the_expert_replaced_is_not_deleted() {
    let raw = "Home | Shop\nI recieved teh parcel.\nShare\n";
    let refined = "I received the parcel.\n";
    let found = distill(raw, refined);
    assert_eq!(execute(raw, &found.deletions), "I recieved teh parcel.\n");
    assert!(found.residue.items().iter().all(|item| item.kind == ResidueKind::Replaced));
    let replaced = found.residue.items()[0];
    assert_eq!(replaced.raw.of(raw), "recieved teh");
    assert_eq!(replaced.refined.of(refined), "received the");
}

#[test]
fn reflowed_blank_lines_are_residue_of_their_own() {
    let raw = "One.\nTwo.  \nMenu\nThree.";
    let refined = "One.\n\nTwo.\n\nThree.\n";
    let found = distill(raw, refined);
    assert!(found.residue.items().iter().all(|item| item.kind == ResidueKind::Whitespace));
    assert_eq!(found.rebuild(raw, refined), refined);
    let left = execute(raw, &found.deletions);
    assert_eq!(left.split_whitespace().collect::<Vec<_>>(), ["One.", "Two.", "Three."]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// Laws L3 and L4 with few letters, so that there are many ways.
    #[test]
    fn pure_deletion_is_exact_and_of_least_cost((raw, refined) in pure(&['a', 'b', ' ', '\n'], 11)) {
        let found = distill(&raw, &refined);
        prop_assert!(found.residue.is_empty() && found.effort.is_exact());
        prop_assert_eq!(execute(&raw, &found.deletions), refined.as_str());
        prop_assert_eq!(Some(found.deletions.spans().to_vec()), oracle(&raw, &refined));
    }

    /// The same with characters of several bytes that share all of them, but not both.
    #[test]
    fn no_character_is_made_of_two((raw, refined) in pure(&['é', 'è', 'ĩ', 'Ĩ'], 11)) {
        let found = distill(&raw, &refined);
        prop_assert_eq!(execute(&raw, &found.deletions), refined.as_str());
        prop_assert_eq!(Some(found.deletions.spans().to_vec()), oracle(&raw, &refined));
    }

    /// What bytes alone would allow is no deletion.
    #[test]
    fn characters_are_never_put_together_from_parts(raw in "[éèĩĨ]{0,12}", refined in "[éèĩĨ]{0,4}") {
        let found = distill(&raw, &refined);
        prop_assert_eq!(found.residue.is_empty(), oracle(&raw, &refined).is_some());
        prop_assert_eq!(found.rebuild(&raw, &refined), refined);
    }

    /// The same with characters of several bytes that share some of them.
    #[test]
    fn no_character_is_cut((raw, refined) in pure(&['a', 'é', 'è', '\n'], 10)) {
        let found = distill(&raw, &refined);
        prop_assert_eq!(execute(&raw, &found.deletions), refined.as_str());
        prop_assert_eq!(Some(found.deletions.spans().to_vec()), oracle(&raw, &refined));
    }

    /// Laws L3 and L4 on longer texts, of which passages were deleted.
    #[test]
    fn passages_are_deleted_at_least_cost(
        passages in prop::collection::vec((prop::collection::vec("(menu |the |cat |é|è|a|\n|b\n|ab|中|sat on )", 1..9), 0u8..3), 1..12),
        thinned in 0usize..30,
    ) {
        let text = |(passage, _): &(Vec<String>, u8)| passage.concat();
        let raw: String = passages.iter().map(text).collect();
        let kept: String = passages.iter().filter(|(_, kept)| *kept > 0).map(text).collect();
        let thin = |(at, c): (usize, char)| (thinned < 10 || !(at + 1).is_multiple_of(thinned)).then_some(c);
        let refined: String = kept.chars().enumerate().filter_map(thin).collect();
        let found = distill(&raw, &refined);
        prop_assert!(found.residue.is_empty() && found.effort.is_exact());
        prop_assert_eq!(found.deletions.spans(), table_oracle(&raw, &refined));
    }

    /// The same of few words that are thinned at random.
    #[test]
    fn texts_thinned_at_random_are_solved_at_least_cost((raw, refined) in pure(&['a', 'b', ' ', '\n', 'é'], 90)) {
        let found = distill(&raw, &refined);
        prop_assert!(found.residue.is_empty() && found.effort.is_exact());
        prop_assert_eq!(found.deletions.spans(), table_oracle(&raw, &refined));
    }

    /// The search finds the same in the whole text as in its windows, and the last resort solves what
    /// the search does, with no fewer deletions.
    #[test]
    fn windows_change_nothing_and_the_last_resort_is_exact((raw, refined) in pure(&['a', 'b', ' ', '\n', 'é'], 60)) {
        prop_assume!(raw != refined);
        let whole = window::Window { raw: 0..raw.len(), refined: 0..refined.len() };
        let texts = window::Texts::of(&raw, &refined, &whole);
        let (mut searched, mut greedy) = (Vec::new(), Vec::new());
        prop_assert!(fewest::Fewest::new().solve(&texts, &mut searched).is_some());
        prop_assert!(greedy::fill(&texts, &mut greedy).is_some());
        let (searched, greedy) = (Deletions::union(searched), Deletions::union(greedy));
        prop_assert_eq!(&searched, &distill(&raw, &refined).deletions);
        prop_assert_eq!(execute(&raw, &greedy), refined);
        prop_assert!(greedy.spans().len() >= searched.spans().len());
    }

    /// Law L3 on longer texts.
    #[test]
    fn longer_pure_deletion_is_exact((raw, refined) in pure(&['a', 'b', ' ', '\n', 'é'], 400)) {
        let found = distill(&raw, &refined);
        prop_assert!(found.residue.is_empty());
        prop_assert_eq!(execute(&raw, &found.deletions), refined);
    }

    /// Any two texts: deletions and residue together give the refined text.
    #[test]
    fn deletions_and_residue_explain_the_refined_text(raw in "([abé ]{0,12}\n?){0,8}", refined in "([abé ]{0,12}\n?){0,8}") {
        let found = distill(&raw, &refined);
        prop_assert!(found.deletions.fit(&raw));
        prop_assert_eq!(found.rebuild(&raw, &refined), refined);
    }

    /// The same for texts of the same lines and words in another order.
    #[test]
    fn rewrites_of_the_same_words_are_explained(
        raw in prop::collection::vec("(the cat|a long line that may move|menu item|x|.)", 0..10),
        picked in prop::collection::vec((0usize..10, "(\n|\n\n| |  \n)"), 0..10),
    ) {
        let text = raw.join("\n");
        let refined: String = picked.iter().filter_map(|(at, end)| raw.get(*at).map(|line| format!("{line}{end}"))).collect();
        let found = distill(&text, &refined);
        prop_assert_eq!(found.rebuild(&text, &refined), refined);
    }
}
