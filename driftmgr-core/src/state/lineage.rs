//! Which state may follow which: the rules of serial and lineage that Terraform's backends keep.

use std::cmp::Ordering;

use super::model::State;
use crate::error::{Error, ErrorKind, Result};

/// How a state relates to the one whose place it would take. The names are seen from the new one.
///
/// `terraform state push` and `tofu state push` decide by the same seven cases, in this order of precedence: [`Self::OverEmpty`],
/// [`Self::NoLineage`], [`Self::Unrelated`], then the serials (OpenTofu, `internal/states/statemgr/migrate.go`, `CheckValidImport`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Succession {
    /// The one that is there has neither resources nor outputs: there is nothing to lose.
    OverEmpty,
    /// One of them names no lineage, so that nothing can be said of their order, not even by their serials.
    NoLineage,
    /// They belong to different lineages.
    Unrelated,
    /// The same lineage and a higher serial.
    Newer,
    /// The same lineage and a lower serial.
    Older,
    /// The same lineage, serial and content.
    Same,
    /// The same lineage and serial, and other content.
    SameSerial,
}

impl Succession {
    /// Whether the new state may be written without force.
    pub fn is_allowed(self) -> bool {
        !matches!(self, Self::Unrelated | Self::Older | Self::SameSerial)
    }
}

impl State {
    /// How `new` relates to this state, which is there now.
    pub fn succession(&self, new: &State) -> Succession {
        if self.resources.is_empty() && self.outputs.is_empty() {
            return Succession::OverEmpty;
        }
        if self.lineage.is_empty() || new.lineage.is_empty() {
            return Succession::NoLineage;
        }
        if self.lineage != new.lineage {
            return Succession::Unrelated;
        }
        match new.serial.cmp(&self.serial) {
            Ordering::Greater => Succession::Newer,
            Ordering::Less => Succession::Older,
            Ordering::Equal if self.same_content(new) => Succession::Same,
            Ordering::Equal => Succession::SameSerial,
        }
    }

    /// Whether `new` may be written where this state stands, by the rules of `state push`: see [`Succession`].
    ///
    /// With `force` it always may. Force helps with nothing else: bytes that are no state of a known format are refused by
    /// [`State::parse`] whatever is forced, as both programs refuse them.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] with both serials and both lineages in the context.
    pub fn may_be_replaced_by(&self, new: &State, force: bool) -> Result<()> {
        if force {
            return Ok(());
        }
        const AGAIN: &str =
            "read the current state again and repeat the change, or force the write";
        let (message, hint) = match self.succession(new) {
            Succession::OverEmpty
            | Succession::NoLineage
            | Succession::Newer
            | Succession::Same => return Ok(()),
            Succession::Unrelated => (
                "the state belongs to another lineage".to_owned(),
                "make sure that it is a state of the same infrastructure, or force the write",
            ),
            Succession::Older => (
                format!(
                    "the state is older than the one it would replace: serial {} is below {}",
                    new.serial, self.serial
                ),
                AGAIN,
            ),
            Succession::SameSerial => (
                format!("another state with serial {} is already there", self.serial),
                AGAIN,
            ),
        };
        Err(Error::new(ErrorKind::Conflict, message)
            .with_operation("state.write")
            .with("serial", format!("{} -> {}", self.serial, new.serial))
            .with(
                "lineage",
                format!("{:?} -> {:?}", self.lineage, new.lineage),
            )
            .with_hint(hint))
    }

    /// Whether both say the same of outputs, resources and checks: what Terraform would write is equal, but for the version of the
    /// program, serial and lineage.
    pub fn same_content(&self, other: &State) -> bool {
        let bare = |state: &State| {
            let mut state = state.clone();
            state.serial = 0;
            state.lineage = String::new();
            state.terraform_version = None;
            state.to_v4_bytes()
        };
        bare(self) == bare(other)
    }

    /// Makes this the successor of `previous`: its lineage, and the serial after it when the content differs. An earlier version that is
    /// restored becomes the next one this way.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] when there is no serial left.
    pub fn succeed(&mut self, previous: &State) -> Result<()> {
        let serial = if self.same_content(previous) {
            previous.serial
        } else {
            previous.next_serial()?
        };
        self.lineage.clone_from(&previous.lineage);
        self.serial = serial;
        Ok(())
    }

    /// The serial of the next version.
    pub(super) fn next_serial(&self) -> Result<u64> {
        self.serial.checked_add(1).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidState,
                "the serial is the highest possible one",
            )
            .with_operation("state.write")
            .with("serial", self.serial)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(serial: u64, lineage: &str, output: &str) -> State {
        let json = format!(
            r#"{{"version":4,"serial":{serial},"lineage":"{lineage}","outputs":{{"a":{{"value":"{output}","type":"string"}}}},"resources":[]}}"#
        );
        State::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn who_may_follow_whom() {
        let old = state(7, "a", "x");
        for (new, may) in [
            (state(8, "a", "y"), true),
            (state(7, "a", "x"), true),
            (state(7, "a", "y"), false),
            (state(6, "a", "x"), false),
            (state(8, "b", "y"), false),
            (state(8, "", "y"), true),
            (state(6, "", "y"), true),
        ] {
            let answer = old.may_be_replaced_by(&new, false);
            assert_eq!(answer.is_ok(), may, "{new:?}");
            if let Err(error) = answer {
                assert_eq!(error.kind(), ErrorKind::Conflict);
                let serials = format!("7 -> {}", new.serial);
                assert_eq!(error.context_value("serial"), Some(serials.as_str()));
                assert!(error.context_value("lineage").is_some());
            }
            assert!(old.may_be_replaced_by(&new, true).is_ok());
        }
        assert!(
            state(7, "", "x")
                .may_be_replaced_by(&state(8, "b", "x"), false)
                .is_ok()
        );
    }

    #[test]
    fn each_relation_has_its_name() {
        let old = state(7, "a", "x");
        let empty = State::new("a");
        for (there, new, want) in [
            (&old, state(8, "a", "x"), Succession::Newer),
            (&old, state(7, "a", "x"), Succession::Same),
            (&old, state(7, "a", "y"), Succession::SameSerial),
            (&old, state(6, "a", "y"), Succession::Older),
            (&old, state(8, "b", "x"), Succession::Unrelated),
            (&old, state(6, "", "y"), Succession::NoLineage),
            (&empty, state(0, "b", "y"), Succession::OverEmpty),
        ] {
            assert_eq!(there.succession(&new), want);
            let may = there.may_be_replaced_by(&new, false).is_ok();
            assert_eq!(want.is_allowed(), may, "{want:?}");
        }
    }

    #[test]
    fn an_earlier_version_that_is_restored_is_the_next_one_and_else_as_it_was() {
        let earlier = state(3, "a", "x");
        let now = state(7, "a", "y");
        let mut restored = earlier.clone();
        restored.succeed(&now).unwrap();
        let bytes = String::from_utf8(restored.to_bytes()).unwrap();
        let before = String::from_utf8(earlier.to_bytes()).unwrap();
        assert_eq!(bytes, before.replace(r#""serial":3"#, r#""serial":8"#));
        assert_eq!(now.succession(&restored), Succession::Newer);
    }

    #[test]
    fn the_next_serial() {
        let old = state(7, "a", "x");
        let mut new = state(0, "", "y");
        new.succeed(&old).unwrap();
        assert_eq!((new.serial, new.lineage.as_str()), (8, "a"));
        let mut same = state(3, "q", "x");
        same.succeed(&old).unwrap();
        assert_eq!(same.serial, 7);
        assert!(
            state(0, "", "y")
                .succeed(&state(u64::MAX, "a", "x"))
                .is_err()
        );
    }
}
