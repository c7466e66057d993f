//! Addresses, versions and durations: the words of the other parsers.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use crate::address::{AddressError, InstanceAddress, ModulePath};
use crate::address::{ProviderConfigAddress, ProviderSource};
use crate::provider::find::{Version, VersionConstraints};
use crate::settings::parse_duration;

/// One word in every notation: what is understood is written so that it is understood the same.
pub fn address(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    addresses::<InstanceAddress>(text);
    addresses::<ModulePath>(text);
    addresses::<ProviderConfigAddress>(text);
    addresses::<ProviderSource>(text);
    if let Some(version) = stable::<Version>(text) {
        // A version is what it asks for.
        let exact: VersionConstraints = format!("= {version}").parse().expect("a constraint");
        assert!(exact.admits(&version), "{version}");
    }
    stable::<VersionConstraints>(text);
    let _ = parse_duration(text);
}

/// An error names a byte of the text.
fn addresses<T>(text: &str)
where
    T: FromStr<Err = AddressError> + Display + PartialEq + Debug,
{
    match text.parse::<T>() {
        Ok(_) => drop(stable::<T>(text)),
        Err(error) => assert!(text.is_char_boundary(error.at()), "{error}"),
    }
}

fn stable<T: FromStr + Display + PartialEq + Debug>(text: &str) -> Option<T> {
    let read: T = text.parse().ok()?;
    let written = read.to_string();
    match written.parse::<T>() {
        Ok(again) => assert_eq!(again, read, "{written}"),
        Err(_) => panic!("{text:?} was understood, and {written:?} is not"),
    }
    Some(read)
}
