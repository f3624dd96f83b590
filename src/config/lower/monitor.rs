//! How the lines of a monitor file name a real server: as the reference does, so that who reads them finds it.

use std::sync::Arc;

use super::check::Plan;
use crate::{
    config::{Spanned, draft},
    model::{Real, VirtualId},
};

/// What is asked, the server, and what it is asked for, between blanks. Where the reference has a colon, or several,
/// here as there is one blank, and there are no backslashes.
pub(super) fn name(
    id: VirtualId,
    service: &draft::Virtual,
    line: &draft::Real,
    plan: &Plan,
    real: &Real,
) -> Arc<str> {
    let of_service = plan.service.name();
    let check = match plan.check_type {
        draft::CheckType::Negotiate => format!("negotiate:{of_service}"),
        draft::CheckType::Combined(_) => format!("combined:{of_service}"),
        external @ (draft::CheckType::External | draft::CheckType::ExternalPerl) => {
            let program = service.check_command.as_ref().and_then(|command| command.value.argv.first());
            format!("{external}:{}", program.map(String::as_str).unwrap_or_default())
        }
        other @ (draft::CheckType::Connect
        | draft::CheckType::Ping
        | draft::CheckType::On
        | draft::CheckType::Off) => other.to_string(),
    };
    let protocol = match id {
        VirtualId::Addr { protocol, .. } => protocol.to_string(),
        VirtualId::FwMark { .. } => "fwm".to_owned(),
    };
    let text =
        |given: &draft::Given<String>| given.as_ref().map(|given| given.value.clone()).unwrap_or_default();
    let (request, receive) = match &line.exchange {
        Some((Spanned { value: request, .. }, Spanned { value: receive, .. })) => {
            (request.clone(), receive.clone())
        }
        None => (text(&service.request), text(&service.receive)),
    };
    let slash = if request.starts_with('/') { "" } else { "/" };
    let host = text(&service.vhost);
    let port = service.check_port.map(|given| given.value.to_string()).unwrap_or_default();
    let (weight, forward) = (real.weight, real.forward.method());
    let whole =
        format!("{check}:{protocol}:{}:{host}:{port}:{weight}:{forward}:{slash}{request}:{receive}", real.id);
    blanks(&whole).into()
}

/// Colons to blanks, runs of them to one.
fn blanks(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut after_colon = false;
    for c in text.chars().filter(|c| *c != '\\') {
        if c != ':' {
            shown.push(c);
        } else if !after_colon {
            shown.push(' ');
        }
        after_colon = c == ':';
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colons_are_blanks() {
        assert_eq!(blanks("on:tcp:127.0.0.2:8080:::1:masq:/:"), "on tcp 127.0.0.2 8080 1 masq / ");
        assert_eq!(blanks(r"a:\d+"), "a d+");
    }
}
