//! The request, in the words of the reference, with what RFC 3261 wants to be new in each.

use std::net::{IpAddr, SocketAddr};

use crate::{check::random, health::Failure, model::SipCheck};

/// An OPTIONS request.
pub(super) struct Request {
    /// As it is sent.
    pub(super) text: String,
    /// Its Call-ID, by which its answer is known.
    pub(super) call: String,
}

impl Request {
    /// The request of a check that goes from here to there.
    ///
    /// # Errors
    /// The login cannot be part of an address of SIP.
    pub(super) fn new(
        check: &SipCheck,
        transport: &str,
        local: SocketAddr,
        target: SocketAddr,
    ) -> Result<Self, Failure> {
        let [branch, tag, call] = [hex()?, hex()?, hex()?];
        let who = who(&check.login, target.ip())?;
        // That the answer is to go where the request came from (RFC 3581) has a meaning in datagrams only.
        let rport = if transport == "UDP" { ";rport" } else { "" };
        let text = format!(
            "OPTIONS sip:{who} SIP/2.0\r\n\
             Via: SIP/2.0/{transport} {local};branch=z9hG4bK{branch}{rport}\r\n\
             Max-Forwards: 70\r\n\
             To: <sip:{who}>\r\n\
             From: <sip:{who}>;tag={tag}\r\n\
             Call-ID: {call}\r\n\
             CSeq: 63104 OPTIONS\r\n\
             Contact: <sip:{who}>\r\n\
             Accept: application/sdp\r\n\
             Content-Length: 0\r\n\r\n"
        );
        Ok(Self { text, call })
    }
}

/// Who is asked for; without anybody it is the server itself.
fn who(login: &str, server: IpAddr) -> Result<String, Failure> {
    if login.is_empty() {
        return Ok(match server {
            IpAddr::V4(server) => server.to_string(),
            IpAddr::V6(server) => format!("[{server}]"),
        });
    }
    if login.contains(|c: char| c.is_control() || c.is_whitespace() || "<>\"".contains(c)) {
        return Err(Failure::Protocol("the login cannot be part of an address of SIP".to_owned()));
    }
    Ok(login.to_owned())
}

/// A word that is never the same twice: 16 digits, as the reference's.
fn hex() -> Result<String, Failure> {
    Ok(format!("{:016x}", u64::from_be_bytes(random::bytes()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Transport;

    fn request(login: &str, transport: &str, local: &str, target: &str) -> Result<Request, Failure> {
        let check = SipCheck { transport: Transport::Udp, tls: None, login: login.into() };
        Request::new(&check, transport, local.parse().unwrap(), target.parse().unwrap())
    }

    #[test]
    fn a_request_is_the_one_of_the_reference_but_for_what_must_be_new() {
        let one = request("me@x", "UDP", "192.0.2.1:4711", "192.0.2.2:5060").unwrap();
        let other = request("me@x", "UDP", "192.0.2.1:4711", "192.0.2.2:5060").unwrap();
        let lines: Vec<&str> = one.text.split("\r\n").collect();
        let via = lines[1].strip_prefix("Via: SIP/2.0/UDP 192.0.2.1:4711;branch=z9hG4bK").unwrap();
        assert_eq!((via.len(), &via[16..]), (22, ";rport"));
        let tag = lines[4].strip_prefix("From: <sip:me@x>;tag=").unwrap();
        assert_eq!(tag.len(), 16);
        let rest =
            [lines[0], lines[2], lines[3], lines[6], lines[7], lines[8], lines[9], lines[10], lines[11]];
        assert_eq!(
            rest,
            [
                "OPTIONS sip:me@x SIP/2.0",
                "Max-Forwards: 70",
                "To: <sip:me@x>",
                "CSeq: 63104 OPTIONS",
                "Contact: <sip:me@x>",
                "Accept: application/sdp",
                "Content-Length: 0",
                "",
                "",
            ]
        );
        assert_eq!(lines[5], format!("Call-ID: {}", one.call));
        let fresh = |line: usize| one.text.lines().nth(line) != other.text.lines().nth(line);
        assert!(fresh(1) && fresh(4) && fresh(5));
    }

    #[test]
    fn without_a_login_the_server_itself_is_asked_for() {
        let four = request("", "TCP", "192.0.2.1:1", "192.0.2.2:5060").unwrap();
        assert!(
            four.text.starts_with("OPTIONS sip:192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1:1;branch=")
        );
        assert!(!four.text.contains("rport"));
        let six = request("", "TLS", "[2001:db8::1]:1", "[2001:db8::2]:5061").unwrap();
        assert!(
            six.text.starts_with("OPTIONS sip:[2001:db8::2] SIP/2.0\r\nVia: SIP/2.0/TLS [2001:db8::1]:1;b")
        );
    }

    #[test]
    fn a_login_smuggles_no_field() {
        for login in ["a@b\r\nX: y", "a b", "a>;x=<", "a\0"] {
            let Err(failure) = request(login, "UDP", "192.0.2.1:1", "192.0.2.2:1") else {
                panic!("{login:?}")
            };
            assert_eq!(failure.to_string(), "not understood: the login cannot be part of an address of SIP");
        }
    }
}
