//! Directives about mail alerts.

use std::net::Ipv6Addr;

use super::{
    ast::Entry,
    directives::MailKey,
    fill::put,
    forms::or_never,
    values::{self, choice, text},
};
use crate::{
    config::{
        Spanned,
        diagnostic::Report,
        draft::{Given, Mail, MailHost},
        suggest::nearest,
    },
    model::{DirectorState, DirectorStates, MailAddress, Secret, SmtpTls},
};

/// Reads one of them.
pub(super) fn mail(entry: &Entry<'_>, key: MailKey, mail: &mut Mail, report: &mut Report) {
    match key {
        MailKey::To => put(&mut mail.to, addresses(entry, report), entry, report),
        MailKey::Repeat => put(&mut mail.repeat, or_never(entry, report), entry, report),
        MailKey::States => put(&mut mail.states, states(entry, report), entry, report),
        MailKey::Server => put(&mut mail.smtp, server(entry, report), entry, report),
        MailKey::Tls => {
            let kinds = [("no", SmtpTls::No), ("starttls", SmtpTls::StartTls), ("yes", SmtpTls::Yes)];
            put(&mut mail.smtp_tls, choice(entry, &kinds, report), entry, report);
        }
        MailKey::Login => put(&mut mail.smtp_login, text(entry, report), entry, report),
        MailKey::Passwd => {
            let passwd = text(entry, report).map(|value| value.map(Secret::new));
            put(&mut mail.smtp_passwd, passwd, entry, report);
        }
    }
}

/// Addresses of mail. One pair of quotes around all of them or around each is fine.
fn addresses(entry: &Entry<'_>, report: &mut Report) -> Given<Vec<MailAddress>> {
    let all = values::unquoted(entry.value);
    let words: Vec<_> = all.listed().map(values::unquoted).collect();
    if words.is_empty() {
        values::expected(entry, "an address of mail, or several", report);
        return None;
    }
    let mut read = Vec::with_capacity(words.len());
    for word in &words {
        let address = address(*word, report);
        if address.as_ref().is_some_and(|address| read.contains(address)) {
            report.warning(word.span, "this address stands here twice");
            continue;
        }
        read.extend(address);
    }
    (!read.is_empty()).then(|| Spanned::new(read, all.span))
}

/// One address of mail.
pub(super) fn one(entry: &Entry<'_>, report: &mut Report) -> Given<MailAddress> {
    let value = values::unquoted(entry.value);
    if value.value.is_empty() {
        values::expected(entry, "an address of mail", report);
        return None;
    }
    Some(Spanned::new(address(value, report)?, value.span))
}

fn address(word: Spanned<&str>, report: &mut Report) -> Option<MailAddress> {
    MailAddress::new(word.value)
        .map_err(|why| {
            report
                .error(word.span, format!("this is no address of mail: {why}"))
                .help("write the address alone, e.g. jo@example.com");
        })
        .ok()
}

/// Some states of the director. The reference wants `none` to stand alone.
fn states(entry: &Entry<'_>, report: &mut Report) -> Given<DirectorStates> {
    let all = values::unquoted(entry.value);
    let mut states = DirectorStates::NONE;
    let (mut none, mut others, mut good) = (None, None, true);
    for word in all.listed() {
        let is = |name: &str| name.eq_ignore_ascii_case(word.value);
        if is("none") {
            none = Some(word.span);
            continue;
        }
        others = Some(word);
        if is("all") {
            states = DirectorStates::ALL;
        } else if let Some(state) = DirectorState::ALL.into_iter().find(|state| is(state.name())) {
            states = states.with(state);
        } else {
            let names = DirectorState::ALL.map(DirectorState::name).into_iter().chain(["all", "none"]);
            let near = nearest(word.value, names).map(|near| format!("did you mean {near}?"));
            report.error(word.span, "the director is never in this state").help =
                near.or_else(|| Some("the states are starting, running, stopping and reloading".to_owned()));
            good = false;
        }
    }
    match (none, others) {
        (None, None) => {
            values::expected(entry, entry.directive.form, report);
            return None;
        }
        (Some(_), Some(other)) => {
            report
                .error(other.span, format!("\"{}\" cannot stand beside \"none\"", other.value))
                .help("leave one of them out");
            return None;
        }
        (Some(_), None) | (None, Some(_)) => {}
    }
    good.then(|| Spanned::new(states, all.span))
}

/// A server: a name or an address, and perhaps a port. What follows it means nothing, as in the reference.
fn server(entry: &Entry<'_>, report: &mut Report) -> Given<MailHost> {
    let (word, rest) = values::unquoted(entry.value).split_word();
    let Some(host) = mail_host(word.value) else {
        values::expected(entry, "a server, e.g. mail.example.com, 192.0.2.1:25 or [2001:db8::1]:25", report);
        return None;
    };
    if !rest.value.is_empty() {
        values::ignored(rest, report);
    }
    Some(Spanned::new(host, word.span))
}

fn mail_host(word: &str) -> Option<MailHost> {
    if word.parse::<Ipv6Addr>().is_ok() {
        return Some(MailHost { host: word.to_owned(), port: None });
    }
    let (host, rest) = if let Some(inner) = word.strip_prefix('[') {
        let (host, rest) = inner.split_once(']')?;
        host.parse::<Ipv6Addr>().ok()?;
        (host, rest)
    } else {
        let (host, rest) = word.split_at(word.find(':').unwrap_or(word.len()));
        let of_name = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let is_name = host.starts_with(|c: char| c.is_ascii_alphanumeric()) && host.chars().all(of_name);
        (is_name.then_some(host)?, rest)
    };
    let port = match rest {
        "" => None,
        rest => Some(rest.strip_prefix(':')?.parse().ok().filter(|port| *port > 0)?),
    };
    Some(MailHost { host: host.to_owned(), port })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers() {
        let read = |word| mail_host(word).map(|read| (read.host, read.port));
        let of = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(read("mx.example.com"), of("mx.example.com", None));
        assert_eq!(read("mx.example.com:2525"), of("mx.example.com", Some(2525)));
        assert_eq!(read("192.0.2.1"), of("192.0.2.1", None));
        assert_eq!(read("2001:db8::1"), of("2001:db8::1", None));
        assert_eq!(read("[2001:db8::1]"), of("2001:db8::1", None));
        assert_eq!(read("[2001:db8::1]:25"), of("2001:db8::1", Some(25)));
        for bad in ["", ":25", "mx:", "mx:0", "mx:99999", "mx:25:25", "[mx]:25", "[::1]25", "-mx", "m!x"] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
