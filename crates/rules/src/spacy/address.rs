//! Addresses of the web, which spaCy leaves whole (`URL_MATCH`).

use crate::chars::{CharClasses, DECIMAL, DOMAIN, WORD};

/// Whether a string without white space is an address from beginning to end.
pub(crate) fn is_address(string: &str) -> bool {
    if !string.contains('.') {
        return false;
    }
    let after_users = string.bytes().enumerate().skip(1).filter(|&(_, byte)| byte == b'@');
    let hosts = after_users.map(|(at, _)| at + 1);
    [0].into_iter()
        .chain(after_scheme(string))
        .chain(hosts)
        .any(|at| is_host(&string[at..]) || is_number_host(&string[at..]))
}

/// Where what follows `[\w\+\-\.]{2,}://` begins.
fn after_scheme(string: &str) -> Option<usize> {
    let classes = CharClasses::get();
    let colon = string.find("://")?;
    let scheme = &string[..colon];
    let allowed = |c| matches!(c, '+' | '-' | '.') || classes.is(c, WORD);
    (scheme.chars().count() >= 2 && scheme.chars().all(allowed)).then_some(colon + 3)
}

/// `(?::\d{2,5})?(?:[/?#]\S*)?$`.
fn is_rest(string: &str) -> bool {
    let path = |string: &str| string.is_empty() || string.starts_with(['/', '?', '#']);
    let Some(port) = string.strip_prefix(':') else { return path(string) };
    let classes = CharClasses::get();
    let after = port.trim_start_matches(|c| classes.is(c, DECIMAL));
    let digits = port[..port.len() - after.len()].chars().count();
    (2..=5).contains(&digits) && path(after)
}

/// Labels with dots, a top-level domain, and the rest.
fn is_host(mut string: &str) -> bool {
    let classes = CharClasses::get();
    while let Some((label, after)) = string.split_once('.') {
        if !is_label(label) {
            return false;
        }
        string = after;
        let rest = string.trim_start_matches(|c| classes.is(c, DOMAIN));
        let domain = string[..string.len() - rest.len()].chars().count();
        if (2..=63).contains(&domain) && is_rest(rest) {
            return true;
        }
    }
    false
}

/// `(?:[…][…_-]{0,62})?[…]` with letters, digits and all from U+00A1 to U+FFFF.
fn is_label(label: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || ('\u{a1}'..='\u{ffff}').contains(&c);
    label.starts_with(plain)
        && label.ends_with(plain)
        && label.chars().all(|c| plain(c) || matches!(c, '_' | '-'))
        && label.chars().count() <= 64
}

/// A public address of four numbers, and the rest.
fn is_number_host(string: &str) -> bool {
    let classes = CharClasses::get();
    let mut parts = string.splitn(4, '.');
    let [Some(first), Some(second), Some(third), Some(last)] =
        std::array::from_fn(|_| parts.next())
    else {
        return false;
    };
    let rest = last.trim_start_matches(|c| classes.is(c, DECIMAL));
    let last = &last[..last.len() - rest.len()];
    is_first(first)
        && is_middle(second)
        && is_middle(third)
        && is_last(last)
        && !is_private(first, second)
        && is_rest(rest)
}

/// Whether a number has this beginning and then so many digits of any script.
fn begins(number: &str, heads: &[&str], digits: usize) -> bool {
    let classes = CharClasses::get();
    heads.iter().any(|head| {
        number.strip_prefix(head).is_some_and(|tail| {
            tail.chars().count() == digits && tail.chars().all(|c| classes.is(c, DECIMAL))
        })
    })
}

const ONE_TO_NINE: [&str; 9] = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// `[1-9]\d?|1\d\d|2[01]\d|22[0-3]`.
fn is_first(number: &str) -> bool {
    begins(number, &ONE_TO_NINE, 0)
        || begins(number, &ONE_TO_NINE, 1)
        || begins(number, &["1"], 2)
        || begins(number, &["20", "21"], 1)
        || matches!(number, "220" | "221" | "222" | "223")
}

/// `1?\d{1,2}|2[0-4]\d|25[0-5]`.
fn is_middle(number: &str) -> bool {
    begins(number, &["", "1"], 1)
        || begins(number, &["", "1"], 2)
        || begins(number, &["20", "21", "22", "23", "24"], 1)
        || matches!(number, "250" | "251" | "252" | "253" | "254" | "255")
}

/// `[1-9]\d?|1\d\d|2[0-4]\d|25[0-4]`.
fn is_last(number: &str) -> bool {
    begins(number, &ONE_TO_NINE, 0)
        || begins(number, &ONE_TO_NINE, 1)
        || begins(number, &["1"], 2)
        || begins(number, &["20", "21", "22", "23", "24"], 1)
        || matches!(number, "250" | "251" | "252" | "253" | "254")
}

fn is_private(first: &str, second: &str) -> bool {
    matches!(first, "10" | "127")
        || matches!((first, second), ("169", "254") | ("192", "168"))
        || first == "172"
            && (matches!(second, "16" | "17" | "18" | "19" | "30" | "31")
                || begins(second, &["2"], 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_other_strings() {
        for address in [
            "example.com",
            "http://a.b-c.de:8080/x?y#z",
            "user:word@example.org",
            "x@y@z.com",
            "8.8.8.8",
            "1.1.1.254:80",
            "例え.テスト",
            "a_b.example.com/",
        ] {
            assert!(is_address(address), "{address}");
        }
        for other in [
            "example",
            "e.x",
            "-x.de",
            "x-.de",
            "10.0.0.1",
            "192.168.1.1",
            "172.31.0.1",
            "a.com:9",
            "a.com:123456",
            "a..com",
            "foo.Bar",
            "224.1.1.1",
            "1.1.1.255",
            "@a",
            "http://",
        ] {
            assert!(!is_address(other), "{other}");
        }
    }

    #[test]
    fn labels_have_at_most_64_characters_and_domains_63() {
        assert!(is_address(&format!("{}.com", "z".repeat(64))));
        assert!(!is_address(&format!("{}.com", "z".repeat(65))));
        assert!(is_address(&format!("x.{}", "y".repeat(63))));
        assert!(!is_address(&format!("x.{}", "y".repeat(64))));
    }
}
