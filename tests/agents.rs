//! What agents on real servers advise, and what that costs: the decisions themselves, without a loop.

#![cfg(feature = "http")]
#![expect(clippy::unwrap_used, reason = "these are tests")]
#![expect(clippy::disallowed_methods, reason = "any instant will do")]

use std::{
    collections::BTreeSet,
    path::Path,
    sync::Arc,
    time::{Instant, SystemTime},
};

use ldirectord::{
    config::{MemoryFiles, TableResolver, load},
    director::{CheckId, Director, Effect, Event, Fact, Now, Start},
    health::{Advice, Evidence, Mode, Verdict},
};

const AGENT: &str = "virtual=192.0.2.1:80\n\treal=10.0.0.1:80 masq 10\n\tservice=agent\n";

fn now() -> Now {
    Now { instant: Instant::now(), wall: SystemTime::UNIX_EPOCH }
}

fn director() -> Director {
    let files = MemoryFiles::default().with("/x.cf", AGENT);
    let config = Arc::new(load(Path::new("/x.cf"), &files, &TableResolver::default()).unwrap().config);
    let (warnings, table, maintenance) = (Vec::new(), Arc::default(), BTreeSet::new());
    Director::new(now(), Start { config, warnings, table, maintenance, version: "5", pid: 1 }).0
}

/// What follows from a good check with this advice.
fn told(director: &mut Director, percent: u8, mode: Mode) -> Vec<Effect> {
    let evidence = Evidence { advice: Some(Advice { percent, mode }), ..Evidence::default() };
    let mut fx = director.on(now(), Event::Probed(CheckId(0), Verdict::Pass(evidence)));
    fx.extend(director.conclude(now()));
    fx
}

fn weight(effects: &[Effect]) -> Option<u16> {
    effects.iter().find_map(|effect| {
        let Effect::Want { wanted, .. } = effect else { return None };
        Some(wanted.service.as_ref()?.dests.values().next()?.weight)
    })
}

fn facts(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Tell(Fact::Advised { .. }))).count()
}

fn serves(director: &Director) -> bool {
    director.snapshot().virtuals[0].reals[0].serves()
}

#[test]
fn what_is_advised_again_and_again_costs_nothing() {
    let mut director = director();
    let first = told(&mut director, 50, Mode::Ready);
    assert_eq!((weight(&first), facts(&first)), (Some(5), 1));
    assert!(told(&mut director, 50, Mode::Ready).is_empty());
    let other = told(&mut director, 41, Mode::Ready);
    assert_eq!((weight(&other), facts(&other)), (None, 0), "as much is left of it");
    let drained = told(&mut director, 41, Mode::Drain);
    assert_eq!((weight(&drained), facts(&drained)), (Some(0), 1));
    let zero = told(&mut director, 0, Mode::Ready);
    assert_eq!((weight(&zero), facts(&zero)), (None, 1), "the same in the table, and another reason");
    assert!(serves(&director));
    told(&mut director, 0, Mode::Maintenance);
    assert!(!serves(&director));
}
