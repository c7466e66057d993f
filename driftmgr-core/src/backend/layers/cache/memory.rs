//! Entries in memory, the least recently used of which make place for others.

use std::collections::{BTreeMap, HashMap};

use super::Kept;

/// What an entry takes besides its bytes.
const OVERHEAD: u64 = 512;

#[derive(Debug)]
pub(super) struct Memory {
    most: u64,
    used: u64,
    clock: u64,
    entries: HashMap<String, (u64, Kept)>,
    /// Names by when they were used.
    order: BTreeMap<u64, String>,
}

fn size(kept: &Kept) -> u64 {
    OVERHEAD + kept.state.bytes.len() as u64
}

impl Memory {
    /// A memory for so many bytes.
    pub(super) fn new(most: u64) -> Self {
        Self {
            most,
            used: 0,
            clock: 0,
            entries: HashMap::new(),
            order: BTreeMap::new(),
        }
    }

    pub(super) fn get(&mut self, name: &str) -> Option<Kept> {
        let (used, kept) = self.entries.get_mut(name)?;
        self.order.remove(used);
        self.clock += 1;
        *used = self.clock;
        self.order.insert(self.clock, name.to_owned());
        Some(kept.clone())
    }

    /// Keeps an entry; how many others had to go. One that is larger than all the memory is not kept.
    pub(super) fn put(&mut self, name: &str, kept: Kept) -> u64 {
        self.remove(name);
        let size = size(&kept);
        if size > self.most {
            return 0;
        }
        let mut gone = 0;
        while self.used + size > self.most {
            let Some((_, oldest)) = self.order.pop_first() else {
                break;
            };
            self.remove(&oldest);
            gone += 1;
        }
        self.clock += 1;
        self.used += size;
        self.order.insert(self.clock, name.to_owned());
        self.entries.insert(name.to_owned(), (self.clock, kept));
        gone
    }

    pub(super) fn remove(&mut self, name: &str) {
        if let Some((used, kept)) = self.entries.remove(name) {
            self.order.remove(&used);
            self.used -= size(&kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::backend::RawState;

    fn kept(size: usize) -> Kept {
        Kept {
            state: RawState {
                bytes: Bytes::from(vec![0; size]),
                etag: None,
                version: None,
                modified: None,
            },
            checked: SystemTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_least_recently_used_goes() {
        let mut memory = Memory::new(3 * (OVERHEAD + 100));
        for name in ["a", "b", "c"] {
            assert_eq!(memory.put(name, kept(100)), 0);
        }
        assert!(memory.get("a").is_some());
        assert_eq!(memory.put("d", kept(100)), 1);
        let there = |memory: &mut Memory, name| memory.get(name).is_some();
        assert!(!there(&mut memory, "b"));
        for name in ["a", "c", "d"] {
            assert!(there(&mut memory, name), "{name}");
        }
        assert_eq!(memory.put("large", kept(100_000)), 0);
        assert!(!there(&mut memory, "large") && there(&mut memory, "a"));
    }

    proptest! {
        #[test]
        fn it_never_holds_more_than_its_size(
            most in 0_u64..10_000,
            steps in prop::collection::vec((0_u8..4, 0_u8..6, 0_usize..3_000), 0..60),
        ) {
            let mut memory = Memory::new(most);
            for (what, name, size_of) in steps {
                let name = name.to_string();
                match what {
                    0 => { memory.get(&name); }
                    1 => memory.remove(&name),
                    _ => { memory.put(&name, kept(size_of)); }
                }
                let sum: u64 = memory.entries.values().map(|(_, kept)| size(kept)).sum();
                prop_assert_eq!(sum, memory.used);
                prop_assert!(memory.used <= most);
                prop_assert_eq!(memory.order.len(), memory.entries.len());
            }
        }
    }
}
