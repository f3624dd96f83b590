//! What of a text is compared.

/// What a server was asked, line by line: of a request of HTTP what is asked for and of whom, the rest is the client's.
pub(crate) fn asked(text: &str) -> Vec<String> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    match text.lines().next().and_then(|first| first.split_once(" HTTP/")) {
        Some((wanted, _)) => {
            let host = lines.find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("host").then_some(value)
            });
            vec![host.map_or(wanted.to_owned(), |host| format!("{wanted} Host: {host}"))]
        }
        None => lines.map(|line| without_host(&always_new(line))).collect(),
    }
}

/// What a name server was asked, without the number that is another one in each question.
pub(crate) fn question(datagram: &[u8]) -> String {
    datagram.get(2..).unwrap_or_default().escape_ascii().to_string()
}

/// What a RADIUS server was asked, without the values: most of them are new in each request, and hidden.
pub(crate) fn attributes(datagram: &[u8]) -> String {
    let mut text = format!("code {}, attributes", datagram.first().copied().unwrap_or_default());
    let mut rest = datagram.get(20..).unwrap_or_default();
    while let [kind, length, ..] = rest {
        text.push_str(&[" ", &kind.to_string()].concat());
        rest = rest.get(usize::from(*length).max(2)..).unwrap_or_default();
    }
    text
}

/// A line of a request, with words where something new stands in each one of SIP: ports, and words of 16 digits.
fn always_new(line: &str) -> String {
    let Some((name, value)) = line.split_once(": ") else { return line.to_owned() };
    let parts = value.split(';').map(|part| match (name, part.rsplit_once(['=', 'K'])) {
        ("Via", None) => match part.rsplit_once(':') {
            Some((address, _)) => format!("{address}:PORT"),
            None => part.to_owned(),
        },
        ("Via", Some(("branch=z9hG4b", word))) if is_word(word) => "branch=z9hG4bKNEW".to_owned(),
        ("From", Some(("tag", word))) if is_word(word) => "tag=NEW".to_owned(),
        ("Call-ID", None) if is_word(part) => "RANDOM16HEX".to_owned(),
        _ => part.to_owned(),
    });
    format!("{name}: {}", parts.collect::<Vec<_>>().join(";"))
}

fn is_word(word: &str) -> bool {
    word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The recordings were made on a machine with this name.
fn without_host(line: &str) -> String {
    let name = rustix::system::uname();
    line.replace(&format!("@{}", name.nodename().to_string_lossy()), "@testhost")
}

/// A line of a monitor file: which server, and how it is; not when, not who wrote it, not in what words.
pub(crate) fn monitored(line: &str) -> Option<String> {
    let (_, line) = line.split_once("] ")?;
    let (_, line) = line.split_once("] ")?;
    let end = ["[up]", "[down]"].iter().find_map(|state| Some(line.find(state)? + state.len()))?;
    Some(line[..end].to_owned())
}

/// A line that a recorded check wrote of how it was called.
pub(crate) fn is_call(line: &str) -> bool {
    line.starts_with("argc=") || line.starts_with("ARGV=")
}
