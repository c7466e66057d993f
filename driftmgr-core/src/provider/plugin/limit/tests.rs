//! A provider in numbers: so many answers per second for so many calls at a time. The clock is a number as well.

use super::*;
use crate::error::Error;

const ADAPTIVE: Concurrency = Concurrency::Adaptive {
    start: 10,
    most: 100,
};

/// Lets `answers` calls be answered, at the rate that the provider has for the number under way, and returns the largest number.
fn run(course: &mut Course, now: &mut f64, answers: usize, rate: impl Fn(usize) -> f64) -> usize {
    let mut largest = course.limit;
    for _ in 0..answers {
        *now += 1.0 / rate(course.limit);
        course.answered(Duration::from_secs_f64(*now), false);
        largest = largest.max(course.limit);
    }
    largest
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn each_takes(latency: f64) -> impl Fn(usize) -> f64 {
    move |limit| limit as f64 / latency
}

#[test]
fn a_provider_that_waits_for_its_cloud_is_given_more() {
    let mut course = Course::new(ADAPTIVE);
    run(&mut course, &mut 0.0, 400, each_takes(0.05));
    assert_eq!(course.limit, 100);
}

#[test]
fn a_provider_whose_processor_is_busy_is_given_no_more() {
    let mut course = Course::new(ADAPTIVE);
    let largest = run(&mut course, &mut 0.0, 10_000, |_| 2_000.0);
    assert_eq!(largest, 20, "one try");
    assert_eq!(course.limit, 10);
}

#[test]
fn growth_ends_where_the_rate_does() {
    let mut course = Course::new(ADAPTIVE);
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let rate = |limit: usize| (limit.min(40) as f64) / 0.05;
    run(&mut course, &mut 0.0, 1_000, rate);
    assert_eq!(course.limit, 40);
}

#[test]
fn what_became_possible_is_found_later() {
    let mut course = Course::new(ADAPTIVE);
    let mut now = 0.0;
    run(&mut course, &mut now, 300, |_| 2_000.0);
    assert_eq!(course.limit, 10);
    run(&mut course, &mut now, 2_000, each_takes(0.05));
    assert_eq!(course.limit, 100);
}

#[test]
fn throttling_halves_at_once_and_goes_below_the_start() {
    let mut course = Course::new(ADAPTIVE);
    let mut now = 0.0;
    run(&mut course, &mut now, 400, each_takes(0.05));
    for expected in [50, 25, 12, 6, 3, 1, 1] {
        course.answered(Duration::from_secs_f64(now), true);
        assert_eq!(course.limit, expected);
    }
}

#[test]
fn a_rate_that_collapses_leads_back_to_the_start_and_no_further() {
    let mut course = Course::new(ADAPTIVE);
    let mut now = 0.0;
    run(&mut course, &mut now, 400, each_takes(0.05));
    for latency in [1.0, 10.0, 100.0, 1_000.0, 10_000.0] {
        run(&mut course, &mut now, 201, each_takes(latency));
    }
    assert!(course.limit >= 10 && course.limit < 50, "{}", course.limit);
}

#[test]
fn a_fixed_number_is_never_changed() {
    let mut course = Course::new(Concurrency::Fixed(3));
    run(&mut course, &mut 0.0, 1_000, each_takes(0.05));
    course.answered(Duration::from_secs(100), true);
    assert_eq!(course.limit, 3);
    assert_eq!(Course::new(Concurrency::Fixed(0)).limit, 1);
}

#[tokio::test]
async fn permits_follow_the_number_up_and_down() {
    let limit = Limit::new(ADAPTIVE);
    let free = || limit.slots.available_permits();
    let refused = || Err::<(), _>(Error::new(ErrorKind::RateLimited, "too many"));
    assert_eq!(free(), 10);

    lock(&limit).round.answers = 20;
    drop(limit.permit().await);
    assert_eq!((lock(&limit).limit, free()), (20, 20));

    let mut under_way = Vec::new();
    for _ in 0..20 {
        under_way.extend(limit.permit().await);
    }
    under_way[0].note(&refused());
    under_way.remove(0);
    assert_eq!((lock(&limit).limit, free()), (10, 0));
    under_way.truncate(11);
    assert_eq!(free(), 0, "the surplus goes first");
    under_way.truncate(10);
    assert_eq!(free(), 0);
    under_way.truncate(9);
    assert_eq!(free(), 1);
    drop(under_way);
    assert_eq!(free(), 10);
}

fn lock(limit: &Limit) -> std::sync::MutexGuard<'_, Course> {
    limit.course.lock().expect("no test panicked with it")
}
