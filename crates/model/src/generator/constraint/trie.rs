//! The tokens of a vocabulary by their bytes.

/// A trie of tokens. Nodes stand in breadth-first order, so the children of a node are neighbours,
/// sorted by byte.
#[derive(Debug)]
pub(super) struct Trie {
    nodes: Vec<Node>,
    /// The byte that leads to each node.
    bytes: Vec<u8>,
    /// Token ids, those of one node together.
    tokens: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    first_child: u32,
    children: u16,
    first_token: u32,
    tokens: u32,
}

/// A run of sorted tokens that share their first `depth` bytes.
struct Run {
    from: usize,
    to: usize,
    depth: usize,
}

impl Trie {
    /// The node of no byte.
    pub(super) const ROOT: u32 = 0;

    /// The trie of all tokens that have bytes; their ids are their places.
    pub(super) fn of(tokens: &[Vec<u8>]) -> Self {
        let mut sorted: Vec<u32> = (0..tokens.len() as u32).collect();
        sorted.retain(|&token| !tokens[token as usize].is_empty());
        sorted.sort_by(|&a, &b| tokens[a as usize].cmp(&tokens[b as usize]));
        let mut trie = Self { nodes: Vec::new(), bytes: vec![0], tokens: Vec::new() };
        let mut runs = vec![Run { from: 0, to: sorted.len(), depth: 0 }];
        let mut next = 0;
        while next < runs.len() {
            let Run { from, to, depth } = runs[next];
            next += 1;
            let bytes = |at: usize| &tokens[sorted[at] as usize];
            let own = (from..to).take_while(|&at| bytes(at).len() == depth).count();
            let (first_child, first_token) = (runs.len() as u32, trie.tokens.len() as u32);
            trie.tokens.extend(&sorted[from..from + own]);
            let mut at = from + own;
            while at < to {
                let byte = bytes(at)[depth];
                let end = (at..to).find(|&end| bytes(end)[depth] != byte).unwrap_or(to);
                trie.bytes.push(byte);
                runs.push(Run { from: at, to: end, depth: depth + 1 });
                at = end;
            }
            let children = (runs.len() as u32 - first_child) as u16;
            trie.nodes.push(Node { first_child, children, first_token, tokens: own as u32 });
        }
        trie
    }

    /// The node behind `byte`.
    pub(super) fn child(&self, node: u32, byte: u8) -> Option<u32> {
        let Node { first_child, children, .. } = self.nodes[node as usize];
        let first = first_child as usize;
        let among = &self.bytes[first..first + children as usize];
        among.binary_search(&byte).ok().map(|at| first_child + at as u32)
    }

    /// The tokens whose bytes lead to this node.
    pub(super) fn tokens(&self, node: u32) -> &[u32] {
        let Node { first_token, tokens, .. } = self.nodes[node as usize];
        &self.tokens[first_token as usize..(first_token + tokens) as usize]
    }

    /// Whether longer tokens begin with the bytes of this node.
    pub(super) fn goes_on(&self, node: u32) -> bool {
        self.nodes[node as usize].children > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_by_their_bytes() {
        let tokens: Vec<Vec<u8>> = ["b", "a", "", "abc", "a", "ab"].map(Vec::from).to_vec();
        let trie = Trie::of(&tokens);
        let find =
            |text: &str| text.bytes().try_fold(Trie::ROOT, |node, byte| trie.child(node, byte));
        assert_eq!(trie.tokens(find("a").unwrap()), [1, 4]);
        assert_eq!(trie.tokens(find("ab").unwrap()), [5]);
        assert_eq!(trie.tokens(find("abc").unwrap()), [3]);
        assert_eq!((find("ac"), find("abcd"), trie.tokens(Trie::ROOT)), (None, None, &[][..]));
        assert!(trie.goes_on(find("a").unwrap()) && !trie.goes_on(find("b").unwrap()));
    }
}
