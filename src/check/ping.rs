//! An echo request of ICMP is answered (RFC 792, RFC 4443): the server's host is there, whatever runs on it.
//!
//! Over the sockets that need no privilege where the kernel allows them (`net.ipv4.ping_group_range`, icmp(7)), else
//! over raw ones, which take `CAP_NET_RAW`.

use std::{
    io,
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::time::timeout;

use super::{Ask, datagrams::Datagrams, net, trouble};
use crate::{
    health::{Evidence, Failure, Stage},
    model::{PingCheck, Route},
};

/// Type, code, checksum, identifier, sequence number.
const HEADER: usize = 8;
/// As many bytes of data as the reference sends.
const DATA: usize = 64;

/// Asks until an answer comes. The last request has until the deadline around all of this.
pub(super) async fn probe(ask: &Ask<'_>, check: &PingCheck) -> Result<Evidence, Failure> {
    let target = ask.spec.target;
    let opened = open(target, ask.spec.route).and_then(|(socket, raw)| Ok((Datagrams::over(socket)?, raw)));
    let (datagrams, raw) = opened.map_err(|error| trouble::failure(&error, Stage::Answer))?;
    for left in (0..check.tries.get()).rev() {
        let token = token();
        let request = request(target.is_ipv6(), token);
        let take = |packet: &[u8]| is_answer(packet, target.is_ipv6(), raw, token).then_some(());
        let answer = datagrams.ask_once(ask, &request, take);
        if left == 0 {
            answer.await?;
        } else if let Ok(answered) = timeout(check.patience, answer).await {
            answered?;
            break;
        }
    }
    Ok(Evidence::default())
}

/// A socket that hears this host alone, and whether it is a raw one.
fn open(target: SocketAddr, route: Route) -> io::Result<(Socket, bool)> {
    let (domain, protocol) =
        if target.is_ipv4() { (Domain::IPV4, Protocol::ICMPV4) } else { (Domain::IPV6, Protocol::ICMPV6) };
    let (socket, raw) = match Socket::new(domain, Type::DGRAM, Some(protocol)) {
        Ok(socket) => (socket, false),
        Err(_) => match Socket::new(domain, Type::RAW, Some(protocol)) {
            Ok(socket) => (socket, true),
            Err(error) => {
                let words = trouble::words(&error);
                return Err(io::Error::other(format!(
                    "ping is not permitted ({words}): net.ipv4.ping_group_range must have this group, or the \
                     director CAP_NET_RAW"
                )));
            }
        },
    };
    socket.set_nonblocking(true)?;
    net::set_out(&socket, route)?;
    // The port means nothing here; without it the address is the same for all kinds of sockets.
    socket.connect(&SocketAddr::new(target.ip(), 0).into())?;
    Ok((socket, raw))
}

/// What tells an answer to this request from others: never the same twice in a process, nor soon in two.
fn token() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    (u64::from(std::process::id()) << 32) ^ NEXT.fetch_add(1, Ordering::Relaxed)
}

/// An echo request. Of IPv6 the kernel works out the checksum, and of both the identifier where the socket is not raw.
fn request(six: bool, token: u64) -> [u8; HEADER + DATA] {
    let mut packet = [0; HEADER + DATA];
    packet[0] = if six { 128 } else { 8 };
    packet[4..HEADER].copy_from_slice(&token.to_be_bytes()[4..]);
    packet[HEADER..HEADER + 8].copy_from_slice(&token.to_be_bytes());
    if !six {
        let checksum = checksum(&packet);
        packet[2..4].copy_from_slice(&checksum.to_be_bytes());
    }
    packet
}

/// Whether a packet answers the request with this token. A raw socket of IPv4 gives the header of the packet too.
fn is_answer(packet: &[u8], six: bool, raw: bool, token: u64) -> bool {
    let skip = match packet.first() {
        Some(first) if raw && !six => usize::from(first & 0x0f) * 4,
        Some(_) => 0,
        None => return false,
    };
    let reply = if six { 129 } else { 0 };
    packet.get(skip..).is_some_and(|icmp| {
        icmp.first() == Some(&reply) && icmp.get(HEADER..HEADER + 8) == Some(&token.to_be_bytes())
    })
}

/// The Internet checksum (RFC 1071) of an even number of bytes.
fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_packet_sums_up_to_nothing() {
        assert_eq!(checksum(&request(false, 0x0102_0304_0506_0708)), 0);
        // RFC 1071, 3.
        assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
    }

    #[test]
    fn only_the_answer_to_our_own_request_counts() {
        let mut answer = request(false, 7);
        assert!(!is_answer(&answer, false, false, 7), "it is a request");
        answer[0] = 0;
        assert!(is_answer(&answer, false, false, 7));
        assert!(!is_answer(&answer, false, false, 8));
        assert!(!is_answer(&answer, true, false, 7));
        let mut whole = vec![0; 20];
        whole[0] = 0x45;
        whole.extend(answer);
        assert!(is_answer(&whole, false, true, 7));
        for length in 0..20 + HEADER + 8 {
            assert!(!is_answer(&whole[..length], false, true, 7), "{length}");
        }
    }
}
