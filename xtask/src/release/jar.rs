//! The jar, and the description that Maven wants beside it.

use std::fs;
use std::process::Command;

use super::{Release, VERSION, answer};
use crate::failure::{At, Failure};

pub fn make(release: &Release) -> Result<Vec<String>, Failure> {
    let jar = release.xtask(&["kotlin", "--pack"])?;
    let listed = answer(
        Command::new("python3")
            .args(["-m", "zipfile", "-l"])
            .arg(&jar),
    )?;
    for wanted in ["linux-x86-64/libdriftmgr_uniffi.so", "io/driftmgr/"] {
        if !listed.contains(wanted) {
            return Err(Failure::new(format!("{} has no {wanted}", jar.display())));
        }
    }
    let pom = release
        .scratch("jar")?
        .join(format!("driftmgr-{VERSION}.pom"));
    let described = release
        .layout
        .workspace
        .join("bindings-uniffi/kotlin/pom.xml");
    fs::copy(&described, &pom).at("copying", &described)?;
    Ok(vec![release.publish(&jar)?, release.publish(&pom)?])
}
