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
        None => lines.map(without_host).collect(),
    }
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
