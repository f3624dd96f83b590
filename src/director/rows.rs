//! The rows that every view shows, made of what the director knows.

use std::sync::Arc;

use crate::model::{Check, RealId, Virtual};

use super::{RealRow, VirtualRow, checks::Checks, core::RealState};

/// The name of what is asked of a real server.
pub(super) fn check_name(check: &Check) -> &'static str {
    match check {
        Check::On => "on",
        Check::Off => "off",
        Check::Probe(spec) => spec.kind.name(),
    }
}

pub(super) fn real_row(service: &Virtual, i: usize, state: &RealState, checks: &Checks) -> RealRow {
    let real = &service.reals[i];
    let wanted = state.advice.weight(real.weight);
    let weight = if state.serves() { state.foreign_weight.unwrap_or(wanted) } else { 0 };
    RealRow {
        id: real.id,
        virtual_id: service.id,
        forward: real.forward,
        state: state.health,
        maintenance: state.standing().is_out(),
        advice: state.advice,
        weight,
        configured_weight: real.weight,
        check: check_name(&real.check),
        last_transition: state.last_transition,
        last_failure: state.last_failure.clone(),
        certificate: state.certificate,
        meter: state.check.and_then(|id| checks.meter(id)).unwrap_or_default(),
    }
}

pub(super) fn virtual_row(service: &Virtual, reals: Vec<Arc<RealRow>>) -> VirtualRow {
    let serving = reals.iter().filter(|real| real.serves()).count();
    VirtualRow {
        id: service.id,
        name: service.name.clone(),
        comment: service.comment.clone(),
        scheduler: service.scheduler.clone(),
        persistence: service.persistence.map(|p| p.timeout),
        service: service.service.name(),
        check_type: service.check_type.clone(),
        quiescent: service.quiescent,
        fallback: service.fallback.map(|f| RealId(f.address)),
        fallback_active: service.fallback.is_some() && serving == 0,
        serving,
        maintenance: reals.iter().filter(|real| real.maintenance).count(),
        reals,
    }
}
