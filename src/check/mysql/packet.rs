//! The packets of `MySQL` and `MariaDB` ("Client/Server Protocol") that a check understands, and those that it sends.

/// What is no packet of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// What client and server say they can do (`CLIENT_...`).
pub mod capability {
    /// A database is named in the login.
    pub const CONNECT_WITH_DB: u32 = 1 << 3;
    /// The protocol of version 4.1, which is the only one that is spoken here.
    pub const PROTOCOL_41: u32 = 1 << 9;
    /// TLS.
    pub const SSL: u32 = 1 << 11;
    /// The login of version 4.1.
    pub const SECURE_CONNECTION: u32 = 1 << 15;
    /// Logins of several kinds.
    pub const PLUGIN_AUTH: u32 = 1 << 19;
}

/// The server's greeting (`HandshakeV10`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// What the server can do.
    pub capabilities: u32,
    /// Bytes for this login alone.
    pub nonce: Nonce,
    /// The kind of login that it would like.
    pub plugin: String,
}

/// Twenty bytes that the server made up for a login.
pub type Nonce = [u8; 20];

/// What the server says to a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// It is accepted; or a command was carried out, with so many rows changed.
    Done(u64),
    /// It is refused, or something is wrong.
    Error(ServerError<'a>),
    /// Another kind of login is wanted.
    Switch {
        /// Which.
        plugin: &'a [u8],
        /// Bytes for this login.
        data: &'a [u8],
    },
    /// More of a login of several steps.
    More(&'a [u8]),
}

/// An error that the server tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerError<'a> {
    /// Its number.
    pub code: u16,
    /// Its SQLSTATE; empty where the server has none to tell yet.
    pub state: &'a [u8],
    /// The server's words.
    pub text: &'a [u8],
}

impl<'a> ServerError<'a> {
    /// Reads what follows the 0xff.
    fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let (code, rest) = body.split_first_chunk().ok_or(Malformed)?;
        let (state, text) = match rest {
            [b'#', rest @ ..] => rest.split_at_checked(5).ok_or(Malformed)?,
            text => (&[][..], text),
        };
        Ok(Self { code: u16::from_le_bytes(*code), state, text })
    }

    /// Whether, as the answer to a login, it is about who logs in from where, and not about the server.
    #[must_use]
    pub fn refuses_login(&self) -> bool {
        // Access denied to a database, at all, from this host, without a password; expired, locked (MySQL, MariaDB), a
        // kind of login that is not supported.
        let codes = [1044, 1045, 1130, 1698, 1820, 1862, 3118, 4151, 1251];
        codes.contains(&self.code) || self.state.starts_with(b"28")
    }
}

impl Greeting {
    /// Reads a greeting.
    ///
    /// # Errors
    /// It is none of version 10, or the server is older than 4.1; the error, if the server says that instead.
    pub fn read(packet: &[u8]) -> Result<Result<Self, ServerError<'_>>, Malformed> {
        const VERSION: u8 = 10;
        const OLDEST: u32 = capability::PROTOCOL_41 | capability::SECURE_CONNECTION;
        let rest = match packet {
            [0xff, body @ ..] => return ServerError::read(body).map(Err),
            [VERSION, rest @ ..] => rest,
            _ => return Err(Malformed),
        };
        let (_version, rest) = until_nul(rest).ok_or(Malformed)?;
        let (_thread, rest) = rest.split_at_checked(4).ok_or(Malformed)?;
        let (first, rest) = rest.split_first_chunk::<8>().ok_or(Malformed)?;
        let (&[_filler, low0, low1, _charset, _, _status, high0, high1, _length], rest) =
            rest.split_first_chunk().ok_or(Malformed)?;
        let capabilities = u32::from_le_bytes([low0, low1, high0, high1]);
        if capabilities & OLDEST != OLDEST {
            return Err(Malformed);
        }
        let (_reserved, rest) = rest.split_at_checked(10).ok_or(Malformed)?;
        let (second, rest) = rest.split_first_chunk::<12>().ok_or(Malformed)?;
        let mut nonce = Nonce::default();
        nonce[..8].copy_from_slice(first);
        nonce[8..].copy_from_slice(second);
        // The nonce is followed by a NUL, the name mostly.
        let name = rest.strip_prefix(&[0]).unwrap_or(rest);
        let name = until_nul(name).map_or(name, |(name, _)| name);
        let plugin = String::from_utf8_lossy(name).into_owned();
        Ok(Ok(Self { capabilities, nonce, plugin }))
    }
}

impl<'a> Reply<'a> {
    /// Reads the answer to a login, or to a command that gives no rows.
    ///
    /// # Errors
    /// It is no such answer.
    pub fn read(packet: &'a [u8]) -> Result<Self, Malformed> {
        match packet {
            [0, body @ ..] => Ok(Self::Done(number(body).ok_or(Malformed)?)),
            [1, data @ ..] => Ok(Self::More(data)),
            [0xfe, rest @ ..] => {
                let (plugin, data) = until_nul(rest).ok_or(Malformed)?;
                Ok(Self::Switch { plugin, data })
            }
            [0xff, body @ ..] => Ok(Self::Error(ServerError::read(body)?)),
            _ => Err(Malformed),
        }
    }
}

/// A number of one to nine bytes (`int<lenenc>`).
#[must_use]
pub fn number(bytes: &[u8]) -> Option<u64> {
    let (&first, rest) = bytes.split_first()?;
    let length = match first {
        0..0xfb => return Some(first.into()),
        0xfc => 2,
        0xfd => 3,
        0xfe => 8,
        0xfb | 0xff => return None,
    };
    let digits = rest.get(..length)?;
    Some(digits.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

/// Whether this packet ends columns or rows (`EOF_Packet`).
#[must_use]
pub fn is_end(packet: &[u8]) -> bool {
    const LONGEST: usize = 8;
    packet.first() == Some(&0xfe) && packet.len() <= LONGEST
}

fn until_nul(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|&byte| byte == 0)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The greeting of a `MariaDB` server of Debian, with TLS.
    const GREETING: &[u8] =
        b"\x0a5.5.5-10.11.6-MariaDB-0+deb12u1\0\x1f\0\0\0ABCDEFGH\0\xfe\xff\x2d\x02\0\xff\x81\x15\
        \0\0\0\0\0\0\x1d\0\0\0IJKLMNOPQRST\0mysql_native_password\0";

    #[test]
    fn a_greeting_is_read() {
        let greeting = Greeting::read(GREETING).unwrap().unwrap();
        assert_eq!(greeting.nonce, *b"ABCDEFGHIJKLMNOPQRST");
        assert_eq!(greeting.plugin, "mysql_native_password");
        assert_ne!(greeting.capabilities & capability::SSL, 0);
        assert_ne!(greeting.capabilities & capability::PLUGIN_AUTH, 0);
    }

    #[test]
    fn a_greeting_that_is_cut_is_malformed() {
        let end = GREETING.len() - "\0mysql_native_password\0".len();
        for length in 0..end {
            assert_eq!(Greeting::read(&GREETING[..length]), Err(Malformed), "{length}");
        }
        assert_eq!(Greeting::read(&GREETING[..end]).unwrap().unwrap().plugin, "", "a name may be missing");
    }

    #[test]
    fn errors_have_a_number_and_perhaps_a_state() {
        let early = Greeting::read(b"\xff\x10\x04Too many connections").unwrap().unwrap_err();
        assert_eq!((early.code, early.state, early.text), (1040, &b""[..], &b"Too many connections"[..]));
        assert!(!early.refuses_login());
        let Reply::Error(denied) = Reply::read(b"\xff\x15\x04#28000Access denied").unwrap() else { panic!() };
        assert_eq!((denied.code, denied.state, denied.text), (1045, &b"28000"[..], &b"Access denied"[..]));
        assert!(denied.refuses_login());
        assert_eq!(Reply::read(b"\xff\x15\x04#280"), Err(Malformed));
        assert_eq!(Reply::read(b"\xff\x15"), Err(Malformed));
    }

    #[test]
    fn replies_are_told_apart() {
        assert_eq!(Reply::read(b"\0\x02\0\x02\0\0\0"), Ok(Reply::Done(2)));
        assert_eq!(Reply::read(b"\x01\x04"), Ok(Reply::More(b"\x04")));
        let switch = Reply::Switch { plugin: b"caching_sha2_password", data: b"x\0" };
        assert_eq!(Reply::read(b"\xfecaching_sha2_password\0x\0"), Ok(switch));
        for wrong in [&b""[..], b"\0", b"\xfe", b"\xfeold", b"\x02"] {
            assert_eq!(Reply::read(wrong), Err(Malformed), "{wrong:?}");
        }
    }

    #[test]
    fn numbers_have_several_lengths() {
        for (bytes, value) in [
            (&b"\xfa"[..], Some(250)),
            (b"\xfc\x01\x02", Some(0x201)),
            (b"\xfd\x01\x02\x03", Some(0x3_0201)),
            (b"\xfe\x01\0\0\0\0\0\0\x80", Some(0x8000_0000_0000_0001)),
            (b"\xfb", None),
            (b"\xff", None),
            (b"\xfc\x01", None),
            (b"", None),
        ] {
            assert_eq!(number(bytes), value, "{bytes:?}");
        }
        assert!(is_end(b"\xfe\0\0\x02\0"));
        assert!(!is_end(b"\xfe\0\0\0\0\0\0\0\0"), "a row with a long value");
    }
}
