//! The history for people.

use std::path::Path;

use driftmgr_core::drift::{Kind, Severity};
use driftmgr_core::history::{
    Counts, FindingStatus, History, Interval, Moment, ObjectTimeline, RunSummary, Tendency,
    TrackedFinding, TypeRate,
};
use driftmgr_core::report::text::{Section, TextOptions, sections};

/// Runs and tendencies that are shown unless all were asked for.
const FEW: usize = 10;

pub(super) fn history(history: &History, current_dir: &Path, options: &TextOptions) -> String {
    let page = Page {
        history,
        current_dir,
        all: options.every_address,
    };
    let mut parts = vec![page.states()];
    parts.push(page.findings("Open", |f| f.status == FindingStatus::Open && !f.hidden));
    parts.push(page.findings("Open, and not shown in reports", |f| {
        f.status == FindingStatus::Open && f.hidden
    }));
    parts.push(page.findings("Comes and goes", |f| f.flapping));
    parts.push(page.findings("Resolved", |f| f.status == FindingStatus::Resolved));
    parts.push(
        page.findings("Over, because the state no longer has the object", |f| {
            f.status == FindingStatus::LeftState
        }),
    );
    parts.push(page.rates());
    parts.push(page.outlook());
    parts.extend(history.objects.iter().flatten().map(|o| page.timeline(o)));
    parts.push(page.runs());
    sections(&parts, options)
}

struct Page<'a> {
    history: &'a History,
    current_dir: &'a Path,
    all: bool,
}

impl Page<'_> {
    fn states(&self) -> Section {
        let mut section = Section::new(match self.history.since {
            Some(since) => format!("Since {}", day(since)),
            None => "All recorded runs".to_owned(),
        });
        for target in &self.history.targets {
            let runs = count(target.runs, "run", "runs");
            let text = match (target.first, target.last) {
                (Some(first), Some(last)) => {
                    format!("{runs} from {} to {}", time(first), time(last))
                }
                _ => runs,
            };
            section.row(self.place(&target.target), text);
        }
        if self.history.targets.is_empty() {
            section.row(
                "",
                "no run has been recorded; `driftmgr drift --record` adds one",
            );
        }
        section
    }

    fn findings(&self, title: &str, wanted: impl Fn(&TrackedFinding) -> bool) -> Section {
        let mut section = Section::new(title);
        for finding in self.history.findings.iter().filter(|f| wanted(f)) {
            let mut label = finding.address.to_string();
            if let Some(deposed) = &finding.deposed {
                label.push_str(&format!(" (deposed {deposed})"));
            }
            if self.history.targets.len() > 1 {
                label = format!("{}: {label}", self.place(&finding.target));
            }
            self.finding(&mut section, label, finding);
        }
        section
    }

    /// What differs, and below it since when.
    fn finding(&self, section: &mut Section, label: String, finding: &TrackedFinding) {
        let what = match finding.kind {
            Kind::Missing => "deleted",
            Kind::Moved => "moved",
            Kind::Modified if finding.path.is_empty() => "modified",
            Kind::Modified => &finding.path,
        };
        section.row(label, format!("{what}, {}", severity(finding.severity)));
        let mut parts = Vec::new();
        match (finding.ended, finding.age_seconds) {
            (Some(ended), _) => parts.push(format!("over since {}", time(ended))),
            (None, age) => parts.push(format!("open for {}", span(age.unwrap_or(0)))),
        }
        parts.push(format!("first seen {}", time(finding.first_seen)));
        parts.push(format!("last seen {}", time(finding.last_seen)));
        parts.push(format!("in {}", count(finding.times_seen, "run", "runs")));
        if finding.flapping {
            let moves = finding.transitions;
            let [came, went] = [moves.came, moves.went].map(times);
            parts.push(format!("came {came} and went {went}"));
        }
        if finding.ended.is_none() && self.looked_since(finding) {
            parts.push("not looked at since".to_owned());
        }
        section.row("", parts.join(", "));
    }

    /// The state was looked at later than the finding's object.
    fn looked_since(&self, finding: &TrackedFinding) -> bool {
        self.history.targets.iter().any(|t| {
            t.target == finding.target && t.last.is_some_and(|last| last > finding.last_looked_at)
        })
    }

    fn rates(&self) -> Section {
        let mut section = Section::new("How often each type drifts, by run and object");
        for rate in &self.history.rates {
            section.row(&rate.resource_type, often(rate));
        }
        section
    }

    fn outlook(&self) -> Section {
        let outlook = &self.history.outlook;
        let mut section = Section::new("What tends to drift next, by the next run");
        if self.history.rates.is_empty() {
            return section;
        }
        if outlook.most_looks < outlook.minimum_looks {
            let text = format!(
                "not enough runs to say: it takes {} looks at an object, and no object had more than {}",
                outlook.minimum_looks, outlook.most_looks
            );
            section.row("", text);
            return section;
        }
        let limit = if self.all { usize::MAX } else { FEW };
        for tendency in outlook.ranking.iter().take(limit) {
            let mut label = tendency.address.to_string();
            if self.history.targets.len() > 1 {
                label = format!("{}: {label}", self.place(&tendency.target));
            }
            section.row(label, evidence(tendency));
        }
        let more = outlook.ranking.len().saturating_sub(limit);
        if more > 0 {
            section.row("", format!("and {more} more; -v shows all"));
        }
        if outlook.ranking.is_empty() {
            section.row("", "nothing that is in sync now has drifted before");
        }
        if outlook.too_few_looks > 0 {
            let some = count(outlook.too_few_looks, "object", "objects");
            section.row(
                "",
                format!(
                    "{some} that drifted had fewer than {} looks",
                    outlook.minimum_looks
                ),
            );
        }
        section
    }

    fn timeline(&self, object: &ObjectTimeline) -> Section {
        let deposed = object.deposed.iter().map(|key| format!(" (deposed {key})"));
        let name: String = std::iter::once(object.address.to_string())
            .chain(deposed)
            .collect();
        let mut section = Section::new(format!("{name} in {}", self.place(&object.target)));
        for change in &object.changes {
            let word = change.outcome.map_or("not in the state", |o| o.as_str());
            section.row(time(change.at), word);
        }
        section
    }

    fn runs(&self) -> Section {
        let mut section = Section::new("Runs");
        let limit = if self.all { usize::MAX } else { FEW };
        for run in self.history.runs.iter().take(limit) {
            section.row(time(run.ended), self.run(run));
        }
        let more = self.history.runs.len().saturating_sub(limit);
        if more > 0 {
            section.row("", format!("and {more} more; -v shows all"));
        }
        section
    }

    fn run(&self, run: &RunSummary) -> String {
        let mut total = Counts::default();
        for each in &run.targets {
            let s = &each.summary;
            total.same += s.same;
            total.modified += s.modified;
            total.missing += s.missing;
            total.moved += s.moved;
            total.hidden += s.hidden;
            total.unverifiable += s.unverifiable;
            total.skipped += s.skipped;
        }
        let mut parts: Vec<String> = [
            (total.modified, "modified"),
            (total.missing, "deleted"),
            (total.moved, "moved"),
            (total.hidden, "hidden"),
            (total.unverifiable, "unverifiable"),
            (total.skipped, "left out"),
            (total.same, "in sync"),
        ]
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
        if parts.is_empty() {
            parts.push("nothing to look at".to_owned());
        }
        if run.problems > 0 {
            parts.push(count(run.problems, "problem", "problems"));
        }
        if self.history.targets.len() > 1 {
            parts.push(format!(
                "of {}",
                count(run.targets.len() as u64, "state", "states")
            ));
        }
        parts.join(", ")
    }

    /// A place as it is called from the current folder.
    fn place(&self, target: &str) -> String {
        match Path::new(target).strip_prefix(self.current_dir) {
            Ok(here) if here.as_os_str().is_empty() => ".".to_owned(),
            Ok(below) => below.display().to_string(),
            Err(_) => target.to_owned(),
        }
    }
}

fn often(rate: &TypeRate) -> String {
    let looked = format!(
        "{} in {}, drifted in {}",
        count(rate.objects, "object", "objects"),
        count(rate.looks, "look", "looks"),
        rate.drifted_looks
    );
    match rate.rate {
        None => format!("not known, as none was in sync and looked at again ({looked})"),
        Some(share) => format!(
            "{} ({}): {} in {} ({looked})",
            percent(share),
            between(rate.interval),
            count(rate.drifts, "drift", "drifts"),
            count(rate.chances, "chance", "chances"),
        ),
    }
}

fn evidence(tendency: &Tendency) -> String {
    let mut text = format!(
        "{} ({}): drifted {} in {}",
        percent(tendency.estimate),
        between(tendency.interval),
        times(tendency.drifts),
        count(tendency.chances, "chance", "chances"),
    );
    if let Some(last) = tendency.drifted_at.first() {
        text.push_str(&format!(", last {}", time(*last)));
    }
    let mut attributes = tendency.attributes.iter().map(|a| match a.kind {
        Kind::Missing => format!("deleted {}", times(a.times)),
        _ if a.path.is_empty() => format!("as a whole {}", times(a.times)),
        _ => format!("{} {}", a.path, times(a.times)),
    });
    if let Some(first) = attributes.next() {
        let all: Vec<String> = std::iter::once(first).chain(attributes).collect();
        text.push_str(&format!("; {}", all.join(", ")));
    }
    match tendency.others_chances {
        0 => text.push_str("; nothing to compare it with of its type"),
        chances => text.push_str(&format!(
            "; others of its type {} in {}",
            times(tendency.others_drifts),
            count(chances, "chance", "chances")
        )),
    }
    text
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Informational => "informational",
        Severity::Important => "important",
        Severity::Critical => "critical",
    }
}

fn count(n: u64, singular: &str, plural: &str) -> String {
    format!("{n} {}", if n == 1 { singular } else { plural })
}

fn times(n: u64) -> String {
    match n {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn between(interval: Interval) -> String {
    format!("{} to {}", percent(interval.low), percent(interval.high))
}

/// To the minute.
fn time(moment: Moment) -> String {
    let text = moment.to_string();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(minute)) if text.ends_with('Z') => format!("{day} {minute} UTC"),
        _ => text,
    }
}

fn day(moment: Moment) -> String {
    let text = moment.to_string();
    text.get(..10).map_or(text.clone(), str::to_owned)
}

/// A length of time in its largest unit.
fn span(seconds: u64) -> String {
    for (unit, word) in [(86_400, "d"), (3600, "h"), (60, "min")] {
        if seconds >= unit {
            return format!("{} {word}", seconds / unit);
        }
    }
    format!("{seconds} s")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use driftmgr_core::Context;
    use driftmgr_core::drift::Sensitivity;
    use driftmgr_core::env::Environment;
    use driftmgr_core::history::{
        FindingState, HistoryStore as _, Look, Outcome, Question, Run, Seen, SeenFinding,
        SqliteHistory, answer,
    };

    use super::*;

    #[test]
    fn words_for_time() {
        assert_eq!(
            time(Moment::from_millis(1_800_000_000_123)),
            "2027-01-15 08:00 UTC"
        );
        assert_eq!(day(Moment::from_millis(0)), "1970-01-01");
        for (seconds, want) in [(0, "0 s"), (119, "1 min"), (7200, "2 h"), (200_000, "2 d")] {
            assert_eq!(span(seconds), want);
        }
    }

    /// An object whose `path` differs, is in sync, or could not be looked at.
    fn object(address: &str, path: &str, sign: char) -> Seen {
        let outcome = match sign {
            '~' => Outcome::Modified,
            '?' => Outcome::Unverifiable,
            _ => Outcome::Same,
        };
        let finding = SeenFinding {
            id: format!("{address}/{path}"),
            kind: Kind::Modified,
            path: path.to_owned(),
            state: FindingState {
                severity: Severity::Critical,
                hidden: false,
            },
        };
        Seen {
            address: address.parse().unwrap(),
            deposed: None,
            outcome,
            findings: Vec::from_iter((sign == '~').then_some(finding)),
        }
    }

    /// One run a day, a sign for each.
    async fn recorded(web: &str, vpc: &str) -> History {
        let cx = Context::new(Environment::default());
        let store = SqliteHistory::in_memory(&cx).await.unwrap();
        for (n, (web, vpc)) in (1..).zip(web.chars().zip(vpc.chars())) {
            let look = Look {
                lineage: "l".to_owned(),
                location: "/work/infra".to_owned(),
                serial: 1,
                objects: vec![
                    object("aws_instance.web", "instance_type", web),
                    object("aws_vpc.main", "tags[\"env\"]", vpc),
                ],
            };
            let run = Run {
                started: Moment::from_millis(n * 86_400_000),
                ended: Moment::from_millis(n * 86_400_000),
                version: "0.1.0".to_owned(),
                sensitivity: Sensitivity::Medium,
                problems: 0,
                looks: vec![look],
            };
            store.record(&cx, run).await.unwrap();
        }
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(13 * 86_400);
        let past = store.load(&cx, Vec::new()).await.unwrap();
        answer(&past, &Question::new(now))
    }

    #[test]
    fn what_recorded_runs_say() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let said = runtime.block_on(recorded("=~==~======", "========~~?"));
        let text = history(&said, Path::new("/work"), &TextOptions::plain());
        insta::assert_snapshot!(text, @r#"
All recorded runs
  infra                 11 runs from 1970-01-02 00:00 UTC to 1970-01-12 00:00 UTC

Open
  aws_vpc.main          tags["env"], critical
                        open for 4 d, first seen 1970-01-10 00:00 UTC, last seen 1970-01-11 00:00
                        UTC, in 2 runs, not looked at since

Comes and goes
  aws_instance.web      instance_type, critical
                        over since 1970-01-07 00:00 UTC, first seen 1970-01-03 00:00 UTC, last seen
                        1970-01-06 00:00 UTC, in 2 runs, came twice and went twice

Resolved
  aws_instance.web      instance_type, critical
                        over since 1970-01-07 00:00 UTC, first seen 1970-01-03 00:00 UTC, last seen
                        1970-01-06 00:00 UTC, in 2 runs, came twice and went twice

How often each type drifts, by run and object
  aws_instance          25.0 % (7.1 % to 59.1 %): 2 drifts in 8 chances (1 object in 11 looks,
                        drifted in 2)
  aws_vpc               12.5 % (2.2 % to 47.1 %): 1 drift in 8 chances (1 object in 10 looks,
                        drifted in 2)

What tends to drift next, by the next run
  aws_instance.web      27.8 % (7.1 % to 59.1 %): drifted twice in 8 chances, last 1970-01-06 00:00
                        UTC; instance_type twice; nothing to compare it with of its type

Runs
  1970-01-12 00:00 UTC  1 unverifiable, 1 in sync
  1970-01-11 00:00 UTC  1 modified, 1 in sync
  1970-01-10 00:00 UTC  1 modified, 1 in sync
  1970-01-09 00:00 UTC  2 in sync
  1970-01-08 00:00 UTC  2 in sync
  1970-01-07 00:00 UTC  2 in sync
  1970-01-06 00:00 UTC  1 modified, 1 in sync
  1970-01-05 00:00 UTC  2 in sync
  1970-01-04 00:00 UTC  2 in sync
  1970-01-03 00:00 UTC  1 modified, 1 in sync
                        and 1 more; -v shows all
"#);
    }
}
