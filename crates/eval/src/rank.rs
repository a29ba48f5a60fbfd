//! Rank correlation.

/// Spearman's rank correlation, ties at their mean rank; `None` of fewer than two pairs, or where one
/// side is the same throughout.
#[must_use]
pub fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    let side = |of: fn(&(f64, f64)) -> f64| ranks(&pairs.iter().map(of).collect::<Vec<_>>());
    let (first, second) = (side(|pair| pair.0), side(|pair| pair.1));
    let mean = (pairs.len() as f64 + 1.0) / 2.0;
    let product = |a: &[f64], b: &[f64]| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum()
    };
    let scale = (product(&first, &first) * product(&second, &second)).sqrt();
    (pairs.len() > 1 && scale > 0.0).then(|| product(&first, &second) / scale)
}

/// The rank of each value, from 1.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    for same in order.chunk_by(|&a, &b| values[a].total_cmp(&values[b]).is_eq()) {
        let rank = from as f64 + (same.len() as f64 + 1.0) / 2.0;
        same.iter().for_each(|&at| ranks[at] = rank);
        from += same.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_alone_counts() {
        assert_eq!(spearman(&[(1.0, 10.0), (2.0, 1000.0), (3.0, 1001.0)]), Some(1.0));
        assert_eq!(spearman(&[(1.0, 3.0), (2.0, 2.0), (9.0, -1.0)]), Some(-1.0));
    }

    /// Computed with `scipy.stats.spearmanr` 1.17.
    #[test]
    fn ties_have_their_mean_rank() {
        let pairs = [(1.0, 2.0), (1.0, 4.0), (2.0, 4.0), (3.0, 1.0), (5.0, 9.0), (5.0, 4.0)];
        assert!(
            (spearman(&pairs).unwrap() - 0.40644850966246954).abs() < 1e-12,
            "{:?}",
            spearman(&pairs)
        );
    }

    #[test]
    fn there_is_none_of_one_pair_or_of_a_constant() {
        assert_eq!(spearman(&[(1.0, 2.0)]), None);
        assert_eq!(spearman(&[(1.0, 2.0), (1.0, 3.0)]), None);
    }
}
