//! The values of `virtual`, `real` and `fallback`.

use super::{ast::Entry, endpoint::Reader, thresholds::Thresholds, values};
use crate::{
    config::{
        Spanned,
        diagnostic::Report,
        draft::{Fallback, Real, VirtualAt},
        suggest::nearest,
    },
    model::{Family, Forward, ParseForwardError},
};

/// Reads `virtual = ADDRESS:PORT` or `virtual = MARK`.
pub(crate) fn virtual_at(
    entry: &Entry<'_>,
    family: Family,
    report: &mut Report,
) -> Option<Spanned<VirtualAt>> {
    let (text, rest) = values::unquoted(entry.value).split_word();
    if text.value.is_empty() {
        values::expected(entry, entry.directive.form, report);
        return None;
    }
    if !rest.value.is_empty() {
        values::ignored(rest, report);
    }
    if text.value.bytes().all(|byte| byte.is_ascii_digit()) {
        let Ok(mark) = text.value.parse() else {
            report
                .error(text.span, "a firewall mark is a number from 1 to 4294967295")
                .help("for an address write ADDRESS:PORT");
            return None;
        };
        return Some(Spanned::new(VirtualAt::FwMark { family, mark }, text.span));
    }
    let at = Reader { family, name: "virtual", report }.endpoint(text)?;
    let Some(port) = at.port else {
        report.error(text.span, "the port is missing").help(format!(
            "write {}:PORT (the older ldirectord reads this as a firewall mark or refuses it)",
            text.value
        ));
        return None;
    };
    Some(Spanned::new(VirtualAt::Addr { family, host: at.host, port }, text.span))
}

/// Reads `fallback = ADDRESS[:PORT] [METHOD]`.
pub(crate) fn fallback(entry: &Entry<'_>, family: Family, report: &mut Report) -> Option<Spanned<Fallback>> {
    let value = values::unquoted(entry.value);
    let (address, rest) = value.split_word();
    if address.value.is_empty() {
        values::expected(entry, entry.directive.form, report);
        return None;
    }
    let at = Reader { family, name: "fallback", report }.endpoint(address);
    let (method, rest) = rest.split_word();
    let forward = if method.value.is_empty() { Some(Forward::Gate) } else { self::forward(method, report) };
    if !rest.value.is_empty() {
        report.error(rest.span, "nothing can follow the forwarding method of a fallback server");
        return None;
    }
    let (at, forward) = (at?, forward?);
    Some(Spanned::new(Fallback { host: at.host, port: at.port, forward }, value.span))
}

/// Reads `real = ADDRESS[->ADDRESS][:PORT] METHOD [WEIGHT] ["REQUEST", "RECEIVE"] [l:NUMBER] [u:NUMBER]`.
pub(crate) fn real(entry: &Entry<'_>, family: Family, report: &mut Report) -> Option<Spanned<Real>> {
    let value = whole_line_unquoted(entry.value, report);
    let (address, rest) = value.split_word();
    if address.value.is_empty() {
        values::expected(entry, entry.directive.form, report);
        return None;
    }
    let mut reader = Reader { family, name: "real", report };
    let (first, end) = match address.value.find("->") {
        Some(arrow) => (address.part(0, arrow), address.part(arrow + 2, address.value.len())),
        None => (address, address),
    };
    let at = reader.endpoint(end);
    let first = if first == end { None } else { Some(reader.host(first)) };

    let (method, rest) = rest.split_word();
    let method = method.value.find('"').map_or(method, |quote| method.part(0, quote));
    if method.value.is_empty() {
        report
            .error(address.span, "the forwarding method is missing")
            .help(format!("write {} gate, {0} masq or {0} ipip", address.value));
        return None;
    }
    let rest = if method.span.end < rest.span.start {
        rest
    } else {
        // A quote followed the method without a blank.
        value.part(method.span.end - value.span.start, value.value.len()).trim()
    };
    let forward = forward(method, report);
    let tail = tail(rest, report);

    let (at, forward, tail) = (at?, forward?, tail?);
    let (host, last) = match first {
        Some(first) => (first?, Some(at.host)),
        None => (at.host, None),
    };
    let (Thresholds { upper, lower, .. }, weight) = (tail.thresholds, tail.weight);
    let real = Real { host, last, port: at.port, forward, weight, upper, lower, exchange: tail.exchange };
    Some(Spanned::new(real, value.span))
}

/// The value without quotes around the whole line, which the reference skips as it skips anything before an address.
fn whole_line_unquoted<'s>(value: Spanned<&'s str>, report: &mut Report) -> Spanned<&'s str> {
    let inner = values::unquoted(value);
    if inner.span != value.span {
        report.warning(value.span, "a real server needs no quotes around it");
    }
    inner
}

fn forward(text: Spanned<&str>, report: &mut Report) -> Option<Forward> {
    const METHODS: [&str; 5] = ["gate", "masq", "ipip", "gre", "gue"];
    let word = text.value.trim_end_matches([',', ';']);
    let lower = word.to_ascii_lowercase();
    let why = match lower.parse() {
        Ok(forward) => {
            if lower != text.value {
                report.warning(text.span, format!("read as {lower}"));
            }
            return Some(forward);
        }
        Err(why) => why,
    };
    let help = match why {
        ParseForwardError::Method => {
            let near = match lower.as_str() {
                "route" | "dr" | "direct" | "gatewaying" => Some("gate"),
                "nat" | "masquerade" | "masquerading" => Some("masq"),
                "tun" | "tunnel" | "ip-ip" => Some("ipip"),
                other => nearest(other, METHODS),
            };
            near.map(|near| format!("did you mean {near}?"))
        }
        ParseForwardError::Alone => lower.split_once(':').map(|(method, _)| format!("write {method} alone")),
        ParseForwardError::GuePort => Some("write gue:PORT, e.g. gue:6080".to_owned()),
        ParseForwardError::Gre | ParseForwardError::GueChecksum => None,
    };
    report.error(text.span, why.to_string()).help = help;
    None
}

/// What follows the forwarding method.
struct Tail {
    weight: u16,
    exchange: Option<(Spanned<String>, Spanned<String>)>,
    thresholds: Thresholds,
}

fn tail(rest: Spanned<&str>, report: &mut Report) -> Option<Tail> {
    let open = rest.value.find('"').unwrap_or(rest.value.len());
    let close = rest.value.rfind('"').map_or(open, |last| last + 1);
    let (before, strings, behind) =
        (rest.part(0, open), rest.part(open, close), rest.part(close, rest.value.len()));
    let mut thresholds = Thresholds::default();
    let words: Vec<_> = before.words().filter(|word| !thresholds.take(*word, report)).collect();
    let weight = weight(&words, report);
    let exchange = if strings.value.is_empty() || thresholds.take_quoted(strings, report) {
        Some(None)
    } else {
        exchange(strings, report).map(Some)
    };
    let mut good = true;
    for word in behind.words() {
        if !thresholds.take(word, report) {
            unexpected(word, report);
            good = false;
        }
    }
    let good = good && thresholds.good;
    good.then_some(Tail { weight: weight?, exchange: exchange?, thresholds })
}

/// The weight, 1 where none is given.
fn weight(words: &[Spanned<&str>], report: &mut Report) -> Option<u16> {
    let is_number = |word: &Spanned<&str>| word.value.bytes().all(|byte| byte.is_ascii_digit());
    let at = words.iter().position(is_number);
    let (before, behind) = words.split_at(at.unwrap_or(words.len()));
    let Some((number, behind)) = behind.split_first() else {
        for word in before {
            unexpected(*word, report);
        }
        return before.is_empty().then_some(1);
    };
    for word in before {
        // The reference drops whatever stands before the weight.
        ignored_before_weight(*word, report);
    }
    let weight = weight_number(*number, report);
    for word in behind {
        unexpected(*word, report);
    }
    weight.filter(|_| behind.is_empty())
}

fn weight_number(word: Spanned<&str>, report: &mut Report) -> Option<u16> {
    let weight = word.value.parse().ok();
    if weight.is_none() {
        report.error(word.span, "the kernel takes weights from 0 to 65535");
    }
    weight
}

fn ignored_before_weight(word: Spanned<&str>, report: &mut Report) {
    let warning = report.warning(word.span, "this is ignored");
    if word.value == "-w" {
        warning.help("the weight is a bare number");
    }
}

fn unexpected(word: Spanned<&str>, report: &mut Report) {
    if word.value.strip_prefix('-').is_some_and(|digits| digits.parse::<u64>().is_ok()) {
        report.error(word.span, "the kernel takes weights from 0 to 65535");
    } else {
        report
            .error(word.span, "unexpected")
            .help("after the forwarding method: [WEIGHT] [\"REQUEST\", \"RECEIVE\"] [l:NUMBER] [u:NUMBER]");
    }
}

/// `"REQUEST", "RECEIVE"`.
fn exchange(text: Spanned<&str>, report: &mut Report) -> Option<(Spanned<String>, Spanned<String>)> {
    let value = text.value;
    let end = value.rfind('"').filter(|&end| end > 0);
    let middle = end.and_then(|end| separator(&value[..end]));
    let (Some(end), Some((close, open))) = (end, middle) else {
        report.error(text.span, "expected \"REQUEST\", \"RECEIVE\", both in double quotes");
        return None;
    };
    let (request, receive) = (text.part(1, close), text.part(open + 1, end));
    let own = |text: Spanned<&str>| text.map(str::to_owned);
    Some((own(request), own(receive)))
}

/// Where the first text closes and the second opens: the last `" "`, `","` or the like, as in the reference.
fn separator(text: &str) -> Option<(usize, usize)> {
    let open = text.rfind('"').filter(|&open| open > 0)?;
    let between = text[..open].trim_end_matches(super::super::source::BLANK);
    let between = between.strip_suffix(',').unwrap_or(between);
    let between = between.trim_end_matches(super::super::source::BLANK);
    let close = between.len().checked_sub(1).filter(|&close| close > 0 && between.ends_with('"'))?;
    (close + 1 < open).then_some((close, open))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_quoted_texts_are_told_apart() {
        assert_eq!(separator("\"a\",\"b"), Some((2, 4)));
        assert_eq!(separator("\"a\" , \"b"), Some((2, 6)));
        assert_eq!(separator("\"a\"\"b"), None);
        assert_eq!(separator("\"b"), None);
        assert_eq!(separator("\"\" \"b"), None.or(Some((1, 3))));
    }
}
