//! Which lines stay by the sequence of their marks (arXiv:2510.24139).

/// What a line looks like on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// g
    Good,
    /// y
    Undecided,
    /// r
    Bad,
}

/// The lines inside of `g{2,}` or `g{2,}(y+g+)+g`: between two bad lines, all from the first run of
/// two or more good ones through the last.
pub(crate) fn kept(marks: &[Mark]) -> Vec<bool> {
    let mut kept = vec![false; marks.len()];
    let mut start = 0;
    for part in marks.split(|mark| *mark == Mark::Bad) {
        let pair = |pair: &[Mark]| pair == [Mark::Good, Mark::Good];
        let first = part.windows(2).position(pair);
        let last = part.windows(2).rposition(pair);
        if let Some((first, last)) = first.zip(last) {
            kept[start + first..start + last + 2].fill(true);
        }
        start += part.len() + 1;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stay(marks: &str) -> String {
        let read = |c| match c {
            'g' => Mark::Good,
            'y' => Mark::Undecided,
            _ => Mark::Bad,
        };
        let kept = kept(&marks.chars().map(read).collect::<Vec<_>>());
        kept.iter().map(|&kept| if kept { '+' } else { '-' }).collect()
    }

    #[test]
    fn lines_stay_by_their_patterns() {
        for (marks, wanted) in [
            ("", ""),
            ("g", "-"),
            ("gg", "++"),
            ("ygy", "---"),
            ("ggygg", "+++++"),
            ("ggyg", "++--"),
            ("ggygyygg", "++++++++"),
            ("ggrgg", "++-++"),
            ("ggyrgg", "++--++"),
            ("yggyy", "-++--"),
        ] {
            assert_eq!(stay(marks), wanted, "{marks}");
        }
    }
}
