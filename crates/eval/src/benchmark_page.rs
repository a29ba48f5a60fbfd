//! A benchmark as a page of HTML that needs nothing beside itself.

use crate::benchmark::Benchmark;
use crate::table::{Table, escaped};
use std::fmt::Write;

/// Where the plot lies in its picture, in the picture's units.
const LEFT: f64 = 50.0;
const WIDTH: f64 = 560.0;
const TOP: f64 = 20.0;
const HEIGHT: f64 = 290.0;
/// The whole picture.
const RIGHT: f64 = 760.0;
const BOTTOM: f64 = 366.0;
/// How high a line of a name is, and how wide a letter (12 px of a sans-serif font, generously).
const LINE: f64 = 14.0;
const LETTER: f64 = 7.0;
/// From the middle of a point to its name.
const GAP: f64 = 9.0;

/// The page.
pub(crate) fn page(benchmark: &Benchmark) -> String {
    let tables: String = benchmark.tables().iter().map(Table::html).collect();
    let place = escaped(&benchmark.corpus.location);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta \
         name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta \
         name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>refinex bench: {place}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>Refiners on {place}</h1>\n{}{tables}</main>\n</body>\n</html>\n",
        plot(benchmark)
    )
}

/// A refiner as a point of the plot.
struct Point<'a> {
    name: &'a str,
    speed: f64,
    f1: f64,
    x: f64,
    y: f64,
}

/// Quality over speed, where there is gold.
fn plot(benchmark: &Benchmark) -> String {
    let mut points = points(benchmark);
    let Some(first) = points.first() else { return String::new() };
    let decades = points.iter().map(|point| point.speed.log10());
    let (low, high) = decades
        .fold((first.speed.log10(), first.speed.log10()), |(low, high), at| {
            (low.min(at), high.max(at))
        });
    let (low, high) = (low.floor(), (high.floor() + 1.0).max(low.floor() + 1.0));
    let across = |decade: f64| LEFT + (decade - low) / (high - low) * WIDTH;
    for point in &mut points {
        point.x = across(point.speed.log10());
    }
    let mut marks = String::new();
    for decade in low as i32..=high as i32 {
        marks += &tick(across(f64::from(decade)), decade);
    }
    for fifth in 0..=5 {
        marks += &rule(f64::from(fifth) / 5.0);
    }
    let names = places_of_names(&points);
    marks.extend(points.iter().zip(&names).map(|(point, &name)| mark(point, name)));
    format!(
        "<figure><div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Plot\"><svg \
         viewBox=\"0 0 {RIGHT} {BOTTOM}\" role=\"img\" aria-label=\"Deletion F1 over speed; the \
         figures are in the first table\">{marks}</svg></div><figcaption>Deletion F1 over MB of text a \
         second of a core (logarithmic)</figcaption></figure>\n"
    )
}

fn points(benchmark: &Benchmark) -> Vec<Point<'_>> {
    let refiners = benchmark.evaluation.iter().flat_map(|evaluation| &evaluation.refiners);
    let point = |of: &crate::evaluation::RefinerScores| {
        let benched = benchmark.refiners.iter().find(|benched| benched.name == of.name)?;
        let (speed, f1) = (benched.speed.megabytes_per_core_second, of.scores.text.deletion_f1);
        let point = Point { name: &benched.name, speed, f1, x: 0.0, y: height(f1) };
        (speed > 0.0).then_some(point)
    };
    refiners.filter_map(point).collect()
}

fn height(f1: f64) -> f64 {
    TOP + (1.0 - f1) * HEIGHT
}

/// A part of the picture: from the left, from above, to the right, to below.
type Area = (f64, f64, f64, f64);

const fn overlap(a: Area, b: Area) -> bool {
    a.0 < b.2 && b.0 < a.2 && a.1 < b.3 && b.1 < a.3
}

/// Where names stand: right of their points, or as little above or below as keeps them off the other
/// names and points. The middle of each name's left end.
fn places_of_names(points: &[Point<'_>]) -> Vec<(f64, f64)> {
    let of_point = |of: &Point<'_>| (of.x - 5.0, of.y - 5.0, of.x + 5.0, of.y + 5.0);
    let mut taken: Vec<Area> = points.iter().map(of_point).collect();
    let steps = (0..24).flat_map(|step| [f64::from(step), -f64::from(step)]);
    let place = |point: &Point<'_>| {
        let wide = LETTER * point.name.chars().count() as f64;
        let x = (point.x + GAP).min(RIGHT - wide);
        let area = |y: f64| (x, y - LINE / 2.0, x + wide, y + LINE / 2.0);
        let free = |y: &f64| *y > TOP && taken.iter().all(|other| !overlap(area(*y), *other));
        let y = steps.clone().map(|step| point.y + step * LINE / 2.0).find(free).unwrap_or(point.y);
        taken.push(area(y));
        (x, y)
    };
    points.iter().map(place).collect()
}

fn tick(x: f64, decade: i32) -> String {
    let (bottom, label) = (TOP + HEIGHT, 10f64.powi(decade));
    format!(
        "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\
         <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
        bottom + 20.0
    )
}

fn rule(f1: f64) -> String {
    let (y, right) = (height(f1), LEFT + WIDTH);
    format!(
        "<line x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{f1:.1}</text>",
        LEFT - 6.0,
        y + 4.0
    )
}

/// A point with its name, and a thread between them where they are apart.
fn mark(point: &Point<'_>, (x, y): (f64, f64)) -> String {
    let Point { name, speed, f1, .. } = point;
    let name = escaped(name);
    let mut mark = format!("<g><title>{name}: F1 {f1:.4} at {speed:.3} MB/s a core</title>");
    if (y - point.y).abs() > 1.0 {
        let _ = write!(
            mark,
            "<line class=\"thread\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\"/>",
            point.x,
            point.y,
            x - 2.0
        );
    }
    let _ = write!(
        mark,
        "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"5\"/><text x=\"{x:.1}\" y=\"{:.1}\">{name}</text></g>",
        point.x,
        point.y,
        y + 4.0
    );
    mark
}

/// Light and dark, as the reader has it; wide tables scroll by themselves.
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1b1b1b;--paper:#fff;--line:#d8d8d8;--dot:#0b62c4}\
@media(prefers-color-scheme:dark){:root{--ink:#e8e8e8;--paper:#161616;--line:#3a3a3a;--dot:#6db3ff}}\
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}\
main{max-width:76rem;margin:auto;padding:1rem}\
h1{font-size:1.4rem;overflow-wrap:anywhere}h2{font-size:1.1rem;margin-top:2rem;overflow-wrap:anywhere}\
.scroll{overflow-x:auto}table{border-collapse:collapse}\
th,td{padding:.25rem .6rem;border-bottom:1px solid var(--line);white-space:nowrap}\
.word{text-align:left;white-space:normal;min-width:8rem;max-width:24rem;overflow-wrap:break-word}.figure{text-align:right;font-variant-numeric:tabular-nums}\
td,th{vertical-align:top}p{max-width:90ch}:focus-visible{outline:2px solid var(--dot)}figure{margin:0;max-width:48rem}svg{width:100%;min-width:40rem;height:auto;font-size:12px}\
svg line{stroke:var(--line)}svg .thread{stroke:var(--ink);opacity:.4}svg text{fill:var(--ink)}svg circle{fill:var(--dot)}";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::benchmark_tables::tests::benchmark;

    #[test]
    fn the_page_holds_all_tables_and_asks_for_nothing_from_elsewhere() {
        let html = page(&benchmark());
        assert!(html.contains("Refiners on web &amp; co") && html.contains("command:&lt;x&gt;"));
        assert_eq!(html.matches("<circle").count(), 2);
        assert!(!html.contains("http") && !html.contains("src="), "{html}");
        assert_eq!(html.matches("<table>").count(), benchmark().tables().len());
    }

    #[test]
    fn names_of_points_that_lie_together_do_not_cover_each_other_or_a_point() {
        let point = |name, x, f1| Point { name, speed: 1.0, f1, x, y: height(f1) };
        let crowded = [
            point("tagger", 300.0, 0.91),
            point("tagger@careful", 302.0, 0.90),
            point("best", 280.0, 0.905),
            point("best@careful", 281.0, 0.90),
            point("a-name-at-the-edge-of-it", 609.0, 0.0),
        ];
        let places = places_of_names(&crowded);
        let area = |at: usize| {
            let ((x, y), letters) = (places[at], crowded[at].name.len());
            (x, y - LINE / 2.0, x + LETTER * letters as f64, y + LINE / 2.0)
        };
        for one in 0..crowded.len() {
            for other in 0..one {
                assert!(
                    !overlap(area(one), area(other)),
                    "{} {}",
                    crowded[one].name,
                    crowded[other].name
                );
            }
            let (x, y) = (crowded[one].x, crowded[one].y);
            assert!((0..crowded.len()).all(|at| !overlap(area(at), (x, y, x + 1.0, y + 1.0))));
            assert!(area(one).2 <= RIGHT);
        }
    }
}
