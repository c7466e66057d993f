//! Secrets by type: what must not be shown cannot be shown by accident.

use std::fmt;

use serde::{Serialize, Serializer};

/// What stands in the place of a secret, in every output.
pub const MASK: &str = "(sensitive value)";

/// A value whose `Debug`, `Display` and JSON are [`MASK`]. It takes [`Sensitive::expose`] to read it.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Sensitive<T>(T);

impl<T> Sensitive<T> {
    /// Wraps a secret.
    pub fn new(secret: T) -> Self {
        Self(secret)
    }

    /// The secret itself. Only for handing it to where it belongs.
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// The secret itself, by value.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<T> fmt::Display for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<T> Serialize for Sensitive<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

/// A URL whose user, password and query values are masked in every text form.
#[derive(Clone, PartialEq, Eq)]
pub struct SafeUrl(url::Url);

impl SafeUrl {
    /// Wraps a URL.
    pub fn new(url: url::Url) -> Self {
        Self(url)
    }

    /// The whole URL, credentials included. Only for making the request.
    pub fn expose(&self) -> &url::Url {
        &self.0
    }
}

impl fmt::Display for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        // Setting fails only for URLs that cannot hold credentials at all.
        if !shown.username().is_empty() {
            let _ = shown.set_username("***");
        }
        if shown.password().is_some() {
            let _ = shown.set_password(Some("***"));
        }
        if shown.query().is_some() {
            let names: Vec<String> = shown.query_pairs().map(|(k, _)| k.into_owned()).collect();
            shown
                .query_pairs_mut()
                .clear()
                .extend_pairs(names.iter().map(|n| (n.as_str(), "***")));
        }
        f.write_str(shown.as_str())
    }
}

impl fmt::Debug for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_one_face() {
        let secret = Sensitive::new("hunter2".to_owned());
        assert_eq!(format!("{secret} {secret:?}"), format!("{MASK} {MASK}"));
        assert_eq!(
            serde_json::to_string(&secret).unwrap(),
            format!("\"{MASK}\"")
        );
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn a_url_shows_where_but_not_who() {
        let url = SafeUrl::new("https://bob:pw@host/path?sig=abc&se=1".parse().unwrap());
        assert_eq!(url.to_string(), "https://***:***@host/path?sig=***&se=***");
    }
}
