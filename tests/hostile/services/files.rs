//! FTP (RFC 959, RFC 4217).

use crate::{
    script::Step,
    subject::{Place, Subject, Talk, endless},
};

const LINE: Step = Step::HearTo("\r\n");

/// A file is fetched; the places of the conversation. `content` has no end where it need not be whole.
fn fetch() -> Vec<Place> {
    let unit = |name, line: &str| [endless(name, "", line)];
    let talk = Talk::new([])
        .reply("greeting", "220-Welcome\r\n220 ready\r\n", &unit("lines without end", "220-and so on\r\n"))
        .then(LINE)
        .reply("answer to USER", "331 password\r\n", &unit("lines without end", "331-and so on\r\n"))
        .then(LINE)
        .reply("answer to PASS", "230 in\r\n", &unit("lines without end", "230-and so on\r\n"))
        .then(LINE)
        .reply("answer to TYPE", "200 ok\r\n", &unit("lines without end", "200-and so on\r\n"))
        .then(LINE);
    let passive = Place {
        name: "answer to PASV or EPSV",
        before: talk.before().to_vec(),
        reply: b"227 Entering (127,0,0,1,".to_vec(),
        endless: vec![endless("numbers without end", "227 Entering (", "127,")],
    };
    let talk = talk.then(Step::Passive).then(LINE);
    let talk = talk
        .reply("answer to RETR", "150 here it comes\r\n", &unit("lines without end", "150-and so on\r\n"))
        .then(Step::OnData)
        .reply("file", "this is not", &unit("lines without end", "and so on\r\n"));
    let mut places = talk.places();
    places.push(passive);
    places
}

pub(crate) fn ftp() -> Subject {
    let lines = "service = ftp
        login = monitor
        passwd = secret
        request = /file
        receive = good";
    Subject::new("ftp", lines, fetch()).with_content()
}

/// Without anything that is wanted of it, the file must come to its end.
pub(crate) fn ftp_to_its_end() -> Subject {
    let lines = "service = ftp\nrequest = /file";
    let mut places = fetch();
    places.retain(|place| place.name == "file");
    Subject::new("ftp, to its end", lines, places)
}
