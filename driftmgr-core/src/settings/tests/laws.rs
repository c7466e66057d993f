//! What holds for all settings.

use proptest::prelude::*;

use super::{Project, load};
use crate::context::Context;
use crate::settings::key::KEYS;
use crate::settings::origin::{Origin, Sourced};
use crate::settings::read::{Place, read};
use crate::settings::{Layer, Setting, Settings, Sources};

fn layer() -> impl Strategy<Value = Layer> {
    let value = (0..KEYS.len(), 0_u64..5, 1_usize..9);
    proptest::collection::vec(value, 0..12).prop_map(|values| {
        let mut layer = Layer::default();
        for (key, number, line) in values {
            let origin = Origin::File {
                file: "driftmgr.yaml".into(),
                line,
                column: 1,
            };
            layer.set(&KEYS[key], Sourced::new(Setting::Whole(number), origin));
        }
        layer
    })
}

proptest! {
    #[test]
    fn joining_layers_is_associative(a in layer(), b in layer(), c in layer()) {
        prop_assert_eq!(
            a.clone().over(b.clone()).over(c.clone()),
            a.over(b.over(c))
        );
    }

    #[test]
    fn an_empty_layer_changes_nothing_and_the_upper_one_wins(a in layer(), b in layer()) {
        prop_assert_eq!(a.clone().over(Layer::default()), a.clone());
        prop_assert_eq!(Layer::default().over(a.clone()), a.clone());
        let both = a.clone().over(b.clone());
        for key in KEYS {
            prop_assert_eq!(both.get(key.name), a.get(key.name).or(b.get(key.name)));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(app|drift|:| |\n|\\{|\\}|\\[|\\]|name|ignore|- |x|1|\"|&a |\\*a|,){0,30}") {
        let place = Place { file: "driftmgr.yaml".into(), folder: "".into() };
        let read = read(&text, &place);
        // What is wrong names its place.
        for problem in &read.problems {
            prop_assert!(problem.context_value("line").is_some());
        }
    }

    #[test]
    fn the_order_in_which_keys_are_given_does_not_matter(order in Just(KEYS.iter().filter(|k| k.default.is_some()).collect::<Vec<_>>()).prop_shuffle()) {
        // An empty file of its own, so that none of a folder above is found.
        let environment = Project::with("");
        let mut sources = Sources::default();
        for key in &order {
            sources = sources.with_flag(key.name, key.default.unwrap_or_default(), "--x");
        }
        let cx = Context::new(environment.environment(&[]));
        let settings = Settings::load(&cx, &sources).into_result().unwrap();
        prop_assert_eq!(&settings.drift, &Settings::default().drift);
        prop_assert_eq!(&settings.performance, &Settings::default().performance);
    }
}

#[test]
fn what_is_right_holds_beside_what_is_wrong() {
    let read = load("performance: {workers: 3, wokers: 4}\n");
    assert_eq!(read.problems.len(), 1);
    assert_eq!(read.value.performance.workers, 3);
}
