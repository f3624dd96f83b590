//! Snapshots to show.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use ldirectord::{
    director::{ConfigState, Meter, RealRow, Snapshot, VirtualRow},
    health::{Advice, State},
    model::{Forward, RealId, VirtualId},
};

/// When everything happens, in seconds since 1970.
pub(crate) const NOON: u64 = 1_800_000_000;

pub(crate) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

pub(crate) fn real_id(text: &str) -> RealId {
    RealId(text.parse().expect("an address and a port"))
}

pub(crate) fn real(virtual_id: &str, id: &str, state: State, weight: u16) -> Arc<RealRow> {
    Arc::new(RealRow {
        id: real_id(id),
        virtual_id: virtual_id.parse().expect("a virtual service"),
        forward: Forward::Gate,
        state,
        weight: if state.serves() { weight } else { 0 },
        configured_weight: weight,
        check: "http",
        last_transition: None,
        maintenance: false,
        advice: Advice::default(),
        last_failure: None,
        certificate: None,
        meter: Arc::new(Meter::default()),
    })
}

pub(crate) fn service(id: &str, reals: Vec<Arc<RealRow>>) -> Arc<VirtualRow> {
    let id: VirtualId = id.parse().expect("a virtual service");
    Arc::new(VirtualRow {
        id,
        name: Some("The shop".into()),
        comment: None,
        scheduler: "wrr".into(),
        persistence: Some(Duration::from_secs(600)),
        service: "http",
        check_type: "negotiate".into(),
        quiescent: false,
        fallback: Some(real_id("127.0.0.1:80")),
        fallback_active: false,
        maintenance: 0,
        serving: reals.iter().filter(|real| real.state.serves()).count(),
        reals,
    })
}

pub(crate) fn snapshot(virtuals: Vec<Arc<VirtualRow>>) -> Arc<Snapshot> {
    let config = ConfigState { loaded_at: Some(at(NOON)), ..ConfigState::default() };
    Arc::new(Snapshot { virtuals, config: Arc::new(config), ..Snapshot::default() })
}

/// Two virtual services; the first with two real servers, the second with one.
pub(crate) fn small() -> Arc<Snapshot> {
    let (web, mark) = ("tcp:192.0.2.1:80", "fwm6:5");
    snapshot(vec![
        service(
            web,
            vec![real(web, "192.168.0.2:80", State::Up, 2), real(web, "192.168.0.1:80", State::Unknown, 1)],
        ),
        service(mark, vec![real(mark, "[2001:db8::7]:80", State::Up, 1)]),
    ])
}

/// The snapshot with one virtual service replaced.
pub(crate) fn with(snapshot: &Snapshot, index: usize, row: Arc<VirtualRow>) -> Arc<Snapshot> {
    let mut next = snapshot.clone();
    next.virtuals[index] = row;
    Arc::new(next)
}

/// The virtual service with one real server changed.
pub(crate) fn edit(row: &VirtualRow, index: usize, change: impl FnOnce(&mut RealRow)) -> Arc<VirtualRow> {
    let mut next = row.clone();
    let mut real = (*row.reals[index]).clone();
    change(&mut real);
    next.reals[index] = Arc::new(real);
    next.serving = next.reals.iter().filter(|real| real.state.serves()).count();
    Arc::new(next)
}
