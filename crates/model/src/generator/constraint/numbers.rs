//! Sets of numbers that may be written, digit by digit.

/// Numbers from `low` to `high`: all of them, or those of a sorted list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers<'a> {
    low: u32,
    high: u32,
    listed: Option<&'a [u32]>,
}

impl<'a> Numbers<'a> {
    pub(super) const fn range(low: u32, high: u32) -> Self {
        Self { low, high, listed: None }
    }

    /// Those of `list` that are at least `low`.
    pub(super) fn listed(list: &'a [u32], low: u32) -> Self {
        Self { low, high: list.last().copied().unwrap_or(0), listed: Some(list) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first_from(0).is_none()
    }

    pub(super) fn contains(&self, number: u32) -> bool {
        self.first_from(number) == Some(number)
    }

    /// Whether a number of the set begins with the digits of `prefix`, or is it.
    pub(super) fn has_prefix(&self, prefix: u32) -> bool {
        let (mut low, mut width) = (u64::from(prefix), 1);
        while low <= u64::from(self.high) {
            let found = self.first_from(low as u32).map(u64::from);
            if found.is_some_and(|found| found < low + width) {
                return true;
            }
            (low, width) = (low * 10, width * 10);
        }
        false
    }

    fn first_from(&self, number: u32) -> Option<u32> {
        let from = number.max(self.low);
        match self.listed {
            None => (from <= self.high).then_some(from),
            Some(list) => list.get(list.partition_point(|&listed| listed < from)).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn prefixes_are_those_of_the_numbers(
            mut list in prop::collection::vec(1u32..3000, 0..20), low in 1u32..2000, high in 1u32..3000, prefix in 1u32..500,
        ) {
            list.sort_unstable();
            list.dedup();
            let begins = |number: &u32| number.to_string().starts_with(&prefix.to_string());
            let wanted = list.iter().filter(|&&number| number >= low).any(begins);
            prop_assert_eq!(Numbers::listed(&list, low).has_prefix(prefix), wanted);
            prop_assert_eq!(Numbers::range(low, high).has_prefix(prefix), (low..=high).any(|n| begins(&n)));
        }
    }
}
