//! How long the kernel keeps connections: `ipvs-timeouts = TCP TCPFIN UDP`.

use std::time::Duration;

use super::{ast::Entry, values};
use crate::{
    config::{
        Spanned,
        diagnostic::Report,
        draft::Given,
        duration::{self, Time},
    },
    model::IpvsTimeouts,
};

/// The longest that `ipvsadm` takes: 31 days.
const MOST: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// Reads the three times.
pub(super) fn ipvs_timeouts(entry: &Entry<'_>, report: &mut Report) -> Given<IpvsTimeouts> {
    let value = values::unquoted(entry.value);
    let mut seconds = Vec::new();
    let mut rest = value;
    while !rest.value.is_empty() {
        let (word, behind) = rest.split_word();
        seconds.push(whole_seconds(word, report)?);
        rest = behind;
    }
    let [tcp, tcp_fin, udp] = seconds[..] else {
        values::expected(entry, "three times: for TCP, for TCP after a FIN, and for UDP", report)
            .help("0 keeps what the kernel has, e.g. 900 120 0");
        return None;
    };
    let timeouts = IpvsTimeouts { tcp, tcp_fin, udp };
    if timeouts == IpvsTimeouts::default() {
        report.warning(value.span, "this changes nothing: 0 keeps what the kernel has").help("leave it out");
    }
    Some(Spanned::new(timeouts, value.span))
}

fn whole_seconds(word: Spanned<&str>, report: &mut Report) -> Option<u32> {
    let time = match duration::read(word.value) {
        Time::Plain(time) | Time::Worded(time, _) => Some(time),
        Time::Odd(_) | Time::Not => None,
    };
    let whole = time.filter(|time| time.subsec_nanos() == 0 && *time <= MOST);
    let seconds = whole.and_then(|time| u32::try_from(time.as_secs()).ok());
    if seconds.is_none() {
        report
            .error(word.span, "this must be a time of whole seconds, up to 31d")
            .help("a bare number is seconds; 0 keeps what the kernel has");
    }
    seconds
}
