//! The messages of LDAP (RFC 4511) that a check sends and understands.

use super::ber::{Elements, Malformed, element, integer};

/// Universal tags (X.690).
const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
/// That of a whole message, too.
pub const SEQUENCE: u8 = 0x30;

/// The number of a request, under which it is answered.
pub type MessageId = u8;

/// What a server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// How the bind went.
    Bind(Outcome<'a>),
    /// An entry was found: its distinguished name.
    Entry(&'a [u8]),
    /// Others may know more: the first of their addresses.
    Reference(&'a [u8]),
    /// The search is over.
    Done(Outcome<'a>),
    /// How the extended operation went; or, with the message number 0, why the server ends the connection.
    Extended(Outcome<'a>),
    /// An intermediate answer, which means nothing to us.
    Intermediate,
}

/// How an operation went (`LDAPResult`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome<'a> {
    /// The result code.
    pub code: i32,
    /// The server's words; often none.
    pub text: &'a [u8],
    /// Who is to be asked instead: the first address.
    pub referral: Option<&'a [u8]>,
}

impl<'a> Outcome<'a> {
    /// It went well.
    pub const SUCCESS: i32 = 0;

    /// Reads the content of an answer.
    fn read(content: &'a [u8]) -> Result<Self, Malformed> {
        const REFERRAL: u8 = 0xa3;
        let mut elements = Elements::new(content);
        let code = integer(elements.expect(ENUMERATED)?)?;
        let _matched = elements.expect(OCTET_STRING)?;
        let text = elements.expect(OCTET_STRING)?;
        let referral = elements.take_if(REFERRAL);
        let referral = referral.map(|content| Elements::new(content).expect(OCTET_STRING)).transpose()?;
        Ok(Self { code, text, referral })
    }

    /// The name of its code (RFC 4511, 4.1.9); empty for others.
    #[must_use]
    pub fn name(&self) -> &'static str {
        const NAMES: [(i32, &str); 40] = [
            (0, "success"),
            (1, "operationsError"),
            (2, "protocolError"),
            (3, "timeLimitExceeded"),
            (4, "sizeLimitExceeded"),
            (5, "compareFalse"),
            (6, "compareTrue"),
            (7, "authMethodNotSupported"),
            (8, "strongerAuthRequired"),
            (10, "referral"),
            (11, "adminLimitExceeded"),
            (12, "unavailableCriticalExtension"),
            (13, "confidentialityRequired"),
            (14, "saslBindInProgress"),
            (16, "noSuchAttribute"),
            (17, "undefinedAttributeType"),
            (18, "inappropriateMatching"),
            (19, "constraintViolation"),
            (20, "attributeOrValueExists"),
            (21, "invalidAttributeSyntax"),
            (32, "noSuchObject"),
            (33, "aliasProblem"),
            (34, "invalidDNSyntax"),
            (36, "aliasDereferencingProblem"),
            (48, "inappropriateAuthentication"),
            (49, "invalidCredentials"),
            (50, "insufficientAccessRights"),
            (51, "busy"),
            (52, "unavailable"),
            (53, "unwillingToPerform"),
            (54, "loopDetect"),
            (64, "namingViolation"),
            (65, "objectClassViolation"),
            (66, "notAllowedOnNonLeaf"),
            (67, "notAllowedOnRDN"),
            (68, "entryAlreadyExists"),
            (69, "objectClassModsProhibited"),
            (71, "affectsMultipleDSAs"),
            (80, "other"),
            (118, "canceled"),
        ];
        NAMES.iter().find(|(code, _)| *code == self.code).map_or("", |(_, name)| name)
    }

    /// Whether, as the outcome of a bind, it is about who binds, and not about the server.
    #[must_use]
    pub fn refuses_login(&self) -> bool {
        // No such entry, no such name, and all that is said of credentials and rights.
        matches!(self.code, 7 | 8 | 32 | 34 | 48 | 49 | 50)
    }
}

/// Reads a message: what stands in its outermost sequence. Of an entry the beginning will do, as long as its name is in it.
///
/// # Errors
/// It is none that a server can send to a client.
pub fn read(content: &[u8]) -> Result<(MessageId, Answer<'_>), Malformed> {
    let mut elements = Elements::new(content);
    let id = integer(elements.expect(INTEGER)?)?;
    // No greater number was sent.
    let id = MessageId::try_from(id).map_err(|_| Malformed)?;
    let before = elements;
    let (tag, beginning) = elements.take_beginning()?;
    if tag == 0x64 {
        return Ok((id, Answer::Entry(Elements::new(beginning).expect(OCTET_STRING)?)));
    }
    elements = before;
    let answer = match elements.take()? {
        (0x61, content) => Answer::Bind(Outcome::read(content)?),
        (0x65, content) => Answer::Done(Outcome::read(content)?),
        (0x73, content) => Answer::Reference(Elements::new(content).expect(OCTET_STRING)?),
        (0x78, content) => Answer::Extended(Outcome::read(content)?),
        (0x79, _) => Answer::Intermediate,
        _ => return Err(Malformed),
    };
    Ok((id, answer))
}

fn message(id: MessageId, operation: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[&element(INTEGER, &[id]), operation].concat())
}

/// A simple bind as this name, with this password; both empty is an anonymous one (RFC 4513, 5.1).
#[must_use]
pub fn bind(id: MessageId, name: &str, passwd: &str) -> Vec<u8> {
    const VERSION: u8 = 3;
    let content = [
        element(INTEGER, &[VERSION]),
        element(OCTET_STRING, name.as_bytes()),
        element(0x80, passwd.as_bytes()),
    ];
    message(id, &element(0x60, &content.concat()))
}

/// A search for this entry itself, whatever it is: scope base, filter `(objectClass=*)`. Its name is enough, so that no
/// attribute is asked for (`1.1`, RFC 4511, 4.5.1.8).
#[must_use]
pub fn search(id: MessageId, base: &str) -> Vec<u8> {
    const BASE: u8 = 0;
    /// An alias that is named stands for its entry.
    const WHILE_FINDING: u8 = 2;
    const ANY: u8 = 0;
    let content = [
        element(OCTET_STRING, base.as_bytes()),
        element(ENUMERATED, &[BASE]),
        element(ENUMERATED, &[WHILE_FINDING]),
        element(INTEGER, &[ANY]),
        element(INTEGER, &[ANY]),
        element(BOOLEAN, &[0]),
        element(0x87, b"objectClass"),
        element(SEQUENCE, &element(OCTET_STRING, b"1.1")),
    ];
    message(id, &element(0x63, &content.concat()))
}

/// Asks for TLS (RFC 4511, 4.14).
#[must_use]
pub fn start_tls(id: MessageId) -> Vec<u8> {
    message(id, &element(0x77, &element(0x80, b"1.3.6.1.4.1.1466.20037")))
}

/// Says goodbye.
#[must_use]
pub fn unbind(id: MessageId) -> Vec<u8> {
    message(id, &element(0x42, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands in the outermost sequence.
    fn content(message: &[u8]) -> &[u8] {
        Elements::new(message).expect(SEQUENCE).unwrap()
    }

    fn outcome(tag: u8, code: u8, text: &str, more: &[u8]) -> Vec<u8> {
        let parts = [
            element(ENUMERATED, &[code]),
            element(OCTET_STRING, b""),
            element(OCTET_STRING, text.as_bytes()),
            more.to_vec(),
        ];
        message(1, &element(tag, &parts.concat()))
    }

    /// As they come over the wire with other clients.
    #[test]
    fn requests_are_as_the_standard_says() {
        assert_eq!(bind(1, "", ""), b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00");
        assert_eq!(
            search(2, "dc=x"),
            b"\x30\x2e\x02\x01\x02\x63\x29\x04\x04dc=x\x0a\x01\x00\x0a\x01\x02\x02\x01\x00\x02\x01\x00\
              \x01\x01\x00\x87\x0bobjectClass\x30\x05\x04\x031.1"
        );
        assert_eq!(start_tls(1), b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037");
        assert_eq!(unbind(3), b"\x30\x05\x02\x01\x03\x42\x00");
    }

    #[test]
    fn outcomes_have_a_code_words_and_perhaps_a_referral() {
        let refused = outcome(0x61, 49, "no", b"");
        let (id, Answer::Bind(refused)) = read(content(&refused)).unwrap() else { panic!("no bind") };
        assert_eq!(
            (id, refused.code, refused.name(), refused.text),
            (1, 49, "invalidCredentials", &b"no"[..])
        );
        assert!(refused.refuses_login());
        let referral = element(0xa3, &element(OCTET_STRING, b"ldap://other/"));
        let elsewhere = outcome(0x65, 10, "", &referral);
        let (_, Answer::Done(elsewhere)) = read(content(&elsewhere)).unwrap() else { panic!("not done") };
        assert_eq!((elsewhere.name(), elsewhere.referral), ("referral", Some(&b"ldap://other/"[..])));
    }

    #[test]
    fn of_an_entry_the_beginning_will_do() {
        let entry = element(0x64, &[element(OCTET_STRING, b"dc=x"), element(SEQUENCE, &[0; 300])].concat());
        let whole = message(2, &entry);
        let inner = content(&whole);
        let name = Ok((2, Answer::Entry(b"dc=x")));
        assert_eq!(read(inner), name);
        assert_eq!(read(&inner[..20]), name);
        assert_eq!(read(&inner[..10]), Err(Malformed), "its name is cut");
    }

    #[test]
    fn what_no_server_sends_is_malformed() {
        let request = bind(1, "", "");
        assert_eq!(read(content(&request)), Err(Malformed));
        assert_eq!(read(b""), Err(Malformed));
        let done = outcome(0x65, 0, "", b"");
        assert_eq!(read(&content(&done)[..8]), Err(Malformed), "cut");
    }

    #[test]
    fn codes_have_names() {
        let name = |code| Outcome { code, text: b"", referral: None }.name();
        assert_eq!(name(32), "noSuchObject");
        assert_eq!(name(9), "");
    }
}
