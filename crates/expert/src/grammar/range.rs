//! Ranges of whole numbers as alternatives of digits.

/// The numbers from `low` to `high`, without leading zeros.
pub(super) fn range(low: usize, high: usize) -> String {
    let mut alternatives = Vec::new();
    let mut from = low;
    while from <= high {
        let to = high.min(10usize.saturating_pow(digits(from)) - 1);
        alternatives.push(same_length(&from.to_string(), &to.to_string()));
        from = to + 1;
    }
    alternatives.join(" | ")
}

fn digits(number: usize) -> u32 {
    number.checked_ilog10().unwrap_or(0) + 1
}

/// The numbers between two of the same length.
fn same_length(low: &str, high: &str) -> String {
    let (first_low, first_high) = (&low[..1], &high[..1]);
    let (rest_low, rest_high) = (&low[1..], &high[1..]);
    if rest_low.is_empty() {
        return class(first_low, first_high);
    }
    let (zeros, nines) = ("0".repeat(rest_low.len()), "9".repeat(rest_low.len()));
    if first_low == first_high {
        return format!("\"{first_low}\" ({})", same_length(rest_low, rest_high));
    }
    let (mut from, mut to) = (digit(first_low), digit(first_high));
    let mut alternatives = Vec::new();
    if rest_low != zeros {
        alternatives.push(format!("\"{first_low}\" ({})", same_length(rest_low, &nines)));
        from += 1;
    }
    let below = rest_high != nines;
    to -= u8::from(below);
    if from <= to {
        let any = vec!["[0-9]"; rest_low.len()].join(" ");
        alternatives.push(format!("{} {any}", class(&from.to_string(), &to.to_string())));
    }
    if below {
        alternatives.push(format!("\"{first_high}\" ({})", same_length(&zeros, rest_high)));
    }
    alternatives.join(" | ")
}

fn digit(text: &str) -> u8 {
    text.bytes().next().unwrap_or(b'0') - b'0'
}

fn class(from: &str, to: &str) -> String {
    if from == to { format!("\"{from}\"") } else { format!("[{from}-{to}]") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::tests::Reader;

    #[test]
    fn a_range_holds_its_numbers_and_no_others() {
        for (low, high) in [(1, 1), (1, 9), (1, 10), (7, 123), (99, 1000), (401, 452), (1, 2048)] {
            let grammar = format!("root::={}\n", range(low, high));
            let reader = Reader::of(&grammar);
            for number in 0..2500 {
                let holds = (low..=high).contains(&number);
                assert_eq!(reader.accepts(&number.to_string()), holds, "{number} of {grammar}");
            }
            assert!(!reader.accepts(&format!("0{low}")) && !reader.accepts(""));
        }
    }
}
