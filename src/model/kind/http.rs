//! What is asked of HTTP servers and proxies.

use std::{fmt, net::IpAddr, num::NonZeroU16, ops::RangeInclusive, sync::Arc};

use super::{content::Expected, tls::Security};
use crate::model::Pattern;

/// An HTTP exchange.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpCheck {
    /// HTTPS; `None` is plain HTTP.
    pub tls: Option<Arc<Security>>,
    /// The `virtualhost`: value of the Host header. `None`: the server's address without its port.
    pub virtual_host: Option<Arc<str>>,
    /// The real server's own address, where another one is asked in its stead (a request that is a whole URL): then this
    /// is what the Host header has without a virtual host.
    pub server: Option<IpAddr>,
    /// The server is a proxy (`http_proxy`): the request is the whole URL that it is to fetch.
    pub proxy: bool,
    /// What is asked (`httpmethod`).
    pub method: HttpMethod,
    /// Path and query, as written in the configuration; begins with a slash. For a proxy a URL.
    pub request: Arc<str>,
    /// Further fields of the head (`request-header`).
    pub headers: Arc<[HttpField]>,
    /// What is sent with it (`request-body`).
    pub body: Option<Arc<str>>,
    /// The statuses that are good (`httpstatus`); `None` are those of a success, 200 to 299.
    pub status: Option<StatusSet>,
    /// Fields that the answer's head must have (`receive-header`).
    pub expected_headers: Arc<[ExpectedField]>,
    /// What the content must be like.
    pub expected: Expected,
}

impl HttpCheck {
    /// The page at `/` is fetched, and a success is good.
    #[must_use]
    pub fn page() -> Self {
        Self {
            tls: None,
            virtual_host: None,
            server: None,
            proxy: false,
            method: HttpMethod::Get,
            request: "/".into(),
            headers: Arc::new([]),
            body: None,
            status: None,
            expected_headers: Arc::new([]),
            expected: Expected::default(),
        }
    }
}

/// What is asked of an HTTP server (RFC 9110, 9.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HttpMethod {
    /// The page.
    #[default]
    Get,
    /// What would come with the page, without the page.
    Head,
    /// What can be asked of it.
    Options,
    /// Something is sent to be worked on.
    Post,
    /// Something is sent to be kept.
    Put,
}

impl HttpMethod {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Get, Self::Head, Self::Options, Self::Post, Self::Put];

    /// The word of the protocol.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// A field of a head (RFC 9110, 5). Its `Debug` form does not show the value, which may be a password.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpField {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl fmt::Debug for HttpField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpField({}: ..)", self.name)
    }
}

/// A field that the head of an answer must have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExpectedField {
    /// Its name, in any case.
    pub name: String,
    /// What its value must match; of several fields with this name one must.
    pub value: Arc<Pattern>,
}

/// Statuses of HTTP, as ranges.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusSet(Arc<[(NonZeroU16, NonZeroU16)]>);

impl StatusSet {
    /// The set of these ranges; `None` where there are none, or one is empty or goes beyond 200 to 599: an interim answer
    /// (1xx) says nothing yet.
    #[must_use]
    pub fn new(ranges: impl IntoIterator<Item = RangeInclusive<u16>>) -> Option<Self> {
        let bounds = |range: RangeInclusive<u16>| {
            let (first, last) = range.into_inner();
            let good = first >= 200 && first <= last && last <= 599;
            good.then(|| Some((NonZeroU16::new(first)?, NonZeroU16::new(last)?))).flatten()
        };
        let ranges = ranges.into_iter().map(bounds).collect::<Option<Arc<[_]>>>()?;
        (!ranges.is_empty()).then_some(Self(ranges))
    }

    /// Whether a status is one of them.
    #[must_use]
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|(first, last)| (first.get()..=last.get()).contains(&status))
    }
}

impl fmt::Display for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            if first == last { write!(f, "{first}")? } else { write!(f, "{first}-{last}")? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_ranges_of_those_that_there_are() {
        let set = StatusSet::new([200..=299, 401..=401]).unwrap();
        assert_eq!(set.to_string(), "200-299, 401");
        for (status, good) in [(199, false), (200, true), (299, true), (300, false), (401, true)] {
            assert_eq!(set.contains(status), good, "{status}");
        }
        #[expect(clippy::reversed_empty_ranges, reason = "that is what is tried")]
        let wrong = [StatusSet::new([]), StatusSet::new([299..=200]), StatusSet::new([199..=200])];
        assert_eq!(wrong, [None, None, None]);
    }

    #[test]
    fn what_is_sent_in_a_field_is_not_in_debug_output() {
        let field = HttpField { name: "Authorization".into(), value: "Bearer hunter2".into() };
        assert_eq!(format!("{field:?}"), "HttpField(Authorization: ..)");
    }
}
