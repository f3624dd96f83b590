//! FTP (RFC 959), also with TLS (RFC 4217).

use crate::{
    conversations::Endless,
    handshakes::{Handshake, Upgrade},
    script::{Step, say},
    subject::{Place, Subject, Talk, endless},
};

const LINE: Step = Step::HearTo("\r\n");
/// What a TLS server begins with.
const HELLO: &[u8] = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03";

fn more(line: &str) -> [Endless; 1] {
    [endless("lines without end", "", format!("{line}-and so on\r\n"))]
}

/// From the login on, with TLS or without, a file is fetched.
fn fetch(talk: Talk, protected: bool) -> Vec<Place> {
    let mut talk = talk
        .then(LINE)
        .reply("answer to USER", "331 password\r\n", &more("331"))
        .then(LINE)
        .reply("answer to PASS", "230 in\r\n", &more("230"))
        .then(LINE);
    if protected {
        talk = talk
            .reply("answer to PBSZ", "200 ok\r\n", &more("200"))
            .then(LINE)
            .reply("answer to PROT", "200 ok\r\n", &more("200"))
            .then(LINE);
    }
    let talk = talk.reply("answer to TYPE", "200 ok\r\n", &more("200")).then(LINE);
    let passive = Place {
        name: "answer to PASV or EPSV",
        before: talk.before().to_vec(),
        reply: b"227 Entering (127,0,0,1,".to_vec(),
        endless: vec![endless("numbers without end", "227 Entering (", "127,")],
        good: &[],
    };
    let mut talk = talk
        .then(Step::Passive)
        .then(LINE)
        .reply("answer to RETR", "150 here it comes\r\n", &more("150"))
        .then(Step::OnData);
    if protected {
        let handshake = Place {
            name: "handshake of the data connection",
            before: talk.before().to_vec(),
            reply: HELLO.to_vec(),
            endless: Vec::new(),
            good: &[],
        };
        talk = talk.place(handshake).then(Step::Secure);
    }
    let file = Place {
        name: "file",
        before: talk.before().to_vec(),
        reply: b"this is not".to_vec(),
        endless: vec![endless("lines without end", "", "and so on\r\n")],
        good: &[],
    };
    let talk = talk.place(file).then(say("this is it, and it is good")).then(Step::OffData).reply(
        "end of the transfer",
        "226 done\r\n",
        &more("226"),
    );
    // In the clear the number is enough, which has come by then: the file is whole.
    let talk = if protected { talk } else { talk.but_good(&["closes midway"]) };
    talk.place(passive).places()
}

fn greeted() -> Talk {
    Talk::new([]).reply("greeting", "220-Welcome\r\n220 ready\r\n", &more("220"))
}

const FTP: &str = "service = ftp
    login = monitor
    passwd = secret
    request = /file
    receive = good";

pub(crate) fn ftp() -> Subject {
    Subject::new("ftp", FTP, fetch(greeted(), false)).with_content()
}

/// Without anything that is wanted of it, the file must come to its end.
pub(crate) fn ftp_to_its_end() -> Subject {
    let mut places = fetch(greeted(), false);
    places.retain(|place| place.name == "file");
    Subject::new("ftp, to its end", "service = ftp\nrequest = /file", places)
}

pub(crate) fn ftp_upgraded() -> Subject {
    let lines = "service = ftp
        tls = starttls
        tls-verify = full
        tls-servername = www.example.com
        request = /file
        receive = good";
    let greeted = greeted().then(LINE);
    let upgrade = Upgrade {
        agreed: b"234 go on\r\n".to_vec(),
        refused: b"502 what?\r\n".to_vec(),
        injected: b"331 password\r\n230 in\r\n".to_vec(),
    };
    let handshake = Handshake::after(&greeted, upgrade);
    let talk = greeted.reply("answer to AUTH", "234 go on\r\n", &more("234")).then(Step::Secure);
    let mut places = fetch(talk, true);
    places.retain(|place| place.name.contains("AUTH") || place.name.contains("data"));
    Subject::new("ftp, upgraded", lines, places).with_content().with_handshake(handshake)
}

pub(crate) fn ftps() -> Subject {
    let lines = "service = ftps
        tls-verify = full
        tls-servername = www.example.com
        request = /file
        receive = good";
    let subject = Subject::new("ftps", lines, fetch(greeted(), true)).with_content();
    subject.in_tls("ftps", lines)
}
