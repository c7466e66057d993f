//! The text a state was read from, and where in it each part stands.

use std::fmt;

use bytestring::ByteString;

use super::raw::RawJson;

/// How the text was encoded; kept for writing it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Encoding {
    #[default]
    Utf8,
    Utf8WithMark,
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    pub(super) fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Utf8WithMark => [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            Self::Utf16Le => std::iter::once(0xFEFF)
                .chain(text.encode_utf16())
                .flat_map(u16::to_le_bytes)
                .collect(),
            Self::Utf16Be => std::iter::once(0xFEFF)
                .chain(text.encode_utf16())
                .flat_map(u16::to_be_bytes)
                .collect(),
        }
    }
}

/// The whole text of a state.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) text: ByteString,
    pub(super) encoding: Encoding,
}

/// The text of one JSON object of a state, as it was read; nothing for parts that were made in memory or come from old formats.
#[derive(Clone, Default)]
pub(super) struct Origin(Option<RawJson>);

impl Origin {
    pub(super) fn of(object: RawJson) -> Self {
        Self(Some(object))
    }

    pub(super) fn text(&self) -> Option<&str> {
        self.0.as_ref().map(RawJson::get)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text holds attribute values.
        f.write_str(if self.0.is_some() { "read" } else { "made" })
    }
}
