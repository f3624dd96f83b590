//! The floors of the house, as `src/lib.rs` draws them: which room may use which, and which crates are whose.
//!
//! The drawing is the rule: it is read here, so that it cannot differ from what is held. Tests inside of `src` keep to it
//! like everything else.

#![expect(clippy::unwrap_used, reason = "these are tests")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Where the names of a floor's rooms end in the drawing, and its words begin.
const NAMES: usize = 28;

/// Crates and types that are one room's own, or a few rooms'.
const OWNERS: [(&str, &[&str]); 19] = [
    ("crate::director::Director", &["director", "runtime"]),
    ("zbus", &["dbus"]),
    ("h2", &["check"]),
    ("reqwest", &["check"]),
    ("hickory_proto", &["check"]),
    ("postgres_protocol", &["check"]),
    ("openssl", &["check"]),
    ("tokio_openssl", &["check"]),
    ("socket2", &["check"]),
    ("pcre2", &["model"]),
    ("lettre", &["mailer"]),
    ("toml", &["config"]),
    ("toml_parser", &["config"]),
    ("inotify", &["watch"]),
    ("sd_notify", &["notify"]),
    ("tracing", &["log"]),
    ("tracing_journald", &["log"]),
    ("std::process::Command", &["child"]),
    ("tokio::process", &["child"]),
];

/// What rooms that only think must not touch: tasks, sockets, processes, files, clocks.
const IMPURE: [&str; 12] = [
    "tokio",
    "futures_util",
    "rustix",
    "std::env",
    "std::fs",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::ToSocketAddrs",
    "std::net::UdpSocket",
    "std::os::unix::net",
    "std::process",
    "std::thread",
];

/// Whether a file belongs to a room that only thinks.
fn is_pure(file: &str) -> bool {
    let rooms = [
        "model/",
        "plan/",
        "director/",
        "config/",
        "health.rs",
        "health/",
        "ipvs/table.rs",
        "ipvs/refusal.rs",
    ];
    rooms.iter().any(|room| file.starts_with(room)) && !file.starts_with("config/system")
}

/// Every path in a text (`a::b::c`), groups spelt out: `use a::{b, c::d};` is `a::b` and `a::c::d`.
fn paths(text: &str) -> BTreeSet<String> {
    let text: String =
        text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let mut found = BTreeSet::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find(|c: char| c.is_alphabetic() || c == '_') {
        rest = tree("", &rest[start..], &mut found);
    }
    found
}

/// Reads the path, or the tree of them, that `text` begins with; what is left of the text.
fn tree<'t>(before: &str, text: &'t str, found: &mut BTreeSet<String>) -> &'t str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let path = format!("{before}{}", &text[..end]);
    let rest = &text[end..];
    let Some(rest) = rest.strip_prefix("::") else {
        if path.contains("::") {
            found.insert(path);
        }
        // Another name for it here is no path.
        let name = rest
            .strip_prefix(" as ")
            .map(|rest| rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'));
        return name.unwrap_or(rest);
    };
    let Some(mut rest) = rest.strip_prefix('{') else { return tree(&format!("{path}::"), rest, found) };
    while let Some(at) = rest.find(|c: char| c.is_alphanumeric() || c == '_' || c == '}') {
        if let Some(behind) = rest[at..].strip_prefix('}') {
            return behind;
        }
        rest = tree(&format!("{path}::"), &rest[at..], found);
    }
    rest
}

/// A path is another one, or leads into it.
fn is_in(path: &str, other: &str) -> bool {
    path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The floor of each room, bottom to top.
fn floors(drawing: &str) -> BTreeMap<String, usize> {
    let lines = drawing
        .lines()
        .skip_while(|line| *line != "//! ```text")
        .skip(1)
        .take_while(|line| *line != "//! ```");
    let floors: Vec<&str> = lines.collect();
    let rooms = floors.iter().rev().enumerate().flat_map(|(floor, line)| {
        let names = line.get(4..NAMES).unwrap_or_default();
        names.split_whitespace().map(move |room| (room.to_owned(), floor))
    });
    rooms.collect()
}

/// What is wrong with a file of `src`.
fn faults(file: &str, text: &str, floors: &BTreeMap<String, usize>) -> Vec<String> {
    let room = file.split(['/', '.']).next().unwrap_or_default();
    let depth = file.matches('/').count() + usize::from(!file.ends_with("/mod.rs"));
    let mut faults = Vec::new();
    for path in paths(text) {
        // From the top of a room, `super` is the house.
        let outside = path.strip_prefix(&"super::".repeat(depth)).filter(|_| floors.len() > 1);
        let outside = outside.filter(|rest| floors.contains_key(rest.split("::").next().unwrap_or_default()));
        let path = outside.map_or(path.clone(), |rest| format!("crate::{rest}"));
        let other = path.strip_prefix("crate::").or_else(|| path.strip_prefix("ldirectord::"));
        if let Some(other) = other.and_then(|rest| rest.split("::").next())
            && other != room
            && floors.get(other).is_none_or(|floor| *floor >= floors[room])
        {
            faults.push(format!("src/{file}: {path} does not stand below {room}"));
        }
        for (what, rooms) in OWNERS {
            if is_in(&path, what) && !rooms.contains(&room) {
                faults.push(format!("src/{file}: {path}: {what} is for {}", rooms.join(" and ")));
            }
        }
        let clock = path.ends_with("Instant::now") || path.ends_with("SystemTime::now");
        if is_pure(file) && (clock || IMPURE.iter().any(|what| is_in(&path, what))) {
            faults.push(format!("src/{file}: {path} in a room that only thinks"));
        }
    }
    faults
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            sources(&entry, files);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
}

#[test]
fn every_room_uses_only_what_stands_below_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let floors = floors(&fs::read_to_string(root.join("lib.rs")).unwrap());
    let mut files = Vec::new();
    sources(&root, &mut files);
    let faults: Vec<String> = files
        .iter()
        .filter(|file| **file != root.join("lib.rs"))
        .flat_map(|path| {
            let file = path.strip_prefix(&root).unwrap().to_str().unwrap();
            faults(file, &fs::read_to_string(path).unwrap(), &floors)
        })
        .collect();
    assert!(files.len() > 100, "only {} files were looked at", files.len());
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn the_drawing_shows_every_room() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let rooms = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let rooms: BTreeSet<&str> = rooms.chain(["main"]).collect();
    let floors = floors(&lib);
    assert_eq!(floors.keys().map(String::as_str).collect::<BTreeSet<_>>(), rooms);
}

#[test]
fn paths_are_found_and_groups_spelt_out() {
    let text = "use crate::{a::{B, c::D}, e as f};\nlet x = std::fs::read(p)?; // crate::comment\n/// [`crate::doc`]\nstruct S { y: u8 }";
    let found: Vec<String> = paths(text).into_iter().collect();
    assert_eq!(found, ["crate::a::B", "crate::a::c::D", "crate::e", "std::fs::read"]);
}

#[test]
fn what_is_forbidden_is_seen() {
    let drawing = format!(
        "//! ```text\n//! {:<24}x\n//! {:<24}x\n//! {:<24}x\n//! ```",
        "cli", "director  dbus", "model"
    );
    let floors = floors(&drawing);
    assert_eq!(
        floors,
        [("cli", 2), ("director", 1), ("dbus", 1), ("model", 0)].map(|(k, v)| (k.to_owned(), v)).into()
    );
    let wrong = |file: &str, text: &str| !faults(file, text, &floors).is_empty();
    assert!(!wrong("director/core.rs", "use crate::model::Config; use super::fact;"));
    assert!(wrong("model/ids.rs", "use crate::director::Fact;"), "upwards");
    assert!(wrong("dbus/view.rs", "use crate::director::Snapshot;"), "the same floor");
    assert!(wrong("model/mod.rs", "use super::cli;"), "upwards by another way");
    assert!(wrong("cli/mod.rs", "use crate::nowhere::X;"), "no room of the drawing");
    assert!(wrong("cli/mod.rs", "use crate::{director::{Fact, Director}};"), "the director is the runtime's");
    assert!(wrong("cli/mod.rs", "fn f() { zbus::connect() }"));
    assert!(!wrong("dbus/mod.rs", "use zbus::Connection;"));
    assert!(wrong("director/core.rs", "let now = Instant::now();"));
    assert!(
        wrong("config/files.rs", "use std::{fs, io};") && !wrong("config/system.rs", "use std::{fs, io};")
    );
    assert!(!wrong("model/ids.rs", "use std::net::{IpAddr, SocketAddr}; use std::time::Instant;"));
}
