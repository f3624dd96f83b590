//! What mail servers, FTP servers, Redis and agents say, from servers that mean no good. The first byte says how an answer
//! of Redis is cut.
#![no_main]

use ldirectord::{
    check::{
        agent::Report,
        ftp::passive,
        mail::{imap, pop},
        redis::answer::{Answer, Malformed},
        reply::Part,
    },
    health::Mode,
};

libfuzzer_sys::fuzz_target!(|input: (u8, &[u8])| {
    let (length, bytes) = input;
    for line in bytes.split(|&byte| byte == b'\n') {
        said(line);
    }
    let whole = read(bytes, bytes.len());
    assert_eq!(whole, read(bytes, length.into()), "it depends on the pieces it comes in");
});

/// Nothing that is understood goes beyond its bounds.
fn said(line: &[u8]) {
    if let Some(part) = Part::parse(line) {
        assert!((100..700).contains(&part.code) && part.text.len() < line.len());
    }
    assert!(passive::port(line) != Some(0) && passive::extended_port(line) != Some(0));
    let kinds = [pop::Status::parse(line).is_some(), Part::parse(line).is_some()];
    assert!(kinds != [true; 2], "a line of two protocols");
    let _ = imap::Line::parse(line);
    if let Some(report) = Report::parse(line) {
        assert!(report.advice.percent <= 100);
        assert!(matches!(report.advice.mode, Mode::Ready | Mode::Drain | Mode::Maintenance));
    }
}

/// What came of an answer: whether there was enough, whether it is an error, and its text.
fn read(bytes: &[u8], length: usize) -> Result<(bool, bool, Vec<u8>), ()> {
    let mut answer = Answer::default();
    let mut enough = false;
    for piece in bytes.chunks(length.max(1)) {
        enough = answer.feed(piece).map_err(|_: Malformed| ())?;
    }
    Ok((enough, answer.error().is_some(), answer.text().to_vec()))
}
