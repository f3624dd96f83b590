//! Keys that are none: what was probably meant.

use super::keys::{KEYS, Place, Row, WITHOUT_KEY, of_directive};
use crate::{
    config::{Span, diagnostic::Report, suggest::nearest},
    model::Family,
};

/// Names of the grammar's own that are no directive, by place.
fn structure(place: Place) -> &'static [&'static str] {
    match place {
        Place::Top => &["defaults", "virtual"],
        Place::Defaults => &["check", "mail"],
        Place::Virtual(_) => &["family", "check", "mail"],
    }
}

/// Reports a key that has no meaning at a place.
pub(super) fn unknown(path: &str, name: Span, place: Place, report: &mut Report) {
    let help = elsewhere(path, place).or_else(|| classic(path, place)).or_else(|| near(path, place));
    let known = KEYS.iter().any(|row| row.key == path || row.key.starts_with(&format!("{path}.")));
    let message =
        if known { format!("\"{path}\" cannot stand here") } else { format!("unknown key \"{path}\"") };
    report.error(name, message).help = help;
}

/// The key stands at another place.
fn elsewhere(path: &str, place: Place) -> Option<String> {
    let below = format!("{path}.");
    let is = |row: &&Row| row.key == path || row.key.starts_with(&below);
    let stands = |at: Place| KEYS.iter().filter(is).any(|row| row.fits(at));
    let service = stands(Place::Virtual(Family::V4)) || stands(Place::Virtual(Family::V6));
    let service = service.then_some("a [[virtual]]");
    let all = stands(Place::Defaults).then_some("[defaults]");
    let top = stands(Place::Top).then_some("the top of the file, above all tables");
    let places: Vec<_> = match place {
        Place::Top => all.into_iter().chain(service).collect(),
        Place::Defaults => service.into_iter().chain(top).collect(),
        Place::Virtual(_) => top.into_iter().chain(all).collect(),
    };
    (!places.is_empty()).then(|| format!("it belongs into {}", places.join(" or ")))
}

/// The key is the name of a directive of the classic grammar.
fn classic(path: &str, place: Place) -> Option<String> {
    let leaf = path.rsplit('.').next().unwrap_or(path);
    if let Some((_, why)) = WITHOUT_KEY.iter().find(|(name, _)| *name == leaf) {
        return Some((*why).to_owned());
    }
    let row = of_directive(leaf, place).or_else(|| KEYS.iter().find(|row| row.directive == leaf))?;
    Some(format!("it is called {} here", row.key))
}

/// The key that is nearest.
fn near(path: &str, place: Place) -> Option<String> {
    let (prefix, leaf) = path.rfind('.').map_or(("", path), |dot| path.split_at(dot + 1));
    let here = KEYS.iter().filter(|row| row.fits(place)).map(|row| row.key);
    let beside = here.clone().filter_map(|key| key.strip_prefix(prefix)).filter(|key| !key.contains('.'));
    if let Some(near) = nearest(leaf, beside.chain(structure(place).iter().copied())) {
        return Some(format!("did you mean \"{prefix}{near}\"?"));
    }
    let last = |key: &'static str| key.rsplit('.').next().unwrap_or(key);
    let near = nearest(leaf, here.clone().map(last))?;
    here.into_iter().find(|key| last(key) == near).map(|key| format!("did you mean \"{key}\"?"))
}
