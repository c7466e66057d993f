//! The noise lab: labelled changes of one fact each, judged by driftmgr, by `plan -refresh-only` and by a full plan.
//!
//! Each case has an object of its own, so that one run of each program judges all of them. `cargo xtask noise` writes the result to
//! `docs/noise.md`; as a test, the lab holds the page to what it finds.

mod case;
mod faults;
mod lab;
mod table;
mod verdicts;

use case::Label;
use lab::Lab;
use verdicts::Judged;

/// Where the page is written to, if it is.
const WRITE: &str = "DRIFTMGR_NOISE_TABLE";

#[test]
fn nothing_real_is_hidden_and_noise_is() {
    let (aws, clouds) = std::thread::scope(|scope| {
        let judged = |lab: Lab| {
            let judged = lab.judge();
            (lab, judged)
        };
        let aws = scope.spawn(move || judged(Lab::aws()));
        let clouds = scope.spawn(move || judged(Lab::clouds()));
        (aws.join().unwrap(), clouds.join().unwrap())
    });
    let labs: Vec<(&str, Vec<Judged>)> = vec![
        ("The AWS provider 3.39.0 against moto", aws.1),
        ("The test providers, protocols 5 and 6", clouds.1),
    ];
    let blind = faults::runs(clouds.0, aws.0);
    let page = table::page(&labs, &blind);
    let path = table::path();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &page).unwrap();
    }

    let judged: Vec<&Judged> = labs.iter().flat_map(|(_, judged)| judged).collect();
    let wrong: Vec<String> = judged.iter().filter_map(|j| j.fault()).collect();
    assert!(
        wrong.is_empty(),
        "{} of {} cases:\n{}",
        wrong.len(),
        judged.len(),
        wrong.join("\n")
    );
    let real = judged
        .iter()
        .filter(|j| j.case.label == Label::Real)
        .count();
    let noise = judged
        .iter()
        .filter(|j| j.case.label == Label::Noise)
        .count();
    assert!(real >= 60 && noise >= 40, "{real} real, {noise} noise");
    let hidden = verdicts::hidden_share(&judged);
    assert!(
        hidden.of >= 100 && hidden.part * 10 >= hidden.of * 9,
        "{hidden:?}"
    );
    assert_eq!(
        std::fs::read_to_string(&path).unwrap_or_default(),
        page,
        "{} is not what the lab finds; `cargo xtask noise` writes it",
        path.display()
    );
}
