//! Files that change while they are followed.

use std::time::Duration;

use super::Project;
use crate::context::Context;
use crate::settings::{Current, Settings, Sources, Watcher};

fn follow(project: &Project, sources: Sources) -> Watcher {
    Watcher::start(Context::new(project.environment(&[])), sources, |_| {
        Vec::new()
    })
    .unwrap()
}

async fn next(watcher: &mut Watcher) -> Current {
    tokio::time::timeout(Duration::from_secs(20), watcher.changed())
        .await
        .expect("a change is seen")
        .unwrap()
}

/// Nothing is told for a while.
async fn quiet(watcher: &mut Watcher) {
    let told = tokio::time::timeout(Duration::from_millis(600), watcher.changed()).await;
    assert!(told.is_err(), "{told:?}");
}

fn workers(number: usize) -> String {
    format!("performance: {{workers: {number}}}\n")
}

#[tokio::test]
async fn a_file_that_is_written_over_is_read_anew() {
    let project = Project::with(&workers(1));
    let mut watcher = follow(&project, Sources::default());
    assert_eq!(watcher.current().settings.performance.workers, 1);
    project.write("project/driftmgr.yaml", &workers(2));
    assert_eq!(next(&mut watcher).await.settings.performance.workers, 2);
    assert_eq!(watcher.current().settings.performance.workers, 2);
    // The same content is no change, and reading is none.
    project.write("project/driftmgr.yaml", &workers(2));
    quiet(&mut watcher).await;
}

#[tokio::test]
async fn a_file_that_is_replaced_is_read_anew_each_time() {
    let project = Project::with(&workers(1));
    let mut watcher = follow(&project, Sources::default());
    for number in 2..5 {
        // In one step.
        project.write("project/.driftmgr.yaml.new", &workers(number));
        std::fs::rename(
            project.path("project/.driftmgr.yaml.new"),
            project.path("project/driftmgr.yaml"),
        )
        .unwrap();
        assert_eq!(
            next(&mut watcher).await.settings.performance.workers,
            number
        );
    }
    // As editors do: the old one is moved away, a new one is written.
    std::fs::rename(
        project.path("project/driftmgr.yaml"),
        project.path("project/driftmgr.yaml~"),
    )
    .unwrap();
    project.write("project/driftmgr.yaml", &workers(9));
    let mut last = next(&mut watcher).await;
    if last.settings.performance.workers != 9 {
        last = next(&mut watcher).await;
    }
    assert_eq!(last.settings.performance.workers, 9);
}

#[tokio::test]
async fn a_mistake_keeps_the_old_settings_until_it_is_gone() {
    let project = Project::with(&workers(1));
    let mut watcher = follow(&project, Sources::default());
    project.write(
        "project/driftmgr.yaml",
        "performance: {workers: none}\nx: 1\n",
    );
    let now = next(&mut watcher).await;
    assert_eq!(now.settings.performance.workers, 1);
    let lines: Vec<_> = now
        .problems
        .iter()
        .map(|p| p.context_value("line"))
        .collect();
    assert_eq!(lines, [Some("1"), Some("2")]);
    // Back to what it was: the settings are the same, and the mistake is gone.
    project.write("project/driftmgr.yaml", &workers(1));
    let now = next(&mut watcher).await;
    assert!(now.problems.is_empty());
    assert_eq!(now.settings.performance.workers, 1);
}

#[tokio::test]
async fn a_file_that_comes_or_goes_is_noticed() {
    let project = Project::new();
    let mut watcher = follow(&project, Sources::default());
    assert_eq!(watcher.current().settings.performance.workers, 10);
    project.write("driftmgr.yaml", &workers(2));
    assert_eq!(next(&mut watcher).await.settings.performance.workers, 2);
    project.write("project/driftmgr.yaml", &workers(3));
    assert_eq!(next(&mut watcher).await.settings.performance.workers, 3);
    std::fs::remove_file(project.path("project/driftmgr.yaml")).unwrap();
    assert_eq!(next(&mut watcher).await.settings.performance.workers, 2);
}

#[tokio::test]
#[cfg(unix)]
async fn a_link_that_is_turned_is_followed() {
    // As a mounted ConfigMap is updated: the file links to a folder's link, and that is replaced.
    let project = Project::new();
    let (a, b) = (project.path("project/v1"), project.path("project/v2"));
    project.write("project/v1/driftmgr.yaml", &workers(1));
    project.write("project/v2/driftmgr.yaml", &workers(2));
    std::os::unix::fs::symlink(&a, project.path("project/data")).unwrap();
    std::os::unix::fs::symlink("data/driftmgr.yaml", project.path("project/driftmgr.yaml"))
        .unwrap();
    let mut watcher = follow(&project, Sources::default());
    assert_eq!(watcher.current().settings.performance.workers, 1);
    std::os::unix::fs::symlink(&b, project.path("project/data.new")).unwrap();
    std::fs::rename(
        project.path("project/data.new"),
        project.path("project/data"),
    )
    .unwrap();
    assert_eq!(next(&mut watcher).await.settings.performance.workers, 2);
}

#[tokio::test]
async fn only_the_named_file_counts_when_one_is_named() {
    let project = Project::with(&workers(1));
    project.write("other/named.yaml", &workers(2));
    let sources = Sources::default().with_config("../other/named.yaml");
    let mut watcher = follow(&project, sources);
    assert_eq!(watcher.current().settings.performance.workers, 2);
    project.write("project/driftmgr.yaml", &workers(3));
    quiet(&mut watcher).await;
    project.write("other/named.yaml", &workers(4));
    assert_eq!(next(&mut watcher).await.settings.performance.workers, 4);
}

#[tokio::test]
async fn nothing_is_followed_from_a_broken_start() {
    let project = Project::with("x: 1\n");
    let cx = Context::new(project.environment(&[]));
    let error = Watcher::start(cx, Sources::default(), |_| Vec::new()).unwrap_err();
    assert_eq!(error.context_value("line"), Some("1"));
}

#[tokio::test]
async fn what_only_its_user_can_judge_is_judged_before_it_holds() {
    let project = Project::with(&workers(1));
    let cx = Context::new(project.environment(&[]));
    let most = |settings: &Settings| {
        let workers = settings.performance.workers;
        let place = settings.origin("performance.workers");
        (workers > 5)
            .then(|| place.error("too many"))
            .into_iter()
            .collect()
    };
    let mut watcher = Watcher::start(cx, Sources::default(), most).unwrap();
    project.write("project/driftmgr.yaml", &workers(6));
    let now = next(&mut watcher).await;
    assert_eq!(now.settings.performance.workers, 1);
    assert_eq!(now.problems[0].message(), "too many");
    project.write("project/driftmgr.yaml", &workers(5));
    assert_eq!(next(&mut watcher).await.settings.performance.workers, 5);
}
