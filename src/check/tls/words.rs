//! What OpenSSL's errors mean, in words fit for a pager.

use std::io;

use openssl::{
    error::ErrorStack,
    ssl::{Error, ErrorCode},
};

use super::super::trouble;
use crate::health::{Failure, Stage};

/// OpenSSL 3's reason for a connection that ended without the end of TLS.
const EOF: &str = "unexpected eof while reading";

/// The certificate was refused, by us.
pub(super) fn is_verification(error: &Error) -> bool {
    reasons(error).any(|reason| reason == "certificate verify failed")
}

/// A handshake failed, but not for the certificate.
pub(super) fn of_handshake(error: &Error) -> Failure {
    of(error, Stage::Tls)
}

/// What an I/O error is that a TLS stream gave; `None` if there is no TLS error in it.
pub(in crate::check) fn of_io(error: &io::Error, stage: Stage) -> Option<Failure> {
    error.get_ref()?.downcast_ref::<Error>().map(|error| of(error, stage))
}

/// The peer closed the connection, if not as TLS wants it.
pub(in crate::check) fn is_end(error: &io::Error) -> bool {
    error
        .get_ref()
        .and_then(|error| error.downcast_ref::<Error>())
        .is_some_and(|error| reasons(error).any(|r| r == EOF))
}

fn of(error: &Error, stage: Stage) -> Failure {
    if let Some(error) = error.io_error() {
        return trouble::failure(error, stage);
    }
    match error.ssl_error() {
        Some(_) if reasons(error).any(|reason| reason == EOF) => Failure::Closed(stage),
        Some(stack) => Failure::Tls(of_stack(stack)),
        None if error.code() == ErrorCode::SYSCALL || error.code() == ErrorCode::ZERO_RETURN => {
            Failure::Closed(stage)
        }
        None => Failure::Tls(error.to_string()),
    }
}

/// The words for the first error of a stack, which is the cause of the others.
pub(in crate::check) fn of_stack(stack: &ErrorStack) -> String {
    match stack.errors().first().and_then(openssl::error::Error::reason) {
        Some(reason) => plain(reason),
        None => "unknown error".to_owned(),
    }
}

fn plain(reason: &str) -> String {
    match reason {
        // What the first bytes of most other protocols are taken for.
        "wrong version number" | "http request" | "packet length too long" | "bad record type" => {
            "server does not speak TLS".to_owned()
        }
        // "sslv3 alert handshake failure", "tlsv1 alert protocol version": the prefix is history (RFC 8446, 6.2).
        _ => match reason.split_once(" alert ") {
            Some((_, alert)) => format!("server refused the handshake: {alert}"),
            None if reason.ends_with("unrecognized name") => {
                "server refused the handshake: unrecognized name".to_owned()
            }
            None => reason.to_owned(),
        },
    }
}

fn reasons(error: &Error) -> impl Iterator<Item = &'static str> {
    error
        .ssl_error()
        .map(ErrorStack::errors)
        .unwrap_or_default()
        .iter()
        .filter_map(openssl::error::Error::reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_become_words_for_people() {
        assert_eq!(plain("wrong version number"), "server does not speak TLS");
        assert_eq!(plain("sslv3 alert handshake failure"), "server refused the handshake: handshake failure");
        assert_eq!(plain("tlsv1 unrecognized name"), "server refused the handshake: unrecognized name");
        assert_eq!(plain("unsupported protocol"), "unsupported protocol");
    }
}
