//! HTTP (RFC 9112), and gRPC over HTTP/2 (RFC 9113).

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
    [endless("lines without end", "", "and so on\r\n"), endless("zeros without end", "", [0])]
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

pub(crate) fn http_proxy() -> Subject {
    let lines = "service = http_proxy
        request = http://www.example.com/index.html
        receive = good";
    Subject { name: "http_proxy", lines, ..http() }
}

/// A frame of HTTP/2: its type, flags, stream, and what is in it (RFC 9113, 4.1).
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

/// The frames of an answer, one after the other.
pub(crate) fn grpc() -> Subject {
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const SETTINGS: u8 = 4;
    const PING: u8 = 6;
    const WINDOW_UPDATE: u8 = 8;
    const CONTINUATION: u8 = 9;
    let settings = frame(SETTINGS, 0, 0, &[]);
    // Fields of HPACK (RFC 7541): `:status: 200`, `content-type`; `grpc-status: 0`.
    let head = frame(HEADERS, 4, 1, b"\x88\x5f\x10application/grpc");
    let trailers = frame(HEADERS, 5, 1, b"\x00\x0bgrpc-status\x010");
    let places = Talk::new([Step::HearMessage])
        .reply(
            "settings",
            &settings,
            &[
                endless("settings without end", "", &settings),
                endless("pings without end", &settings, frame(PING, 0, 0, &[0; 8])),
                endless("credit without end", &settings, frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])),
                endless("a frame beyond measure", b"\xff\xff\xff\x04\0\0\0\0\0", [0]),
            ],
        )
        .reply(
            "head",
            head,
            &[
                endless(
                    "fields without end",
                    frame(HEADERS, 0, 1, b"\x88"),
                    frame(CONTINUATION, 0, 1, b"\0\x01x\x01x"),
                ),
                endless("interim answers without end", "", frame(HEADERS, 4, 1, b"\x08\x03100")),
            ],
        )
        .reply(
            "message",
            frame(DATA, 0, 1, &[0, 0, 0, 0, 2, 8, 1]),
            &[
                endless("data without end", "", frame(DATA, 0, 1, &[0; 1024])),
                endless("empty data without end", "", frame(DATA, 0, 1, &[])),
            ],
        )
        .reply(
            "trailers",
            trailers,
            &[endless(
                "fields without end",
                frame(HEADERS, 1, 1, &[]),
                frame(CONTINUATION, 0, 1, b"\0\x01x\x01x"),
            )],
        )
        .places();
    Subject::new("grpc", "service = grpc", places)
}

pub(crate) fn grpc_in_tls() -> Subject {
    let lines = "service = grpc
        tls = yes
        tls-verify = full
        virtualhost = www.example.com";
    grpc().in_tls("grpc, in TLS", lines)
}
