//! Figures in words, as reports show them.

use std::fmt::Write;

/// A count with a comma after each third digit: `12,345`.
pub(crate) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many things: `1 document`, `2 documents`.
pub(crate) fn many(found: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(found), if found == 1 { "" } else { "s" })
}

/// A share in per cent: `12.3 %`; what is not nothing is never shown as such.
pub(crate) fn percent(share: f64) -> String {
    match 100.0 * share {
        p if p > 0.0 && p < 0.05 => "< 0.1 %".to_owned(),
        p if p < 100.0 && p > 99.95 => "> 99.9 %".to_owned(),
        p => format!("{p:.1} %"),
    }
}

/// `part` of `whole` in per cent.
pub(crate) fn part(part: u64, whole: u64) -> String {
    percent(share(part, whole))
}

/// `part` of `whole`, 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "a share for people")]
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Bytes with a decimal prefix: `3.2 MB`.
#[expect(clippy::cast_precision_loss, reason = "a size for people")]
pub(crate) fn bytes(bytes: u64) -> String {
    let mut size = bytes as f64;
    let mut unit = "B";
    for next in ["kB", "MB", "GB", "TB", "PB"] {
        if size < 999.5 {
            break;
        }
        size /= 1000.0;
        unit = next;
    }
    if unit == "B" || size >= 99.95 {
        format!("{size:.0} {unit}")
    } else {
        format!("{size:.1} {unit}")
    }
}

/// Text for HTML, in content and in quoted attributes.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Other control characters are no characters of HTML.
            '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}' => out.push(shown(c)),
            _ => out.push(c),
        }
    }
    out
}

/// The picture of a control character.
fn shown(c: char) -> char {
    let code = u32::from(c);
    char::from_u32(if code == 0x7f { 0x2421 } else { 0x2400 + code }).unwrap_or(' ')
}

/// JSON for a script element: no `<`, `>` or `&`, so that nothing in it ends the element, and no line
/// separators, which old scripts took for line ends.
pub(crate) fn json_in_script(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 16);
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out
}

/// How many bytes a text takes as JSON [in a script](json_in_script), without its quotes.
pub(crate) fn bytes_in_script(text: &str) -> usize {
    let of = |c: char| match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => 6,
        _ => c.len_utf8(),
    };
    text.chars().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!([count(0), count(999), count(1_234_567)], ["0", "999", "1,234,567"]);
        assert_eq!([percent(0.0), percent(0.123), percent(1.0)], ["0.0 %", "12.3 %", "100.0 %"]);
        assert_eq!([percent(0.0001), percent(0.9999)], ["< 0.1 %", "> 99.9 %"]);
        assert_eq!([bytes(12), bytes(1500), bytes(999_900)], ["12 B", "1.5 kB", "1.0 MB"]);
        assert_eq!(part(1, 0), "0.0 %");
        assert_eq!([many(0, "place"), many(1, "place")], ["0 places", "1 place"]);
    }

    #[test]
    fn no_text_leaves_its_place() {
        assert_eq!(escaped("<a href='x'>&\"\0"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;\u{2400}");
        let json = serde_json::to_string("</script><!--\u{2028}&").unwrap();
        let inside = json_in_script(&json);
        assert_eq!(inside, "\"\\u003c/script\\u003e\\u003c!--\\u2028\\u0026\"");
        let all: String = ('\0'..='\u{3000}').collect();
        let as_json = json_in_script(&serde_json::to_string(&all).unwrap());
        assert_eq!(bytes_in_script(&all) + 2, as_json.len());
        let back: String = serde_json::from_str(&inside).unwrap();
        assert_eq!(back, "</script><!--\u{2028}&");
    }
}
