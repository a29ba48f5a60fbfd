//! The key of an endpoint, which nobody may see.

use crate::error::SetupError;
use std::fmt;

/// What is written where a key stood.
const HIDDEN: &str = "[key]";

/// The key of an endpoint, or none, which is fine for local servers. It has no `Display`, its
/// `Debug` hides it, and it leaves this type only as a header that is marked as sensitive.
#[derive(Clone, Default)]
pub struct ApiKey(Option<String>);

impl ApiKey {
    /// The key in the variable `name` of the environment; an empty or missing one is no key.
    ///
    /// # Errors
    /// If it cannot stand in a header. The error does not show it.
    pub fn from_environment(name: &str) -> Result<Self, SetupError> {
        let Some(found) = std::env::var_os(name) else { return Ok(Self(None)) };
        let key = Self::checked(found.into_string().ok());
        key.map_err(|()| {
            SetupError::new(format!(
                "expected a key of visible ASCII characters in ${name}, but found others"
            ))
        })
    }

    fn checked(found: Option<String>) -> Result<Self, ()> {
        let key = found.ok_or(())?.trim().to_owned();
        let sound = key.bytes().all(|byte| byte.is_ascii_graphic());
        if sound { Ok(Self((!key.is_empty()).then_some(key))) } else { Err(()) }
    }

    /// A key for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self::checked(Some(key.to_owned())).unwrap_or_default()
    }

    /// Whether there is one.
    #[must_use]
    pub const fn is_present(&self) -> bool {
        self.0.is_some()
    }

    /// The header that carries it.
    pub(crate) fn header(&self) -> Option<reqwest::header::HeaderValue> {
        let key = self.0.as_ref()?;
        let mut value = reqwest::header::HeaderValue::from_str(&format!("Bearer {key}")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// `text` without the key: servers repeat it in their errors.
    pub(crate) fn hide_in(&self, text: String) -> String {
        match &self.0 {
            Some(key) if text.contains(key.as_str()) => text.replace(key.as_str(), HIDDEN),
            _ => text,
        }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_present() { "ApiKey([key])" } else { "ApiKey(none)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown() {
        let key = ApiKey::of("sk-secret");
        assert_eq!(format!("{key:?}"), "ApiKey([key])");
        assert_eq!(format!("{:?}", key.header()), "Some(Sensitive)");
        assert_eq!(
            key.hide_in("Incorrect API key: sk-secret.".into()),
            "Incorrect API key: [key]."
        );
    }

    #[test]
    fn a_key_that_cannot_stand_in_a_header_is_refused_without_showing_it() {
        assert!(ApiKey::checked(Some("two words".into())).is_err());
        assert!(ApiKey::checked(None).is_err());
        assert!(!ApiKey::checked(Some(" \n".into())).unwrap().is_present());
    }
}
