//! A question to a name server, and what an answer says to it. Pure.

use hickory_proto::{
    op::{Header, Message, MessageType, OpCode, Query, ResponseCode},
    rr::{DNSClass, Name, RData, Record, RecordType as Type},
    serialize::binary::{BinDecodable, BinDecoder},
};

use crate::{
    check::content,
    health::Failure,
    model::{DnsCheck, Expected, RecordType},
};

/// What a name server is asked.
#[derive(Debug)]
pub struct Question {
    id: u16,
    name: Name,
    record: RecordType,
    message: Vec<u8>,
}

/// How much an answer that is as it must be says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// All there is.
    All,
    /// What fits into a datagram: it was not looked at any further.
    Cut,
}

impl Question {
    /// The question of a check, with a number.
    ///
    /// # Errors
    /// In words, why the name cannot be asked for.
    pub fn new(id: u16, check: &DnsCheck) -> Result<Self, String> {
        let cannot = |error| format!("\"{}\" cannot be asked for: {error}", check.name);
        let labels = check.name.split('.').filter(|label| !label.is_empty());
        let name = Name::from_labels(labels.map(str::as_bytes)).map_err(cannot)?;
        let mut message = Message::new(id, MessageType::Query, OpCode::Query);
        // As clients do, and as the reference did: some name servers answer only what they look up themselves.
        message.metadata.recursion_desired = true;
        message.add_query(Query::query(name.clone(), type_of(check.record)));
        let message = message.to_vec().map_err(cannot)?;
        Ok(Self { id, name, record: check.record, message })
    }

    /// As it is sent.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// What a message says to this question, and whether that is what it must be like; nothing where it answers another
    /// question, or none.
    #[must_use]
    pub fn judge(&self, message: &[u8], expected: &Expected) -> Option<Result<Said, Failure>> {
        let mut decoder = BinDecoder::new(message);
        let header = Header::read(&mut decoder).ok()?;
        let is_answer = header.id == self.id
            && header.message_type == MessageType::Response
            && header.op_code == OpCode::Query;
        let error = error(header.response_code);
        let to_this = match header.counts.queries {
            // Servers that could not read the question may leave it out.
            0 => error.is_some(),
            1 => self.is(&Query::read(&mut decoder).ok()?),
            _ => false,
        };
        if !is_answer || !to_this {
            return None;
        }
        Some(match error {
            Some(failure) => Err(failure),
            None if header.truncation => Ok(Said::Cut),
            None => self.records(&mut decoder, header.counts.answers, expected).map(|()| Said::All),
        })
    }

    fn is(&self, query: &Query) -> bool {
        query.name().eq_ignore_root(&self.name)
            && query.query_type() == type_of(self.record)
            && query.query_class() == DNSClass::IN
    }

    /// Looks at the records one by one, so that none is kept: names refer to one another, and a small message can have
    /// many large ones.
    fn records(&self, decoder: &mut BinDecoder<'_>, count: u16, expected: &Expected) -> Result<(), Failure> {
        let mut got = String::new();
        let mut found = expected.receive.is_none();
        for _ in 0..count {
            let record = Record::read(decoder)
                .map_err(|_| Failure::Protocol("a record that cannot be read".to_owned()))?;
            let Some(text) = text(self.record, &record.data) else { continue };
            if let Some(refused) = &expected.refuse
                && content::is_match(refused, &text)?
            {
                return Err(Failure::Unwanted {
                    refused: refused.as_str().to_owned(),
                    got: Failure::excerpt(&text),
                });
            }
            if let Some(wanted) = &expected.receive
                && !found
            {
                found = content::is_match(wanted, &text)?;
            }
            if got.len() < Failure::EXCERPT {
                got.push_str(if got.is_empty() { "" } else { ", " });
                got.push_str(&String::from_utf8_lossy(&text));
            }
        }
        match &expected.receive {
            Some(wanted) if !found => {
                let got = match got.as_str() {
                    "" => format!("no {} record", self.record),
                    got => Failure::excerpt(got.as_bytes()),
                };
                Err(Failure::Mismatch { wanted: wanted.as_str().to_owned(), got })
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn type_of(record: RecordType) -> Type {
    match record {
        RecordType::A => Type::A,
        RecordType::Aaaa => Type::AAAA,
        RecordType::Cname => Type::CNAME,
        RecordType::Mx => Type::MX,
        RecordType::Ns => Type::NS,
        RecordType::Ptr => Type::PTR,
        RecordType::Soa => Type::SOA,
        RecordType::Srv => Type::SRV,
        RecordType::Txt => Type::TXT,
    }
}

/// A record as text, in the order of zone files (RFC 1035, 5), names without the dot at their end; nothing where it is of
/// another type.
fn text(wanted: RecordType, data: &RData) -> Option<Vec<u8>> {
    let text = match (wanted, data) {
        (RecordType::A, RData::A(address)) => address.to_string(),
        (RecordType::Aaaa, RData::AAAA(address)) => address.to_string(),
        (RecordType::Cname, RData::CNAME(name)) => bare(&name.0),
        (RecordType::Ns, RData::NS(name)) => bare(&name.0),
        (RecordType::Ptr, RData::PTR(name)) => bare(&name.0),
        (RecordType::Mx, RData::MX(mx)) => format!("{} {}", mx.preference, bare(&mx.exchange)),
        (RecordType::Srv, RData::SRV(srv)) => {
            format!("{} {} {} {}", srv.priority, srv.weight, srv.port, bare(&srv.target))
        }
        (RecordType::Soa, RData::SOA(soa)) => {
            let (server, person) = (bare(&soa.mname), bare(&soa.rname));
            let [refresh, retry, expire] = [soa.refresh, soa.retry, soa.expire];
            format!("{server} {person} {} {refresh} {retry} {expire} {}", soa.serial, soa.minimum)
        }
        // Its strings are one text (RFC 7208, 3.3).
        (RecordType::Txt, RData::TXT(txt)) => return Some(txt.txt_data.concat()),
        _ => return None,
    };
    Some(text.into_bytes())
}

fn bare(name: &Name) -> String {
    let name = name.to_ascii();
    match name.strip_suffix('.') {
        Some("") | None => name,
        Some(bare) => bare.to_owned(),
    }
}

/// What a response code other than "no error" is, by the name that it goes by (RFC 6895, 2.3).
fn error(code: ResponseCode) -> Option<Failure> {
    let (name, words) = match code.low() {
        0 => return None,
        1 => ("FORMERR", "the server did not understand the question"),
        2 => ("SERVFAIL", "the server could not find it out"),
        3 => ("NXDOMAIN", "there is no such name"),
        4 => ("NOTIMP", "the server cannot answer such questions"),
        5 => ("REFUSED", "the server does not want to answer this"),
        other => return Some(Failure::Error { code: format!("RCODE {other}"), text: String::new() }),
    };
    Some(Failure::Error { code: name.to_owned(), text: words.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Pattern, Transport};

    const WWW: &[u8] = b"\x03www\x07example\x03com\0";

    fn question(record: RecordType) -> Question {
        let check = DnsCheck {
            transport: Transport::Udp,
            name: "www.example.com".into(),
            record,
            expected: Expected::default(),
        };
        Question::new(0x1234, &check).unwrap()
    }

    fn expected(receive: Option<&str>, refuse: Option<&str>) -> Expected {
        let pattern = |text| Arc::new(Pattern::new(text).unwrap());
        Expected { receive: receive.map(pattern), refuse: refuse.map(pattern) }
    }

    /// An answer to the question for this type, with records of types and data; names in data begin with a pointer to
    /// the question's.
    fn answer(flags: u16, record: u16, records: &[(u16, &[u8])]) -> Vec<u8> {
        let count = u16::try_from(records.len()).unwrap();
        let mut bytes = [0x1234, flags, 1, count, 0, 0].map(u16::to_be_bytes).concat();
        bytes.extend([WWW, &record.to_be_bytes(), &[0, 1]].concat());
        for (kind, data) in records {
            let length = u16::try_from(data.len()).unwrap().to_be_bytes();
            bytes.extend([&[0xc0, 12], &kind.to_be_bytes()[..], &[0, 1, 0, 0, 1, 0], &length, data].concat());
        }
        bytes
    }

    #[test]
    fn a_question_is_one_of_an_ordinary_client() {
        let wanted = [&b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0"[..], WWW, b"\0\x0f\0\x01"].concat();
        assert_eq!(question(RecordType::Mx).message(), wanted);
        // Names need not be those of hosts: classless reverse zones (RFC 2317), services, the root.
        for (name, labels) in
            [("_sip._tcp.a.", "\x04_sip\x04_tcp\x01a\0"), ("0/25.a", "\x040/25\x01a\0"), (".", "\0")]
        {
            let check = DnsCheck {
                transport: Transport::Udp,
                name: name.into(),
                record: RecordType::A,
                expected: Expected::default(),
            };
            let question = Question::new(1, &check).unwrap();
            assert_eq!(&question.message()[12..12 + labels.len()], labels.as_bytes(), "{name}");
        }
    }

    #[test]
    fn records_are_texts() {
        let soa = [
            b"\x02ns\xc0\x10\x02me\xc0\x10".as_slice(),
            &[0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4],
        ];
        let table: [(RecordType, u16, &[u8], &str); 9] = [
            (RecordType::A, 1, &[192, 0, 2, 1], r"^192\.0\.2\.1$"),
            (
                RecordType::Aaaa,
                28,
                &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
                "^2001:db8::1$",
            ),
            (RecordType::Cname, 5, b"\x03web\xc0\x10", r"^web\.example\.com$"),
            (RecordType::Mx, 15, b"\0\x0a\x04mail\xc0\x10", r"^10 mail\.example\.com$"),
            (RecordType::Ns, 2, b"\0", r"^\.$"),
            (RecordType::Ptr, 12, b"\xc0\x0c", r"^www\.example\.com$"),
            (RecordType::Soa, 6, &soa.concat(), r"^ns\.example\.com me\.example\.com 7 1 2 3 4$"),
            (RecordType::Srv, 33, b"\0\x01\0\x02\x13\xc4\x03sip\0", r"^1 2 5060 sip$"),
            (RecordType::Txt, 16, b"\x06v=spf1\x05 -all", "^v=spf1 -all$"),
        ];
        for (record, number, data, wanted) in table {
            let answer = answer(0x8180, number, &[(5, b"\xc0\x0c"), (number, data)]);
            let question = question(record);
            assert_eq!(
                question.judge(&answer, &expected(Some(wanted), None)),
                Some(Ok(Said::All)),
                "{record}"
            );
            for length in 0..answer.len() {
                let said = question.judge(&answer[..length], &expected(None, None));
                assert!(!matches!(said, Some(Ok(_))), "{record}, cut at {length}");
            }
        }
    }

    #[test]
    fn one_record_must_be_what_is_wanted_and_none_what_is_refused() {
        let mismatch = |got: &str| Some(Err(Failure::Mismatch { wanted: "7$".into(), got: got.into() }));
        let fine = Some(Ok(Said::All));
        let two: [(u16, &[u8]); 3] = [(5, b"\x03777\xc0\x10"), (1, &[192, 0, 2, 7]), (1, &[192, 0, 2, 8])];
        let unwanted = Some(Err(Failure::Unwanted { refused: "7$".into(), got: "192.0.2.7".into() }));
        let table = [
            (&two[..], Some("7$"), None, fine.clone()),
            (&two[2..], Some("7$"), None, mismatch("192.0.2.8")),
            // Another name for it is no address.
            (&two[..1], Some("7$"), None, mismatch("no A record")),
            (&[], Some("7$"), None, mismatch("no A record")),
            (&[], None, None, fine.clone()),
            (&two[..], Some("8$"), Some("7$"), unwanted),
            (&two[2..], None, Some("7$"), fine),
        ];
        for (records, receive, refuse, wanted) in table {
            let answer = answer(0x8180, 1, records);
            let said = question(RecordType::A).judge(&answer, &expected(receive, refuse));
            assert_eq!(said, wanted, "{records:?}");
        }
    }

    #[test]
    fn only_an_answer_to_this_question_counts() {
        let question = question(RecordType::A);
        let any = expected(None, None);
        let good = answer(0x8180, 1, &[]);
        let mut louder = good.clone();
        louder[13..16].copy_from_slice(b"WwW");
        assert_eq!(question.judge(&louder, &any), Some(Ok(Said::All)));
        for (place, byte) in [(0, 0), (2, 1), (2, 0x89), (5, 0), (5, 2), (13, b'x'), (30, 9), (32, 3)] {
            let mut other = good.clone();
            other[place] = byte;
            assert_eq!(question.judge(&other, &any), None, "{byte} at {place}");
        }
        assert_eq!(question.judge(b"", &any), None);
    }

    #[test]
    fn errors_have_names_and_a_cut_answer_says_so() {
        let question = question(RecordType::A);
        let told = |flags, queries: u8| {
            let mut answer = answer(flags, 1, &[]);
            if queries == 0 {
                answer.truncate(12);
                answer[5] = 0;
            }
            question.judge(&answer, &expected(None, None)).unwrap().map_err(|failure| failure.to_string())
        };
        assert_eq!(told(0x8183, 1), Err("error NXDOMAIN: there is no such name".into()));
        assert_eq!(told(0x8182, 1), Err("error SERVFAIL: the server could not find it out".into()));
        assert_eq!(told(0x8185, 0), Err("error REFUSED: the server does not want to answer this".into()));
        assert_eq!(told(0x818b, 1), Err("error RCODE 11".into()));
        assert_eq!(told(0x8380, 1), Ok(Said::Cut));
    }

    #[test]
    fn a_message_of_many_large_names_costs_little() {
        // A name of 250 bytes, and 4,000 records that refer to it.
        let name = [[&[61][..], &[0; 61]].concat().repeat(4), vec![0]].concat();
        let mut bytes = [0x1234, 0x8180, 1, 4001, 0, 0].map(u16::to_be_bytes).concat();
        bytes.extend([WWW, &[0, 12, 0, 1]].concat());
        let place = bytes.len() + 12;
        bytes.extend([&[0xc0, 12, 0, 12, 0, 1, 0, 0, 1, 0, 0, 249][..], &name].concat());
        let pointer = (0xc000 | u16::try_from(place).unwrap()).to_be_bytes();
        for _ in 0..4000 {
            bytes.extend([&[0xc0, 12, 0, 12, 0, 1, 0, 0, 1, 0, 0, 2], &pointer[..]].concat());
        }
        let said = question(RecordType::Ptr).judge(&bytes, &expected(Some("x"), None)).unwrap();
        let Err(Failure::Mismatch { got, .. }) = said else { panic!("{said:?}") };
        assert!(got.len() < 4 * Failure::EXCERPT, "{got}");
    }
}
