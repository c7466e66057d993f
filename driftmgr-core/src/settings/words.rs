//! Settings that are one of a few words.

use serde::Serialize;

/// An enum whose values are words, with the list of them.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum $name {
            $($(#[$each])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All words, in the order of the values.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            pub(super) fn of(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// How much of what was found is shown.
    #[derive(Default)]
    Sensitivity {
        /// Hides also what the name of an attribute suggests to be noise.
        Low = "low",
        /// Hides what is proven or known to be noise, and what is informational.
        #[default]
        Medium = "medium",
        /// Hides only what is proven to be noise.
        High = "high",
    }
}

words! {
    /// How much a difference matters.
    SeverityLevel {
        /// Tags, descriptions, metadata.
        Informational = "informational",
        /// Backup, capacity, network, version.
        Important = "important",
        /// Exposure, encryption, public access, authentication.
        Critical = "critical",
    }
}

words! {
    /// What is logged.
    #[derive(Default)]
    LogLevel {
        /// Nothing.
        #[default]
        Off = "off",
        /// Errors.
        Error = "error",
        /// And warnings.
        Warn = "warn",
        /// And what is done.
        Info = "info",
        /// And how.
        Debug = "debug",
        /// And everything else.
        Trace = "trace",
    }
}

words! {
    /// When there is colour.
    #[derive(Default)]
    Colour {
        /// On a terminal.
        #[default]
        Auto = "auto",
        /// Also into a pipe or file.
        Always = "always",
        /// Not at all.
        Never = "never",
    }
}

words! {
    /// How results are shown.
    #[derive(Default)]
    OutputFormat {
        /// For people.
        #[default]
        Text = "text",
        /// For programs.
        Json = "json",
    }
}
