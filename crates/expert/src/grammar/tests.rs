use super::*;
use fastrand::Rng;
use proptest::prelude::*;
use refinex_core::{Chunker, Deletions, describe, parse, resolve::resolve_draft};
use std::collections::{BTreeSet, HashMap};

/// A second reading of the grammar's notation, as its users have it: rules, literals, classes,
/// groups, alternatives, `+` and `*`.
pub(super) struct Reader {
    rules: HashMap<String, Node>,
}

#[derive(Clone, Debug)]
enum Node {
    Class(bool, Vec<(char, char)>),
    Rule(String),
    Sequence(Vec<Node>),
    Choice(Vec<Node>),
    Repeat(Box<Node>, usize),
}

impl Reader {
    pub(super) fn of(grammar: &str) -> Self {
        let rules = grammar.lines().map(|line| {
            let (name, body) = line.split_once("::=").unwrap();
            let mut body = body.chars().peekable();
            let node = choice(&mut body);
            assert_eq!(body.next(), None, "{line}");
            (name.to_owned(), node)
        });
        let count = grammar.lines().count();
        let rules: HashMap<_, _> = rules.collect();
        assert_eq!(rules.len(), count, "a rule stands twice in {grammar}");
        Self { rules }
    }

    pub(super) fn accepts(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        self.ends(&Node::Rule("root".to_owned()), &text, 0).contains(&text.len())
    }

    fn ends(&self, node: &Node, text: &[char], at: usize) -> BTreeSet<usize> {
        let all = |node: &Node, from: BTreeSet<usize>| {
            from.into_iter().flat_map(|at| self.ends(node, text, at)).collect::<BTreeSet<_>>()
        };
        match node {
            Node::Class(negated, ranges) => {
                let holds = |c: &&char| ranges.iter().any(|(a, b)| (a..=b).contains(c)) != *negated;
                text.get(at).filter(holds).map(|_| at + 1).into_iter().collect()
            }
            Node::Rule(name) => {
                let rule = self.rules.get(name).unwrap_or_else(|| panic!("no rule {name}"));
                self.ends(rule, text, at)
            }
            Node::Sequence(nodes) => {
                nodes.iter().fold(BTreeSet::from([at]), |from, node| all(node, from))
            }
            Node::Choice(nodes) => {
                nodes.iter().flat_map(|node| self.ends(node, text, at)).collect()
            }
            Node::Repeat(node, least) => {
                let mut found = if *least == 0 { BTreeSet::from([at]) } else { BTreeSet::new() };
                let mut last = BTreeSet::from([at]);
                while !last.is_empty() {
                    last = all(node, last).difference(&found).copied().collect();
                    found.extend(&last);
                }
                found
            }
        }
    }

    /// A sentence of the grammar, at random.
    fn write(&self, node: &Node, random: &mut Rng, out: &mut String) {
        match node {
            Node::Class(false, ranges) => {
                let (from, to) = ranges[random.usize(..ranges.len())];
                out.push(random.char(from..=to));
            }
            Node::Class(true, _) => out.push(['a', ' ', 'é', '😀'][random.usize(..4)]),
            Node::Rule(name) => self.write(&self.rules[name], random, out),
            Node::Sequence(nodes) => nodes.iter().for_each(|node| self.write(node, random, out)),
            Node::Choice(nodes) => self.write(&nodes[random.usize(..nodes.len())], random, out),
            Node::Repeat(node, least) => {
                (0..least + random.usize(..3)).for_each(|_| self.write(node, random, out))
            }
        }
    }
}

type Body<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn choice(body: &mut Body<'_>) -> Node {
    let mut nodes = vec![sequence(body)];
    while body.next_if_eq(&'|').is_some() {
        nodes.push(sequence(body));
    }
    Node::Choice(nodes)
}

fn sequence(body: &mut Body<'_>) -> Node {
    let mut nodes = Vec::new();
    loop {
        while body.next_if_eq(&' ').is_some() {}
        let node = match body.peek() {
            Some('"') => literal_of(body),
            Some('[') => class_of(body),
            Some('(') => {
                body.next();
                let node = choice(body);
                assert_eq!(body.next(), Some(')'));
                node
            }
            Some(c) if c.is_alphanumeric() => {
                let mut name = String::new();
                while let Some(c) = body.next_if(|c| c.is_alphanumeric() || *c == '-') {
                    name.push(c);
                }
                Node::Rule(name)
            }
            _ => return Node::Sequence(nodes),
        };
        nodes.push(match body.peek() {
            Some('+') => Node::Repeat(Box::new(node), usize::from(body.next().is_some())),
            Some('*') => Node::Repeat(Box::new(node), usize::from(body.next().is_none())),
            _ => node,
        });
    }
}

fn character(body: &mut Body<'_>) -> char {
    match body.next().unwrap() {
        '\\' => match body.next().unwrap() {
            'n' => '\n',
            'x' => {
                let digits: String = body.take(2).collect();
                char::from(u8::from_str_radix(&digits, 16).unwrap())
            }
            c @ ('"' | '\\') => c,
            c => panic!("an escape that not all servers know: {c}"),
        },
        c => c,
    }
}

fn literal_of(body: &mut Body<'_>) -> Node {
    body.next();
    let mut nodes = Vec::new();
    while body.peek() != Some(&'"') {
        let c = character(body);
        nodes.push(Node::Class(false, vec![(c, c)]));
    }
    body.next();
    Node::Sequence(nodes)
}

fn class_of(body: &mut Body<'_>) -> Node {
    body.next();
    let negated = body.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    while body.peek() != Some(&']') {
        let from = character(body);
        let to = if body.next_if_eq(&'-').is_some() { character(body) } else { from };
        ranges.push((from, to));
    }
    body.next();
    Node::Class(negated, ranges)
}

fn check(program: &str, chunk: &Chunk<'_>) {
    let parsed = parse(program);
    assert_eq!(parsed.refused, [], "{program}");
    assert_eq!(parsed.program.to_string(), program);
    let resolved = resolve_draft(parsed, chunk);
    assert_eq!(resolved.refused, [], "{program}\n{:?}", chunk.text());
}

fn hostile_text() -> impl Strategy<Value = String> {
    let parts = [
        "a", "b", "Share", " ", "\n", "\n\n", "\r\n", "\"", "\\", "\u{0}", "\t", "\u{7f}", "é",
        "😀", "\u{2028}", "a a a", "\\n", "[1] ", "a-b",
    ];
    prop::collection::vec(prop::sample::select(parts.to_vec()), 0..30).prop_map(|p| p.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn every_program_of_a_grammar_is_valid(text in hostile_text(), budget in 8usize..200, seed: u64) {
        for chunk in Chunker::new(budget, budget / 8).unwrap().chunks(&text, &refinex_core::Bytes) {
            let reader = Reader::of(&of(&chunk));
            let mut random = Rng::with_seed(seed);
            for _ in 0..4 {
                let mut program = String::new();
                reader.write(&Node::Rule("root".to_owned()), &mut random, &mut program);
                check(&program, &chunk);
            }
        }
    }

    /// Lines, breaks, and strings between word edges: all that a labeller would say.
    #[test]
    fn what_goes_in_whole_pieces_can_be_said(
        lines in prop::collection::vec("(b|c|Share| |-|\"|é|\\\\){0,6}", 1..5), gone in prop::collection::vec(any::<bool>(), 40),
    ) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let mut at = 0;
        let mut spans = Vec::new();
        for line in text.split_inclusive('\n') {
            let content = line.trim_end_matches('\n');
            let edges = Pieces::of(content);
            let pieces = edges.spans().chain([(content.len(), line.len())]);
            spans.extend(pieces.map(|(start, end)| Span::new(at + start, at + end)));
            at += line.len();
        }
        let gone = spans.iter().zip(&gone).filter(|(_, gone)| **gone).map(|(span, _)| *span);
        let gone = Deletions::from_spans(&text, gone).unwrap();
        let program = describe(&text, &gone).to_string();
        let grammar = of(&Chunk::whole(&text));
        prop_assert!(Reader::of(&grammar).accepts(&program), "{}\n{}", program, grammar);
    }
}

#[test]
fn the_grammar_of_a_small_chunk_is_this() {
    let grammar = of(&Chunk::whole("Menu\nRead on. on\n"));
    assert!(Reader::of(&grammar).accepts("remove_lines(1, 1)\nremove_str(2, \"on\", 2)"));
    let wanted = include_str!("../../tests/grammar.gbnf");
    assert_eq!(grammar, wanted, "{grammar}");
}

#[test]
fn chunks_of_any_size_have_a_grammar_that_is_not_too_large() {
    let paragraph = format!("{}\n", "some words and a comma, ".repeat(80));
    for text in ["x\n".repeat(5000), paragraph.repeat(50), "a ".repeat(30_000), "\n".repeat(400)] {
        let grammar = of(&Chunk::whole(&text));
        assert!(grammar.len() < 2 * MOST_STRING_BYTES + 300 * MOST_LINES, "{}", grammar.len());
        assert!(!grammar.contains("q1-") || grammar.len() > 1000);
    }
    let many = of(&Chunk::whole(&"x\n".repeat(5000)));
    assert!(many.len() < 2000 && many.contains("any"), "{many}");
}

#[test]
fn a_chunk_without_lines_is_kept() {
    assert_eq!(of(&Chunk::whole("")), "root::=\"keep_all()\"\n");
}
