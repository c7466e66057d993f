//! Installs the tools that are missing or out of date.

use std::fs::{self, File};
use std::time::Instant;

use crate::failure::{At, Failure};
use crate::install;
use crate::layout::Layout;
use crate::recipes::{self, ON_REQUEST, TOOLS, Tool};
use crate::stamp;
use crate::step::{seconds, timed};

/// Brings the named tools, or all, up to date and says how long each took.
pub fn install(layout: &Layout, only: Option<&[&str]>) -> Result<(), Failure> {
    bring(layout, &select(only)?)
}

/// Brings these tools up to date and says how long each took.
pub fn bring(layout: &Layout, wanted: &[&Tool]) -> Result<(), Failure> {
    let start = Instant::now();
    fs::create_dir_all(&layout.tools).at("creating", &layout.tools)?;
    let _guard = lock(layout)?;
    let mut failures = Vec::new();
    let mut installed = 0;
    for tool in wanted {
        let digest = tool.digest(layout)?;
        let stamp = layout.stamp(tool.name);
        if stamp::is_fresh(&stamp, &digest, &tool.products(layout)) {
            continue;
        }
        let done = timed(&format!("{} {}", tool.name, tool.version), || {
            stamp::remove(&stamp)?;
            install::install(tool, layout)?;
            stamp::write(&stamp, &digest)
        });
        match done {
            Ok(()) => installed += 1,
            Err(failure) => failures.push(format!("{} {}: {failure}", tool.name, tool.version)),
        }
    }
    if !failures.is_empty() {
        return Err(Failure::new(failures.join("\n")));
    }
    let fresh = wanted.len() - installed;
    println!(
        "tools: {installed} installed, {fresh} up to date, {} ({})",
        seconds(start.elapsed()),
        layout.tools.display()
    );
    Ok(())
}

/// Prints the table.
pub fn list() {
    for tool in TOOLS {
        println!("{:<16} {:<10} {}", tool.name, tool.version, tool.purpose);
    }
    println!("only when it is named:");
    for tool in ON_REQUEST {
        println!("{:<16} {:<10} {}", tool.name, tool.version, tool.purpose);
    }
}

fn select(only: Option<&[&str]>) -> Result<Vec<&'static Tool>, Failure> {
    let Some(names) = only else {
        return Ok(TOOLS.iter().collect());
    };
    if let Some(unknown) = names
        .iter()
        .find(|name| !recipes::every().any(|tool| tool.name == **name))
    {
        let known: Vec<_> = recipes::every().map(|tool| tool.name).collect();
        return Err(Failure::new(format!(
            "no tool is called {unknown}; there are {}",
            known.join(", ")
        )));
    }
    Ok(recipes::every()
        .filter(|tool| names.contains(&tool.name))
        .collect())
}

/// Two runs must not install into the same folder at once: the second one waits.
fn lock(layout: &Layout) -> Result<File, Failure> {
    let path = layout.tools.join(".lock");
    let file = File::create(&path).at("creating", &path)?;
    if file.try_lock().is_err() {
        println!(
            "waiting for another installation into {}",
            layout.tools.display()
        );
        file.lock().at("locking", &path)?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_keeps_the_order_of_the_table() {
        let chosen = select(Some(&["cloudfive", "terraform"])).unwrap();
        let names: Vec<_> = chosen.iter().map(|tool| tool.name).collect();
        assert_eq!(names, ["terraform", "cloudfive"]);
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        let failure = select(Some(&["terrafrom"])).unwrap_err().to_string();
        assert!(
            failure.contains("terrafrom") && failure.contains("terraform, "),
            "{failure}"
        );
    }
}
