//! HTTP (RFC 9112).

use crate::{
    conversations::Endless,
    script::{Step, say},
    subject::{Place, Subject, Talk, endless},
};

const OK: &str = "HTTP/1.1 200 OK\r\n";
const REQUEST: Step = Step::HearTo("\r\n\r\n");

/// Heads that have no end.
fn heads() -> [Endless; 3] {
    [
        endless("fields without end", OK, "X-Filler: and so on\r\n"),
        endless("interim answers without end", "", "HTTP/1.1 100 Continue\r\n\r\n"),
        endless("empty lines without end", "", "\r\n"),
    ]
}

/// Contents that have no end, or say that they are larger than can be.
fn contents() -> [Endless; 2] {
    [
        endless("lines without end", "", "and so on\r\n"),
        endless("zeros without end", "", [0]),
    ]
}

/// A page is asked for; the places of its answer.
fn page() -> Vec<Place> {
    let counted = format!("{OK}Content-Length: 2000000\r\n\r\n");
    Talk::new([REQUEST])
        .reply("head", format!("{OK}Content-Length: 4\r\n\r\n"), &heads())
        .places()
        .into_iter()
        .chain(Talk::new([REQUEST, say(counted)]).reply("content", "well, go", &contents()).places())
        .collect()
}

const PAGE: &str = "service = http
    virtualhost = www.example.com
    request = /index.html
    receive = good";

pub(crate) fn http() -> Subject {
    Subject::new("http", PAGE, page()).with_content()
}

pub(crate) fn https() -> Subject {
    let lines = "service = https
        virtualhost = www.example.com
        tls-verify = full
        request = /index.html
        receive = good";
    http().in_tls("https", lines)
}

/// The client that follows redirects is another one.
pub(crate) fn http_redirected() -> Subject {
    let before = [REQUEST, say("HTTP/1.1 302 Found\r\nLocation: /good\r\n\r\n"), Step::NextConnection];
    let mut places = page();
    for place in &mut places {
        place.before.splice(..0, before.clone());
    }
    Subject { name: "http, redirected", places, ..http() }
}

pub(crate) fn http_in_chunks() -> Subject {
    let head = format!("{OK}Transfer-Encoding: chunked\r\n\r\n");
    let chunks = [
        endless("chunks without end", "", "10\r\n0123456789abcdef\r\n"),
        endless("an extension without end", "1;", "x=y;"),
        endless("a size beyond measure", "", "f"),
        endless("a chunk beyond measure", "ffffffffffffffff\r\n", "x"),
        endless("trailers without end", "4\r\nwell\r\n0\r\n", "X-Filler: and so on\r\n"),
    ];
    let places = Talk::new([REQUEST, say(head)]).reply("chunks", "4\r\nwell\r\n4\r\n", &chunks).places();
    Subject { name: "http, in chunks", places, ..http() }
}
