//! Keys that sign requests, and those that end.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::redact::Sensitive;

/// Keys are not used in the last minutes before they end: a long upload has to come to its end, too.
const SPARE: Duration = Duration::from_secs(180);

/// What signs requests. `Debug` shows nothing of it.
#[derive(Debug, Clone)]
pub(in crate::backend) struct Keys {
    pub(in crate::backend) id: Sensitive<String>,
    pub(in crate::backend) secret: Sensitive<String>,
    /// Goes with temporary keys.
    pub(in crate::backend) token: Option<Sensitive<String>>,
    /// When they end; `None` for those that do not, and where nobody said.
    pub(in crate::backend) end: Option<SystemTime>,
}

impl Keys {
    /// Everything secret in them, for masking.
    pub(in crate::backend) fn secrets(&self) -> Vec<String> {
        let token = self.token.iter().map(|t| t.expose().clone());
        let own = [&self.id, &self.secret].map(|s| s.expose().clone());
        let mut all: Vec<String> = token.chain(own).collect();
        sort_for_masking(&mut all);
        all
    }

    fn lasts(&self, now: SystemTime) -> bool {
        self.end.is_none_or(|end| end > now + SPARE)
    }
}

/// Longest first, so that of a secret in another one no rest is left; those of a few letters cannot be told from other text.
pub(in crate::backend) fn sort_for_masking(secrets: &mut Vec<String>) {
    secrets.retain(|s| s.len() >= 4);
    secrets.sort_by(|a, b| (b.len(), a).cmp(&(a.len(), b)));
    secrets.dedup();
}

/// The keys that were got last.
#[derive(Default)]
pub(in crate::backend) struct Kept(Mutex<Option<Keys>>);

impl Kept {
    /// Those that still last.
    pub(in crate::backend) fn get(&self, now: SystemTime) -> Option<Keys> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|keys| keys.lasts(now)).cloned()
    }

    pub(in crate::backend) fn set(&self, keys: &Keys) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(keys.clone());
    }

    pub(in crate::backend) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(end: Option<SystemTime>) -> Keys {
        Keys {
            id: Sensitive::new("AKIDhunter".to_owned()),
            secret: Sensitive::new("hunter2-hunter2".to_owned()),
            token: Some(Sensitive::new("hunter2-token-of-hunter2".to_owned())),
            end,
        }
    }

    #[test]
    fn keys_are_kept_until_shortly_before_they_end() {
        let kept = Kept::default();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        assert!(kept.get(now).is_none());
        kept.set(&keys(Some(now + SPARE + Duration::from_secs(1))));
        assert!(kept.get(now).is_some());
        assert!(kept.get(now + Duration::from_secs(2)).is_none());
        kept.set(&keys(None));
        assert!(kept.get(now + SPARE * 1000).is_some());
        kept.forget();
        assert!(kept.get(now).is_none());
    }

    #[test]
    fn nothing_of_them_is_shown() {
        let keys = keys(None);
        assert!(!format!("{keys:?}").contains("hunter"));
        assert_eq!(keys.secrets()[0], "hunter2-token-of-hunter2");
        assert_eq!(keys.secrets().len(), 3);
    }
}
