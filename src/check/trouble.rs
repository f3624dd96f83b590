//! What the operating system's errors mean for a check.

use std::io;

use rustix::io::Errno;

use crate::health::{Failure, Stage};

/// The failure that an I/O error in this stage stands for.
pub(super) fn failure(error: &io::Error, stage: Stage) -> Failure {
    if let Some(failure) = super::tls::words::of_io(error, stage) {
        return failure;
    }
    let Some(errno) = Errno::from_io_error(error) else { return without_number(error, stage) };
    match errno {
        Errno::CONNREFUSED => Failure::Refused,
        Errno::CONNRESET | Errno::PIPE | Errno::CONNABORTED => Failure::Closed(stage),
        // The kernel gave up retransmitting before our deadline did.
        Errno::TIMEDOUT => Failure::TimedOut(stage),
        // What routers and neighbours answer (ICMP), or what the lack of their answer means. EACCES is what ICMPv6
        // "administratively prohibited" becomes.
        Errno::HOSTUNREACH
        | Errno::NETUNREACH
        | Errno::HOSTDOWN
        | Errno::NETDOWN
        | Errno::NONET
        | Errno::NOPROTOOPT
        | Errno::PROTO
        | Errno::ACCESS => Failure::Unreachable(words(error)),
        // The rest is the director's own: no descriptor (EMFILE, ENFILE), no free port (EADDRNOTAVAIL), no memory
        // (ENOBUFS, ENOMEM), a local firewall (EPERM), no such address family.
        _ => Failure::Local(words(error)),
    }
}

fn without_number(error: &io::Error, stage: Stage) -> Failure {
    if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::WriteZero) {
        Failure::Closed(stage)
    } else {
        Failure::Local(words(error))
    }
}

/// The system's words, without Rust's number behind them.
pub(super) fn words(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(errno: Errno) -> Failure {
        failure(&io::Error::from(errno), Stage::Answer)
    }

    #[test]
    fn the_servers_trouble_and_our_own_are_told_apart() {
        assert_eq!(of(Errno::CONNREFUSED), Failure::Refused);
        assert_eq!(of(Errno::CONNRESET), Failure::Closed(Stage::Answer));
        assert_eq!(of(Errno::PIPE), Failure::Closed(Stage::Answer));
        assert_eq!(of(Errno::TIMEDOUT), Failure::TimedOut(Stage::Answer));
        assert_eq!(of(Errno::HOSTUNREACH), Failure::Unreachable("No route to host".into()));
        for ours in
            [Errno::MFILE, Errno::NFILE, Errno::ADDRNOTAVAIL, Errno::NOBUFS, Errno::PERM, Errno::AFNOSUPPORT]
        {
            assert_eq!(of(ours).kind(), "local", "{ours:?}");
        }
    }

    #[test]
    fn an_end_of_file_made_by_a_library_is_a_closed_connection() {
        let error = io::Error::new(io::ErrorKind::UnexpectedEof, "end");
        assert_eq!(failure(&error, Stage::Login), Failure::Closed(Stage::Login));
    }
}
