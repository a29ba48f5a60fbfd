//! How long a server asks to wait.

use reqwest::header::{HeaderMap, RETRY_AFTER};
use std::time::{Duration, SystemTime};

/// The wait that `Retry-After` asks for at the time `now`: whole or broken seconds, or a date. A
/// date that is past is no wait; what is neither says nothing.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        let seconds = Some(seconds).filter(|seconds| !seconds.is_nan())?;
        return Duration::try_from_secs_f64(seconds.max(0.0)).ok();
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        retry_after(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_700))
    }

    #[test]
    fn seconds_and_dates_are_read_and_others_say_nothing() {
        assert_eq!(wait("120"), Some(Duration::from_secs(120)));
        assert_eq!(wait("0.5"), Some(Duration::from_millis(500)));
        assert_eq!(wait("-3"), Some(Duration::ZERO));
        // The date of RFC 9110, 5.6.7: 784111777 seconds after the epoch.
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(77)));
        assert_eq!(wait("Sun, 06 Nov 1983 08:49:37 GMT"), Some(Duration::ZERO));
        for nothing in ["soon", "", "NaN", "1e300"] {
            assert_eq!(wait(nothing), None, "{nothing}");
        }
    }
}
