//! Histograms as pictures of SVG.

use crate::report::figures::{bytes, count, escaped, part};
use crate::report::histogram::{Bin, Histogram};
use std::fmt::Write;

/// Size of a picture in its own units.
const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 96.0;

/// All histograms, each with its values as a table for those who cannot see it.
pub(super) fn histograms(histograms: &[Histogram]) -> String {
    let charts: String = histograms.iter().map(chart).collect();
    format!(
        "<section class=\"s-histograms\"><h2>Distributions</h2>\
         <div class=\"charts\">{charts}</div></section>"
    )
}

fn chart(histogram: &Histogram) -> String {
    let lengths = histogram.name.starts_with("length");
    // What is exactly 0 would dwarf the rest, so it is said in words.
    let zero = histogram.bins.first().filter(|bin| bin.to == 0.0);
    let bins = trimmed(&histogram.bins[usize::from(zero.is_some())..], lengths);
    let edge = |value: f64| edge(value, lengths);
    let (total, title) = (histogram.total(), escaped(histogram.title));
    let note = match zero {
        Some(bin) => format!("exactly 0: {} ({})", count(bin.count), part(bin.count, total)),
        None => format!("{} values", count(total)),
    };
    let (first, last) = (bins.first().map_or(0.0, |b| b.from), bins.last().map_or(1.0, |b| b.to));
    let svg = bars(bins, total, &title, edge);
    format!(
        "<figure><figcaption>{title} <span class=\"quiet\">{note}</span></figcaption>{svg}\
         <div class=\"axis\" aria-hidden=\"true\"><span>{}</span><span>{}</span></div></figure>",
        edge(first),
        edge(last)
    )
}

/// Without the empty ends, where the range is not given by nature.
fn trimmed(bins: &[Bin], lengths: bool) -> &[Bin] {
    if !lengths {
        return bins;
    }
    let first = bins.iter().position(|bin| bin.count > 0).unwrap_or(0);
    let last = bins.iter().rposition(|bin| bin.count > 0).map_or(bins.len(), |last| last + 1);
    &bins[first..last]
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a power of two")]
fn edge(value: f64, lengths: bool) -> String {
    if lengths { bytes(value as u64) } else { format!("{value:.2}") }
}

#[expect(clippy::cast_precision_loss, reason = "places in a picture")]
fn bars(bins: &[Bin], total: u64, title: &str, edge: impl Fn(f64) -> String) -> String {
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(0).max(1);
    let wide = WIDTH / bins.len().max(1) as f64;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}, highest bar {}\" \
         preserveAspectRatio=\"none\">",
        count(most)
    );
    for (at, bin) in bins.iter().enumerate() {
        let high = (HEIGHT - 2.0) * bin.count as f64 / most as f64;
        // What is there is seen, however little it is.
        let high = if bin.count > 0 { high.max(1.0) } else { 0.0 };
        let (x, y) = (at as f64 * wide, HEIGHT - high);
        let said = format!(
            "{} to {}: {} ({})",
            edge(bin.from),
            edge(bin.to),
            count(bin.count),
            part(bin.count, total)
        );
        let _ = write!(
            svg,
            "<g><title>{said}</title><rect class=\"hit\" x=\"{x:.2}\" y=\"0\" width=\"{wide:.2}\" \
             height=\"{HEIGHT}\"/><rect class=\"pillar\" x=\"{:.2}\" y=\"{y:.2}\" width=\"{:.2}\" \
             height=\"{high:.2}\"/></g>",
            x + 0.5,
            wide - 1.0
        );
    }
    svg + "</svg>"
}
