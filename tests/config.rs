//! Configurations as people write them, and what is made of them: `tests/config/ok/*.cf` are accepted and mean
//! `*.model`, `tests/config/bad/*.cf` are rejected with the words in `*.stderr`; so are those in TOML, with `*.toml.model`
//! and `*.toml.stderr`.
//!
//! `BLESS=1 cargo test --test config` rewrites the expectations; the diff is what is reviewed.
#![cfg(feature = "http")]
#![expect(clippy::unwrap_used, reason = "a test may")]

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use ldirectord::{
    config::{Diagnostic, Loaded, MemoryFiles, Rejected, Shown, TableResolver, load},
    model::Protocol::{Sctp, Tcp, Udp},
};

/// The names that the configurations of these tests use.
fn names() -> TableResolver {
    let hosts = [
        ("vip.example.com", "127.0.0.1"),
        ("real1.example.com", "127.0.0.2"),
        ("real2", "127.0.0.3"),
        ("my_host", "127.0.0.4"),
        ("six.example.com", "2001:db8::6"),
    ];
    let services = [
        ("http", 80, Tcp),
        ("https", 443, Tcp),
        ("domain", 53, Tcp),
        ("domain", 53, Udp),
        ("ftp", 21, Tcp),
        ("m3ua", 2905, Sctp),
        ("m3ua-sctp", 2906, Sctp),
    ];
    let mut names = TableResolver { hostname: "director.example.com".to_owned(), ..TableResolver::default() };
    for (name, address) in hosts {
        names.hosts.entry(name.to_owned()).or_default().push(address.parse().unwrap());
    }
    for (name, port, protocol) in services {
        names.services.entry(name.to_owned()).or_default().push((port, protocol));
    }
    names
}

/// Loads a text under a short name, so that messages do not depend on where the tests stand.
fn load_text(name: &str, text: &[u8]) -> Result<Loaded, Rejected> {
    let fs = MemoryFiles::default().with(Path::new("/").join(name), text);
    let path = PathBuf::from(name);
    // In memory the root is the working directory.
    let fs = fs.with(path.clone(), text);
    // A list of authorities, as far as a configuration looks into one, and what is none.
    let framed = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n";
    let fs = fs.with("/etc/ldirectord/ca.pem", framed).with("/etc/ldirectord/notes.txt", "none");
    let fs = fs.with("/etc/ldirectord/cut.pem", &framed[..50]);
    load(&path, &fs, &names())
}

/// All configurations of a folder, by name.
fn configurations(folder: &str) -> Vec<PathBuf> {
    let mut both = of_grammar(folder, "cf");
    both.extend(of_grammar(folder, "toml"));
    both
}

/// The configurations of a folder in one grammar, by name.
fn of_grammar(folder: &str, suffix: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(folder);
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == suffix))
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

fn shown(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().fold(String::new(), |mut text, diagnostic| {
        writeln!(text, "{diagnostic}").unwrap();
        text
    })
}

/// The golden file beside a configuration: `x.model` for `x.cf`, `x.toml.model` for `x.toml`.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    if path.extension().is_some_and(|extension| extension == "toml") {
        path.with_extension(format!("toml.{suffix}"))
    } else {
        path.with_extension(suffix)
    }
}

/// Compares with a golden file, or writes it; gives what is wrong.
fn golden(path: &Path, found: &str) -> Option<String> {
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, found).unwrap();
        return None;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    (expected != found).then(|| format!("{}\n--- expected\n{expected}\n--- found\n{found}", path.display()))
}

fn file_name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

#[test]
fn accepted_configurations_mean_what_is_written_beside_them() {
    let wrong: Vec<String> = configurations("ok")
        .iter()
        .filter_map(|path| match load_text(file_name(path), &fs::read(path).unwrap()) {
            Ok(loaded) => {
                let mut found = Shown(&loaded.config).to_string();
                if !loaded.warnings.is_empty() {
                    write!(found, "\nwarnings\n{}", shown(&loaded.warnings)).unwrap();
                }
                golden(&beside(path, "model"), &found)
            }
            Err(rejected) => {
                Some(format!("{} is rejected\n{}", path.display(), shown(&rejected.diagnostics)))
            }
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rejected_configurations_are_rejected_in_these_words() {
    let wrong: Vec<String> = configurations("bad")
        .iter()
        .filter_map(|path| match load_text(file_name(path), &fs::read(path).unwrap()) {
            Ok(_) => Some(format!("{} is accepted", path.display())),
            Err(rejected) => golden(&beside(path, "stderr"), &shown(&rejected.diagnostics)),
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_directive_of_this_version_is_accepted_somewhere_and_rejected_somewhere() {
    let used = |folder: &str| -> String {
        of_grammar(folder, "cf")
            .iter()
            .map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned())
            .collect()
    };
    let (ok, bad) = (used("ok"), used("bad"));
    for name in &documented_directives() {
        let stands_in = |text: &str| {
            text.lines().any(|line| {
                let line = line.trim_start();
                line.strip_prefix(name.as_str()).is_some_and(|rest| rest.trim_start().starts_with('='))
            })
        };
        assert!(stands_in(&ok), "{name} is in no accepted configuration");
        assert!(stands_in(&bad), "{name} is in no rejected configuration");
    }
}

/// The directives of the grammar's table, which a test of its own compares with the program's; without those that are
/// for later, gone, or never meant anything.
fn documented_directives() -> Vec<String> {
    let grammar = include_str!("../src/config/classic/GRAMMAR.md");
    let rows = grammar.lines().filter_map(|line| {
        let (name, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        let last = rest.trim_end_matches([' ', '|']).rsplit('|').next()?.trim();
        let here = ["global", "virtual", "both"].iter().any(|scope| rest.starts_with(scope));
        (here && last != "later" && !last.starts_with("gone")).then(|| name.to_owned())
    });
    let names: Vec<String> = rows.collect();
    assert!(names.len() > 60, "{names:?}");
    names
}

/// The keys of the document, without those that it says are for later.
fn documented_keys() -> Vec<String> {
    let document = include_str!("../docs/configuration.md");
    let rows = document.lines().filter(|line| line.starts_with("| `") && !line.ends_with("| later |"));
    rows.filter_map(|row| row.split('`').nth(1)).map(str::to_owned).collect()
}

/// The dotted names of all keys in a document; of the tables in lists too.
fn keys_of(table: &toml::Table, prefix: &str, keys: &mut Vec<String>) {
    for (key, value) in table {
        let path = format!("{prefix}{key}");
        let inside = if value.is_array() || key == "defaults" { String::new() } else { format!("{path}.") };
        let list = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for table in list.iter().filter_map(toml::Value::as_table) {
            keys_of(table, &inside, keys);
        }
        keys.push(path);
    }
}

#[test]
fn every_key_of_this_version_is_accepted_somewhere_and_rejected_somewhere() {
    let mut accepted = Vec::new();
    for path in of_grammar("ok", "toml") {
        keys_of(&fs::read_to_string(path).unwrap().parse().unwrap(), "", &mut accepted);
    }
    let rejected: String =
        of_grammar("bad", "toml").iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    for key in documented_keys() {
        assert!(accepted.contains(&key), "{key} is in no accepted configuration");
        let last = key.rsplit('.').next().unwrap();
        assert!(rejected.contains(&format!("{last} =")), "{key} is in no rejected configuration");
    }
}

#[test]
fn what_both_grammars_say_is_the_same() {
    let mut pairs = 0;
    for native in of_grammar("ok", "toml") {
        let classic = native.with_extension("cf");
        let Ok(text) = fs::read(&classic) else { continue };
        let one = load_text("x.cf", &text).unwrap();
        let other = load_text("x.toml", &fs::read(&native).unwrap()).unwrap();
        assert_eq!(one.config, other.config, "{}", native.display());
        pairs += 1;
    }
    assert!(pairs >= 3, "{pairs}");
}

#[test]
fn the_sample_of_the_guide_means_the_same_indented_and_flush_left() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/ok");
    let indented = fs::read_to_string(folder.join("guide.cf")).unwrap();
    let flush: String = indented.lines().flat_map(|line| [line.trim_start(), "\n"]).collect();
    let one = load_text("guide.cf", indented.as_bytes()).unwrap();
    let other = load_text("guide.cf", flush.as_bytes()).unwrap();
    assert_eq!(one.config, other.config);
    assert_eq!(one.config.virtuals.len(), 2);
}

#[test]
fn a_rejected_file_is_still_known_to_whoever_watches_it() {
    let rejected = load_text("x.cf", b"nonsense").unwrap_err();
    assert_eq!(rejected.sources.files[0].resolved, Path::new("/x.cf"));
    assert!(rejected.sources.files[0].content.is_some());
    let missing = load(Path::new("/nowhere.cf"), &MemoryFiles::default(), &names()).unwrap_err();
    assert_eq!(missing.unreadable, Some(std::io::ErrorKind::NotFound));
    assert_eq!(missing.sources.watched().collect::<Vec<_>>(), [Path::new("/nowhere.cf")]);
}

#[test]
fn a_file_that_a_configuration_names_is_one_of_its_sources_and_part_of_what_it_means() {
    let text = "virtual=10.0.0.1:443\n\treal=10.0.0.2:443 gate\n\ttls-ca=\"/ca.pem\"\n";
    let certificate =
        |body: &str| format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    let with = |body| {
        let fs = MemoryFiles::default().with("/x.cf", text).with("/ca.pem", certificate(body));
        load(Path::new("/x.cf"), &fs, &names()).unwrap()
    };
    let (one, other) = (with("MAMCAQU="), with("MAMCAQY="));
    assert_eq!(one.config, with("MAMCAQU=").config);
    assert_ne!(one.config, other.config, "other authorities make another check");
    let watched: Vec<_> = one.sources.watched().collect();
    assert_eq!(watched, [Path::new("/x.cf"), Path::new("/ca.pem")]);
    let missing =
        load(Path::new("/x.cf"), &MemoryFiles::default().with("/x.cf", text), &names()).unwrap_err();
    assert_eq!(missing.sources.watched().count(), 2, "it is waited for");
}

#[test]
fn equal_patterns_are_compiled_once_and_equal_texts_have_equal_hashes() {
    let text = b"virtual=10.0.0.1:80\n\treal=10.0.0.2:80 gate\n\treceive=\"ok\"\n\
                 virtual=10.0.0.1:81\n\treal=10.0.0.2:80 masq\n\tservice=http\n\treceive=\"ok\"\n";
    let (one, other) = (load_text("x.cf", text).unwrap(), load_text("x.cf", text).unwrap());
    assert_eq!(one.sources, other.sources);
    assert_eq!(one.config, other.config);
    let check = |index: usize| one.config.virtuals[index].reals[0].check.clone();
    assert_eq!(check(0), check(1), "the two virtual services share one check");
}

#[test]
fn a_farm_of_2277_services_is_read_in_good_time() {
    let mut text = String::new();
    for service in 0..2277 {
        writeln!(text, "virtual=10.{}.{}.1:80", service / 250, service % 250).unwrap();
        for real in 1..=16 {
            writeln!(text, "\treal=172.16.{}.{real}:80 gate {real}", service % 250).unwrap();
        }
        text.push_str("\tservice=http\n\trequest=\"/health\"\n\treceive=\"ok\"\n\tscheduler=wlc\n\n");
    }
    let loaded = load_text("farm.cf", text.as_bytes()).unwrap();
    assert_eq!(loaded.config.virtuals.iter().map(|service| service.reals.len()).sum::<usize>(), 36_432);
    assert!(loaded.warnings.is_empty());
}
