//! Everything that can be set: names, types, defaults, variables.

use std::time::Duration;

use super::entries::{self, Field};
use super::value::{LONGEST, Setting};
use super::words::{Colour, LogLevel, OutputFormat, Sensitivity, SeverityLevel};
use crate::env;

/// A key of `driftmgr.yaml`.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name from the top, joined by dots.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// The value when nobody sets it, as it would be typed.
    pub default: Option<&'static str>,
    /// The environment variable that sets it.
    pub variable: Option<&'static str>,
    /// What it does.
    pub about: &'static str,
    /// False when what it is about does not exist yet: it is checked, and said to have no effect.
    pub has_effect: bool,
}

/// What a key holds.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Text that is not empty.
    Text,
    /// True or false.
    Flag,
    /// A whole number.
    Whole {
        /// The smallest.
        least: u64,
        /// The largest.
        most: u64,
    },
    /// A duration: whole seconds, or numbers with the units h, m, s and ms.
    Duration,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A path; relative ones start from the folder of the file.
    Path,
    /// A list of texts.
    Texts,
    /// A list of rules.
    Entries {
        /// What each holds.
        fields: &'static [Field],
        /// Each has at least one of these; nothing is asked when there is none.
        needs_one_of: &'static [&'static str],
    },
}

impl Kind {
    /// What is expected, for people.
    pub(super) fn expected(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Whole { least, most } => format!("a whole number from {least} to {most}"),
            Self::Duration => {
                "a duration, such as 30s, 10m, 1h30m or whole seconds, of at most a year".to_owned()
            }
            Self::Word(words) => one_of(words),
            Self::Path => "a path".to_owned(),
            Self::Texts => "a list of texts".to_owned(),
            Self::Entries { .. } => "a list of rules".to_owned(),
        }
    }

    /// The number, when it is within the bounds.
    pub(super) fn whole(&self, number: u64) -> Option<Setting> {
        match self {
            Self::Whole { least, most } => (*least..=*most)
                .contains(&number)
                .then_some(Setting::Whole(number)),
            _ => None,
        }
    }

    /// The duration, when it is longer than nothing and no typing error.
    pub(super) fn duration(&self, duration: Duration) -> Option<Setting> {
        let fits = !duration.is_zero() && duration <= LONGEST;
        fits.then_some(Setting::Duration(duration))
    }
}

/// `a, b or c`.
pub(super) fn one_of(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

impl Key {
    /// The key of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// The last part of the name.
    pub(super) fn leaf(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }

    const fn or(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    const fn by(mut self, variable: &'static str) -> Self {
        self.variable = Some(variable);
        self
    }

    /// For what does not exist yet.
    const fn later(mut self) -> Self {
        self.has_effect = false;
        self
    }
}

const fn key(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key {
        name,
        kind,
        default: None,
        variable: None,
        about,
        has_effect: true,
    }
}

const fn entries(fields: &'static [Field], needs_one_of: &'static [&'static str]) -> Kind {
    Kind::Entries {
        fields,
        needs_one_of,
    }
}

const RATE: Kind = Kind::Whole {
    least: 1,
    most: 10_000,
};
const COUNT: Kind = Kind::Whole {
    least: 1,
    most: 65_535,
};
const MANY: Kind = Kind::Whole {
    least: 1,
    most: 1_000_000,
};

/// All keys, in the order in which they are shown.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    key("app.name", Kind::Text, "What the project is called, in the log and in `doctor`"),
    key("app.environment", Kind::Text, "What the project's environment is called, in the log and in `doctor`"),
    key("app.log_level", Kind::Word(LogLevel::WORDS), "What is logged on standard error; DRIFTMGR_LOG and -vv win")
        .or("off").by(env::DRIFTMGR_LOG_LEVEL),

    key("drift.sensitivity", Kind::Word(Sensitivity::WORDS), "How much of what was found is shown: high hides only what is proven to mean nothing, low also what is only presumed to")
        .or("medium").by(env::DRIFTMGR_SENSITIVITY),
    key("drift.smart_filter", Kind::Flag, "Whether differences that mean nothing are recognised and hidden; without it only what the provider itself plans no change for is hidden, whatever the sensitivity")
        .or("true").by(env::DRIFTMGR_SMART_FILTER),
    key("drift.ignore_tags", Kind::Texts, "Keys of tags and labels whose changes are not shown")
        .by(env::DRIFTMGR_IGNORE_TAGS),
    key("drift.required_tags", Kind::Texts, "Tags that a policy requires: their changes are important")
        .by(env::DRIFTMGR_REQUIRED_TAGS),
    key("drift.ignore", entries(entries::IGNORE, entries::IGNORE_NEEDS), "Differences that are expected, with the reason and a last day"),
    key("drift.severity", entries(entries::SEVERITY, &[]), "How much differences matter, before the built-in rules"),
    key("drift.equal", entries(entries::EQUAL, &[]), "Notations in which two different values mean the same"),
    key("drift.baseline", Kind::Path, "The file of differences that are known")
        .by(env::DRIFTMGR_BASELINE),
    key("drift.fail_on", Kind::Word(SeverityLevel::WORDS), "Exit with 2 on drift of this severity or above, and with 3 when something could not be looked at")
        .by(env::DRIFTMGR_FAIL_ON),
    key("drift.parallelism", COUNT, "How many instances are read at a time from each provider, always; as many as make it faster unless set")
        .by(env::DRIFTMGR_PARALLELISM),
    key("drift.timeout", Kind::Duration, "How long a run may take")
        .by(env::DRIFTMGR_TIMEOUT),
    key("drift.read_timeout", Kind::Duration, "How long the read of one instance may take")
        .or("5m").by(env::DRIFTMGR_READ_TIMEOUT),
    key("drift.plugins", Kind::Flag, "Whether provider plugins may be run: native code, with your credentials")
        .or("true").by(env::DRIFTMGR_PLUGINS),

    key("output.format", Kind::Word(OutputFormat::WORDS), "The format on standard output, but for `state inspect`, whose JSON holds secret values")
        .or("text").by(env::DRIFTMGR_FORMAT),
    key("output.color", Kind::Word(Colour::WORDS), "When there is colour; NO_COLOR and CLICOLOR_FORCE win")
        .or("auto").by(env::DRIFTMGR_COLOR),

    key("history.enabled", Kind::Flag, "Whether runs are recorded")
        .or("false").by(env::DRIFTMGR_HISTORY),
    key("history.path", Kind::Path, "The file that runs are recorded in")
        .by(env::DRIFTMGR_HISTORY_PATH),

    key("performance.workers", COUNT, "How many instances are read at a time from each provider to begin with; up to ten times as many while that is faster")
        .or("10").by(env::DRIFTMGR_WORKERS),
    key("performance.max_connections", MANY, "How many connections are open at a time").or("100").later(),
    key("performance.cache_ttl", Kind::Duration, "How long what was read stays in the cache")
        .or("5m").by(env::DRIFTMGR_CACHE_TTL).later(),
    key("performance.discovery_timeout", Kind::Duration, "How long the discovery of one account may take").or("30s").later(),

    key("state_discovery.auto_scan", Kind::Flag, "Whether states are looked for at the start")
        .or("false").by(env::DRIFTMGR_AUTO_DISCOVER).later(),
    key("state_discovery.scan_interval", Kind::Duration, "How often states are looked for")
        .or("5m").by(env::DRIFTMGR_STATE_SCAN_INTERVAL).later(),
    key("state_discovery.scan_paths", Kind::Texts, "Folders in which states are looked for")
        .by(env::DRIFTMGR_STATE_SCAN_PATHS).later(),
    key("state_discovery.backends.s3.enabled", Kind::Flag, "Whether buckets of Amazon S3 are looked through").or("false").later(),
    key("state_discovery.backends.s3.buckets", Kind::Texts, "Buckets of Amazon S3")
        .by(env::DRIFTMGR_S3_BUCKETS).later(),
    key("state_discovery.backends.s3.regions", Kind::Texts, "Regions of the buckets").later(),
    key("state_discovery.backends.azurerm.enabled", Kind::Flag, "Whether Azure storage accounts are looked through").or("false").later(),
    key("state_discovery.backends.azurerm.storage_accounts", Kind::Texts, "Azure storage accounts")
        .by(env::DRIFTMGR_AZURE_STORAGE_ACCOUNTS).later(),
    key("state_discovery.backends.azurerm.containers", Kind::Texts, "Containers of the storage accounts").later(),
    key("state_discovery.backends.gcs.enabled", Kind::Flag, "Whether buckets of Google Cloud Storage are looked through").or("false").later(),
    key("state_discovery.backends.gcs.buckets", Kind::Texts, "Buckets of Google Cloud Storage")
        .by(env::DRIFTMGR_GCS_BUCKETS).later(),

    key("perspective.cache_ttl", Kind::Duration, "How long a perspective stays in the cache").or("30m").later(),
    key("perspective.auto_refresh", Kind::Flag, "Whether perspectives are made anew when a state changes").or("false").later(),
    key("perspective.adoption_recommendations", Kind::Flag, "Whether resources to import are named").or("true").later(),
    key("perspective.conflict_detection", Kind::Word(&["off", "conservative", "aggressive"]), "How readily two states are said to manage the same object").or("aggressive").later(),

    key("visualizations.enable_3d", Kind::Flag, "Whether the view in three dimensions is offered").or("true").later(),
    key("visualizations.max_nodes", MANY, "Nodes above which a graph is shown in clusters").or("1000").later(),
    key("visualizations.auto_layout", Kind::Word(&["force-directed", "layered"]), "How graphs are laid out").or("force-directed").later(),
    key("visualizations.color_scheme", Kind::Word(&["health-based", "provider-based"]), "What colours stand for").or("health-based").later(),

    key("providers.aws.enabled", Kind::Flag, "Whether accounts of AWS are discovered").or("true").later(),
    key("providers.aws.regions", Kind::Texts, "Regions of AWS").later(),
    key("providers.aws.rate_limit", RATE, "Requests a second to AWS").or("20").later(),
    key("providers.azure.enabled", Kind::Flag, "Whether subscriptions of Azure are discovered").or("true").later(),
    key("providers.azure.subscriptions", Kind::Texts, "Subscriptions of Azure").later(),
    key("providers.azure.rate_limit", RATE, "Requests a second to Azure").or("15").later(),
    key("providers.gcp.enabled", Kind::Flag, "Whether projects of Google Cloud are discovered").or("true").later(),
    key("providers.gcp.projects", Kind::Texts, "Projects of Google Cloud").later(),
    key("providers.gcp.rate_limit", RATE, "Requests a second to Google Cloud").or("20").later(),
];
