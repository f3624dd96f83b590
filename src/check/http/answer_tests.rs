use proptest::prelude::*;

use super::*;
use crate::model::{ExpectedField, Pattern, StatusSet};

const STATUS: Want<'_> = Want { statuses: None, fields: &[], content: false };
const CONTENT: Want<'_> = Want { content: true, ..STATUS };

/// What is known of an answer in the end, whichever way it came.
#[derive(Debug, PartialEq)]
struct Outcome {
    complete: Result<bool, &'static str>,
    status: u16,
    refused: Option<Failure>,
    location: Option<String>,
    content: Vec<u8>,
}

/// Feeds the bytes in pieces of these lengths, over and over, then closes.
fn take(bytes: &[u8], pieces: &[usize], want: Want<'_>) -> Outcome {
    let mut answer = Answer::new(want);
    let (mut rest, mut complete) = (bytes, Ok(false));
    for length in pieces.iter().cycle() {
        if rest.is_empty() || complete != Ok(false) {
            break;
        }
        let (piece, after) = rest.split_at((*length).min(rest.len()));
        complete = answer.feed(piece).map_err(|malformed| kind(&malformed));
        rest = after;
    }
    if complete == Ok(false) {
        complete = Ok(answer.close());
    }
    Outcome {
        complete,
        status: answer.status(),
        refused: answer.refused().cloned(),
        location: answer.location().map(str::to_owned),
        content: answer.content().to_vec(),
    }
}

/// The words of an error hold what had come by then, which depends on the pieces; its kind does not.
fn kind(malformed: &Malformed) -> &'static str {
    match malformed {
        Malformed::NotHttp(_) => "not http",
        Malformed::TooLong => "too long",
        Malformed::Header(_) => "header",
        Malformed::Length => "length",
        Malformed::Chunk(_) => "chunk",
    }
}

fn whole(text: &str, want: Want<'_>) -> Outcome {
    take(text.as_bytes(), &[usize::MAX], want)
}

#[test]
fn a_status_is_enough_where_no_content_is_wanted() {
    let mut answer = Answer::new(STATUS);
    assert_eq!(answer.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"), Ok(true));
    assert_eq!((answer.status(), answer.content().len()), (200, 0));
}

#[test]
fn content_is_complete_without_a_close_where_its_length_is_known() {
    let mut answer = Answer::new(CONTENT);
    assert_eq!(answer.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npa"), Ok(false));
    assert!(answer.has_head());
    assert_eq!(answer.feed(b"ge and more"), Ok(true));
    assert_eq!(answer.content(), b"page");
}

#[test]
fn content_that_is_cut_short_is_not_complete() {
    let cut = whole("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npage", CONTENT);
    assert_eq!(cut.complete, Ok(false));
    let cut = whole("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npage\r\n", CONTENT);
    assert_eq!(cut.complete, Ok(false));
    let closed = whole("HTTP/1.0 200 OK\r\n\r\npage", CONTENT);
    assert_eq!((closed.complete, &closed.content[..]), (Ok(true), &b"page"[..]));
}

#[test]
fn interim_answers_are_skipped_but_not_for_ever() {
    let answer = whole("HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", CONTENT);
    assert_eq!((answer.complete, answer.status), (Ok(true), 204));
    let endless = "HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000);
    assert_eq!(whole(&endless, STATUS).complete, Err("too long"));
    assert_eq!(take(endless.as_bytes(), &[3], STATUS).complete, Err("too long"));
    assert_eq!(whole("HTTP/1.1 101 Switching\r\n\r\n", STATUS).status, 101);
}

#[test]
fn only_redirects_have_a_location() {
    let found = whole("HTTP/1.1 302 Found\r\nLocation: /there\r\n\r\n", STATUS);
    let refused = Failure::Status { code: 302, text: "Found".into() };
    assert_eq!((found.refused, found.location.as_deref()), (Some(refused), Some("/there")));
    for status in ["200 OK", "304 Not Modified", "500 Oops"] {
        let answer = whole(&format!("HTTP/1.1 {status}\r\nLocation: /there\r\n\r\n"), STATUS);
        assert_eq!(answer.location, None, "{status}");
    }
}

#[test]
fn a_wanted_status_is_no_failure_and_no_redirect() {
    let set = StatusSet::new([302..=302, 404..=404]).unwrap();
    let want = Want { statuses: Some(&set), ..CONTENT };
    let found = whole("HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 4\r\n\r\nhere", want);
    assert_eq!((found.complete, found.refused, found.location), (Ok(true), None, None));
    assert_eq!(found.content, b"here");
    let gone = whole("HTTP/1.1 404 Gone\r\n\r\nno page", want);
    assert_eq!((gone.complete, gone.refused, &gone.content[..]), (Ok(true), None, &b"no page"[..]));
    let good = whole("HTTP/1.1 200 OK\r\n\r\n", want);
    assert_eq!(good.refused.unwrap().to_string(), "status 200 OK");
}

#[test]
fn wanted_fields_are_looked_for_in_good_heads_alone() {
    let fields = [ExpectedField { name: "x-version".into(), value: Pattern::new("^2").unwrap().into() }];
    let want = Want { fields: &fields, ..CONTENT };
    let refused = |head: &str| whole(&format!("{head}\r\n\r\n"), want).refused.map(|f| f.to_string());
    assert_eq!(refused("HTTP/1.1 200 OK\r\nX-Version: 1\r\nX-VERSION: 2.1"), None);
    let other = "header x-version does not match /^2/, got \"1\"";
    assert_eq!(refused("HTTP/1.1 200 OK\r\nX-Version: 1").as_deref(), Some(other));
    assert_eq!(refused("HTTP/1.1 500 Oops").as_deref(), Some("status 500 Oops"));
    let interim = "HTTP/1.1 103 Early\r\nX-Version: 2\r\n\r\nHTTP/1.1 200 OK";
    assert_eq!(refused(interim).as_deref(), Some("answer has no header x-version"));
}

#[test]
fn content_is_kept_up_to_the_limit() {
    let page = "x".repeat(content::LIMIT + 10);
    let answer = whole(&format!("HTTP/1.1 200 OK\r\n\r\n{page}"), CONTENT);
    assert_eq!((answer.complete, answer.content.len()), (Ok(true), content::LIMIT));
}

/// Answers good, bad and broken: heads put together from parts, then anything.
fn answers() -> impl Strategy<Value = Vec<u8>> {
    let status = prop::sample::select(vec![
        "HTTP/1.1 200 OK",
        "HTTP/1.0 200",
        "HTTP/1.1 204 None",
        "HTTP/1.1 100 Go",
        "HTTP/1.1 302 Found",
        "HTTP/1.1 500 Oops",
        "HTTP/1.1 2000 OK",
        "HTTP/2 200",
        "SSH-2.0",
        "",
    ]);
    let field = prop::sample::select(vec![
        "Content-Length: 5",
        "Content-Length: 500",
        "Content-Length: x",
        "Transfer-Encoding: chunked",
        "Location: /there",
        "nonsense",
        " folded",
        "",
    ]);
    let end = prop::sample::select(vec!["\r\n", "\n"]);
    let body = prop_oneof![
        Just(b"5\r\nhello\r\n0\r\n\r\n".to_vec()),
        Just(b"HTTP/1.1 200 OK\r\n\r\nhello".to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    (status, prop::collection::vec(field, 0..4), end, body).prop_map(|(status, fields, end, body)| {
        let mut bytes = format!("{status}{end}").into_bytes();
        for field in fields {
            bytes.extend_from_slice(format!("{field}{end}").as_bytes());
        }
        bytes.extend_from_slice(end.as_bytes());
        bytes.extend_from_slice(&body);
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn an_answer_is_the_same_however_it_is_split(
        bytes in answers(),
        pieces in prop::collection::vec(1_usize..30, 1..6),
        content in any::<bool>(),
        picky in any::<bool>(),
    ) {
        let fields = [ExpectedField { name: "Location".into(), value: Pattern::new("^/t").unwrap().into() }];
        let want = if content { CONTENT } else { STATUS };
        let want = if picky { Want { fields: &fields, ..want } } else { want };
        prop_assert_eq!(take(&bytes, &pieces, want), take(&bytes, &[usize::MAX], want));
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        pieces in prop::collection::vec(1_usize..30, 1..6),
    ) {
        take(&bytes, &pieces, CONTENT);
        take(&[b"HTTP/1.1 200 OK\r\n", &bytes[..]].concat(), &pieces, CONTENT);
    }
}
