//! A reliability diagram as a picture of SVG.

use crate::calibration::{Bin, Reliability};
use crate::report::figures::{count, share};
use std::fmt::Write;

/// Where the square of the diagram lies in its picture, in the picture's units.
const LEFT: f64 = 34.0;
const TOP: f64 = 8.0;
const SIDE: f64 = 260.0;
/// Where the bars of how many there are begin, and how high the highest is.
const CROWD: f64 = TOP + SIDE + 60.0;
const CROWD_HIGH: f64 = 36.0;

/// The share of noise by score, with how many there are of each score below.
pub(super) fn diagram(units: &str, of: &Reliability, threshold: f64) -> String {
    let label = format!(
        "Reliability of the scores of {units}: share of noise by mean score, expected calibration \
         error {:.3}",
        of.expected_calibration_error
    );
    let mut svg = format!(
        "<svg class=\"diagram\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{label}\">",
        LEFT + SIDE + 12.0,
        CROWD + 20.0
    );
    grid(&mut svg);
    if threshold > 0.0 && threshold < 1.0 {
        line(&mut svg, "threshold", (threshold, 0.0), (threshold, 1.0));
    }
    let most = of.bins.iter().map(|bin| bin.units).max().unwrap_or(0);
    let unit = units.split(' ').next().unwrap_or_default().trim_end_matches('s');
    for bin in of.bins.iter().filter(|bin| bin.units > 0) {
        column(&mut svg, bin, unit, most);
    }
    words(&mut svg, units);
    svg + "</svg>"
}

/// A point of the square.
fn place((score, noise): (f64, f64)) -> (f64, f64) {
    (LEFT + SIDE * score, TOP + SIDE * (1.0 - noise))
}

fn line(svg: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let ((x1, y1), (x2, y2)) = (place(from), place(to));
    let _ = write!(
        svg,
        "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
    );
}

/// Rules and their figures at both axes, and the diagonal, on which a probability lies.
fn grid(svg: &mut String) {
    for at in [0.0, 0.25, 0.5, 0.75, 1.0] {
        line(svg, "grid", (at, 0.0), (at, 1.0));
        line(svg, "grid", (0.0, at), (1.0, at));
    }
    for at in [0.0, 0.5, 1.0] {
        let ((x, _), (_, y)) = (place((at, 0.0)), place((0.0, at)));
        let _ = write!(
            svg,
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{at}</text>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{at}</text>",
            TOP + SIDE + 15.0,
            LEFT - 6.0,
            y + 4.0
        );
    }
    line(svg, "diagonal", (0.0, 0.0), (1.0, 1.0));
}

/// One bin: how much of it is noise, its point, and how many it holds.
fn column(svg: &mut String, bin: &Bin, unit: &str, most: u64) {
    let wide = SIDE * (bin.to - bin.from);
    let (x, y) = place((bin.from, bin.noise_share));
    let (dot_x, dot_y) = place((bin.mean_score, bin.noise_share));
    let high = (CROWD_HIGH * share(bin.units, most)).max(1.0);
    let many = if bin.units == 1 { "" } else { "s" };
    let said = format!(
        "{:.1} to {:.1}: {} {unit}{many}, mean score {:.3}, noise {:.3}",
        bin.from,
        bin.to,
        count(bin.units),
        bin.mean_score,
        bin.noise_share
    );
    let _ = write!(
        svg,
        "<g><title>{said}</title><rect class=\"hit\" x=\"{x:.1}\" y=\"{TOP}\" width=\"{wide:.1}\" \
         height=\"{:.1}\"/><rect class=\"pillar\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" \
         height=\"{:.1}\"/><rect class=\"crowd\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" \
         height=\"{high:.1}\"/><circle cx=\"{dot_x:.1}\" cy=\"{dot_y:.1}\" r=\"4.5\"/></g>",
        CROWD - TOP,
        x + 1.0,
        wide - 2.0,
        TOP + SIDE - y,
        x + 1.0,
        CROWD - high,
        wide - 2.0
    );
}

fn words(svg: &mut String, units: &str) {
    let (score, noise) = (LEFT + 0.75 * SIDE, TOP + 0.25 * SIDE);
    let (axis, below) = (TOP + SIDE + 15.0, CROWD + 15.0);
    let _ = write!(
        svg,
        "<text x=\"{score:.1}\" y=\"{axis:.1}\" text-anchor=\"middle\">score</text>\
         <text transform=\"rotate(-90)\" x=\"{:.1}\" y=\"11\" text-anchor=\"middle\">share of \
         noise</text><text x=\"{:.1}\" y=\"{below:.1}\" text-anchor=\"middle\">{units} of each \
         score</text>",
        -noise,
        LEFT + SIDE / 2.0
    );
}
