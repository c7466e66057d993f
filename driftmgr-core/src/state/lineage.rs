//! Which state may follow which: the rules of serial and lineage that Terraform's backends keep.

use super::model::State;
use crate::error::{Error, ErrorKind, Result};

impl State {
    /// Whether `new` may be written where this state stands.
    ///
    /// It may when both belong to the same lineage and `new` has a higher serial, or the same serial and the same content. A lineage
    /// that is empty on either side does not count, as in Terraform. With `force` it always may.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] with both values in the context.
    pub fn may_be_replaced_by(&self, new: &State, force: bool) -> Result<()> {
        if force {
            return Ok(());
        }
        let conflict = |message: String| {
            Error::new(ErrorKind::Conflict, message)
                .with_operation("state.write")
                .with("serial", format!("{} -> {}", self.serial, new.serial))
                .with(
                    "lineage",
                    format!("{:?} -> {:?}", self.lineage, new.lineage),
                )
        };
        let known = !self.lineage.is_empty() && !new.lineage.is_empty();
        if known && self.lineage != new.lineage {
            return Err(
                conflict("the state belongs to another lineage".to_owned()).with_hint(
                    "make sure that it is a state of the same infrastructure, or force the write",
                ),
            );
        }
        if new.serial < self.serial {
            return Err(conflict(format!(
                "the state is older than the one it would replace: serial {} is below {}",
                new.serial, self.serial
            ))
            .with_hint("read the current state again and repeat the change, or force the write"));
        }
        if new.serial == self.serial && !self.same_content(new) {
            return Err(conflict(format!(
                "another state with serial {} is already there",
                self.serial
            ))
            .with_hint("read the current state again and repeat the change, or force the write"));
        }
        Ok(())
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

    /// Makes this the successor of `previous`: its lineage, and the serial after it when the content differs.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] when there is no serial left.
    pub fn succeed(&mut self, previous: &State) -> Result<()> {
        self.lineage.clone_from(&previous.lineage);
        self.serial = if self.same_content(previous) {
            previous.serial
        } else {
            previous.serial.checked_add(1).ok_or_else(|| {
                Error::new(
                    ErrorKind::InvalidState,
                    "the serial is the highest possible one",
                )
                .with_operation("state.write")
                .with("serial", previous.serial)
            })?
        };
        Ok(())
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
            (state(6, "", "y"), false),
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
