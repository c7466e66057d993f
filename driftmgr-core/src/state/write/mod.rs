//! States to bytes: as they were read but for what was changed, or in format v4 as Terraform prints them.

mod canonical;
mod fields;
mod lossless;
mod splice;

use super::model::{Instance, Output, Resource, State};

/// Names and compact or stored JSON of what a part of a state says, unknown fields included, as it is written.
type Written = Vec<(String, String)>;

/// What the file says beside outputs and resources.
pub(super) fn file(state: &State) -> Written {
    canonical::file(state)
}

/// What a resource says beside its instances.
pub(super) fn resource(resource: &Resource) -> Written {
    canonical::written(fields::resource(resource), resource.origin.text())
}

/// What an object says.
pub(super) fn instance(instance: &Instance) -> Written {
    canonical::written(fields::instance(instance), instance.origin.text())
}

/// What an output says.
pub(super) fn output(output: &Output) -> Written {
    canonical::written(fields::output(output), output.origin.text())
}

impl State {
    /// The state as bytes. A state that was read and not changed comes back byte by byte; after a change everything else keeps its
    /// text: unknown fields, the order of keys, number texts, white space, the encoding.
    ///
    /// States of formats before v4 cannot be written; a changed one becomes [`State::to_v4_bytes`], as in Terraform.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Some(source) = &self.source else {
            return self.to_v4_bytes();
        };
        if self.format_version == 4 {
            return source.encoding.encode(&lossless::state(self, &source.text));
        }
        let v4 = self.to_v4_bytes();
        let unchanged =
            State::parse(source.text.as_bytes()).is_ok_and(|before| before.to_v4_bytes() == v4);
        if unchanged {
            source.encoding.encode(&source.text)
        } else {
            v4
        }
    }

    /// The state in format v4 as `terraform state pull` prints it: two spaces of indentation, Terraform's order of fields, resources
    /// and instances sorted, `<`, `>` and `&` escaped, one line feed at the end.
    ///
    /// Where it differs from Terraform: `terraform_version` stays that of the file (`0.0.0` where it has none) since no Terraform
    /// writes here, and fields that are not known follow the known ones instead of being dropped. As there, `depends_on` and `each`
    /// of old states go, and resources of one address become one.
    pub fn to_v4_bytes(&self) -> Vec<u8> {
        canonical::state(self).into_bytes()
    }
}
