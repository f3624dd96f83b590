//! Requests, from how they are written to how they are sent. The reference puts a slash in front of every request, and takes
//! it away again for services that know none: so one slash in front of these is no part of what is sent.

use std::{net::IpAddr, sync::Arc};

use super::{Lowering, Reported, asks::over, kinds::transport, url};
use crate::{
    config::{
        Resolver, Spanned,
        draft::{self, Step as Draft},
        escape::{self, unescape},
    },
    model::{
        Bytes, CheckKind, DnsCheck, Expected, Protocol, RecordType, Security, Step, TcpCheck, TcpTalk,
        UdpCheck, VirtualId,
    },
};

impl<R: Resolver> Lowering<'_, '_, R> {
    /// The path that an HTTP server is asked for.
    pub(super) fn http_path(&mut self, given: Option<&Spanned<String>>) -> Option<String> {
        let Some(given) = given else { return Some("/".to_owned()) };
        let path = given.value.trim_start_matches('/');
        if url::scheme(path).is_some() {
            self.report
                .error(given.span, "a request is a path, not an address")
                .help("write what follows the host's name, and the name itself as \"virtualhost\"");
            return None;
        }
        Some(self.path(path, given))
    }

    /// The file that an FTP server is asked for, if it is for one.
    pub(super) fn file(&mut self, given: Option<&Spanned<String>>) -> Result<Option<String>, Reported> {
        let Some(given) = given else { return Ok(None) };
        let path = given.value.trim_start_matches('/');
        if url::scheme(path).is_some() {
            self.report.error(given.span, "a request is the path of a file, not an address");
            return Err(Reported);
        }
        Ok(Some(format!("/{path}")))
    }

    /// What a proxy is asked to fetch: a whole URL, with what cannot stand in one escaped.
    pub(super) fn url_for_proxy(
        &mut self,
        draft: &draft::Virtual,
        given: Option<&Spanned<String>>,
    ) -> Option<String> {
        let Some(given) = given else {
            let span = draft.service.as_ref().map_or(draft.at.span, |given| given.span);
            self.report
                .error(span, "a proxy needs a \"request\": the whole URL that it is to fetch")
                .help("request = \"http://www.example.com/\"");
            return None;
        };
        let whole = given.value.trim_start_matches('/');
        match url::scheme(whole) {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => match url::read(rest) {
                Ok(_) => return Some(self.sent(whole, given)),
                Err(wrong) => {
                    self.report.error(given.span, wrong).help("write http://HOST[:PORT]/PATH");
                }
            },
            Some(_) => {
                self.report
                    .error(given.span, "what is https is not fetched by a proxy: it only opens a tunnel")
                    .help("let it fetch a page by http, or open connections alone with checktype = connect");
            }
            None => {
                self.report
                    .error(given.span, "a proxy is asked for a whole URL")
                    .help("request = \"http://www.example.com/\"");
            }
        }
        None
    }

    /// A request as bytes, of which some are written as escapes; empty without one.
    pub(super) fn raw(&mut self, given: Option<&Spanned<String>>) -> Option<Bytes> {
        let Some(given) = given else { return Some(Bytes::default()) };
        match unescape(&given.value) {
            Ok(bytes) => Some(Bytes::new(bytes)),
            Err(at) => {
                let end =
                    given.value[at..].char_indices().nth(2).map_or(given.value.len(), |(end, _)| at + end);
                self.report.error(given.span.part(at, end), "this escape is not known").help(escape::KNOWN);
                None
            }
        }
    }

    /// What is said over TCP, or sent in a datagram where the virtual service is one of UDP.
    pub(super) fn conversation(
        &mut self,
        id: VirtualId,
        draft: &draft::Virtual,
        given: Option<&Spanned<String>>,
        expected: Expected,
        tls: Option<Arc<Security>>,
    ) -> Option<CheckKind> {
        if let Some(dialogue) = &draft.dialogue {
            if over(id, Protocol::Udp) {
                self.report.error(dialogue.span, "a dialogue needs a connection: there is none over UDP");
                return None;
            }
            let step = |step: &Draft| match step {
                Draft::Send(bytes) => Some(Step::Send(bytes.clone())),
                Draft::Expect(pattern) => self.pattern(pattern).map(Step::Expect),
            };
            let steps = dialogue.value.iter().map(step).collect::<Option<Vec<_>>>()?;
            return Some(CheckKind::Tcp(TcpCheck { tls, talk: TcpTalk::Steps(steps.into()) }.into()));
        }
        let bare = given.map(|given| match given.value.strip_prefix('/') {
            Some(rest) => Spanned::new(rest.to_owned(), given.span.part(1, given.value.len())),
            None => given.clone(),
        });
        let request = self.raw(bare.as_ref())?;
        Some(if over(id, Protocol::Udp) {
            CheckKind::Udp(UdpCheck { request, expected }.into())
        } else {
            CheckKind::Tcp(TcpCheck { tls, talk: TcpTalk::Once { request, expected } }.into())
        })
    }

    /// What a name server is asked.
    pub(super) fn dns(
        &mut self,
        id: VirtualId,
        draft: &draft::Virtual,
        given: Option<&Spanned<String>>,
        expected: Expected,
    ) -> Option<DnsCheck> {
        let Some(given) = given else {
            let span = draft.service.as_ref().map_or(draft.at.span, |given| given.span);
            self.report
                .error(span, "a name server needs a \"request\": the name that it is asked for")
                .help("request = \"www.example.com\"; querytype says for which record");
            return None;
        };
        let name = given.value.trim_start_matches('/');
        let record = draft.record.map(|given| given.value);
        let (name, record) = match name.parse() {
            // As in the reference, an address asks for its name.
            Ok(address) => (reverse(address), record.unwrap_or(RecordType::Ptr)),
            Err(_) => (name.to_owned(), record.unwrap_or_default()),
        };
        let labels = name.strip_suffix('.').unwrap_or(&name).split('.');
        let good =
            |label: &str| (1..=63).contains(&label.len()) && label.is_ascii() && !label.contains([' ', '\\']);
        if name != "." && (name.len() > 254 || !labels.into_iter().all(good)) {
            self.report.error(given.span, "this is no name that a name server could know");
            return None;
        }
        Some(DnsCheck { transport: transport(id), name, record, expected })
    }

    /// The path of HTTP as it is sent: with one slash in front, and what cannot stand in a URL escaped.
    pub(super) fn path(&mut self, path: &str, given: &Spanned<String>) -> String {
        format!("/{}", self.sent(path, given))
    }

    /// What is sent of a URL or a path: without a fragment, and with what cannot stand in one escaped.
    fn sent(&mut self, text: &str, given: &Spanned<String>) -> String {
        let Some((text, _)) = text.split_once('#') else { return escaped(text) };
        self.report.warning(given.span, "the part from \"#\" on is never sent to a server");
        escaped(text)
    }
}

/// The name that stands for an address (RFC 1035, 3.5; RFC 3596, 2.5).
fn reverse(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(address) => {
            let digits = address.octets().into_iter().rev();
            let digits = digits.flat_map(|byte| [byte & 0xf, byte >> 4]);
            digits.fold(String::new(), |name, digit| name + &format!("{digit:x}.")) + "ip6.arpa"
        }
    }
}

/// A path with what cannot stand in a URL escaped, as the reference's URI library does.
fn escaped(path: &str) -> String {
    use std::fmt::Write as _;
    let mut url = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b";/?:@&=+$,[]-_.!~*'()%".contains(&byte) {
            url.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_names() {
        assert_eq!(reverse("192.0.2.1".parse().unwrap()), "1.2.0.192.in-addr.arpa");
        let six = reverse("2001:db8::1".parse().unwrap());
        assert_eq!(six, format!("1.{}8.b.d.0.1.0.0.2.ip6.arpa", "0.".repeat(23)));
    }

    #[test]
    fn what_cannot_stand_in_a_url_is_escaped() {
        assert_eq!(escaped("a b?c=\"d\"&é%20"), "a%20b?c=%22d%22&%C3%A9%20");
    }
}
