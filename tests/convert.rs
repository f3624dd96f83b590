//! Configurations in the other grammar: they mean the same, there and back, and keep their comments.
//!
//! `tests/config/convert/*.cf` and `*.toml` are golden: `x.cf` becomes `x.cf.toml`, `x.toml` becomes `x.toml.cf`.
//! `BLESS=1 cargo test --test convert` rewrites them.
#![cfg(feature = "http")]
#![expect(clippy::unwrap_used, reason = "a test may")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use proptest::{collection::vec, prelude::*, sample::Index};

use ldirectord::config::{Diagnostic, Grammar, Loaded, MemoryFiles, Rejected, SystemResolver, convert, load};

/// A configuration, and where it comes from.
struct Known {
    place: String,
    grammar: Grammar,
    text: Vec<u8>,
}

/// All configurations that this program ships, tests or was compared on.
fn all() -> Vec<Known> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = |folder: &str| {
        let entries = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        let mut paths: Vec<PathBuf> = entries
            .filter(|path| path.extension().is_some_and(|extension| extension == "cf" || extension == "toml"))
            .collect();
        paths.sort();
        paths
    };
    let whole = ["packaging/examples", "tests/config/ok"].into_iter().flat_map(files).map(|path| Known {
        place: path.display().to_string(),
        grammar: Grammar::of(&path),
        text: fs::read(path).unwrap(),
    });
    let recorded = files("tests/vectors/data").into_iter().flat_map(|path| {
        let vector: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        let steps = vector.get("steps").and_then(toml::Value::as_array).cloned().unwrap_or_default();
        let edits = steps.iter().filter(|step| step.get("do").and_then(toml::Value::as_str) == Some("cf"));
        let edits = edits.filter_map(|step| Some(step.get("text")?.as_str()?.to_owned()));
        let begin = vector.get("configuration").and_then(toml::Value::as_str).map(str::to_owned);
        let place = path.display().to_string();
        let texts: Vec<String> = begin.into_iter().chain(edits).collect();
        texts.into_iter().map(move |text| Known {
            place: place.clone(),
            grammar: Grammar::Classic,
            text: text.into_bytes(),
        })
    });
    let found: Vec<Known> = whole.chain(recorded).collect();
    assert!(found.len() > 250, "{}", found.len());
    found
}

fn load_text(name: &str, text: &[u8]) -> Result<Loaded, Rejected> {
    let path = Path::new("/").join(name);
    load(&path, &MemoryFiles::default().with(path.clone(), text), &SystemResolver::default())
}

fn words(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().flat_map(|diagnostic| [diagnostic.to_string(), "\n".to_owned()]).collect()
}

fn name(grammar: Grammar) -> &'static str {
    match grammar {
        Grammar::Classic => "x.cf",
        Grammar::Toml => "x.toml",
    }
}

/// Only names that anybody can look up: the meaning of the others is compared by `convert` itself.
fn is_self_contained(text: &str) -> bool {
    !text.contains("example.com") && !text.contains("my_host")
}

#[test]
fn every_configuration_means_the_same_there_and_back() {
    let (mut converted, mut loaded) = (0, 0);
    for Known { place, grammar: from, text } in all() {
        let there = match convert("x", &text, from) {
            Ok(there) => there,
            // What is no configuration cannot be converted; that it is none is said elsewhere.
            Err(errors) => {
                let rejected = load_text(name(from), &text).err();
                assert!(rejected.is_some(), "{}: {}", place, words(&errors));
                continue;
            }
        };
        let back = convert("x", there.text.as_bytes(), from.other())
            .unwrap_or_else(|errors| panic!("{}\n{}\n{}", place, there.text, words(&errors)));
        converted += 1;
        if !is_self_contained(&String::from_utf8_lossy(&text)) {
            continue;
        }
        let Ok(one) = load_text(name(from), &text) else { continue };
        let two = load_text(name(from.other()), there.text.as_bytes()).unwrap();
        let three = load_text(name(from), back.text.as_bytes()).unwrap();
        assert_eq!(one.config, two.config, "{}\n{}", place, there.text);
        assert_eq!(one.config, three.config, "{}\n{}", place, back.text);
        loaded += 1;
    }
    assert!(converted > 180 && loaded > 150, "{converted} were converted, {loaded} of them loaded");
}

#[test]
fn comments_stay_with_what_they_are_about() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/convert");
    for (file, other) in [("comments.cf", "comments.cf.toml"), ("comments.toml", "comments.toml.cf")] {
        let path = folder.join(file);
        let text = fs::read_to_string(&path).unwrap();
        let converted = convert(file, text.as_bytes(), Grammar::of(&path))
            .unwrap_or_else(|errors| panic!("{}", words(&errors)));
        for comment in text.lines().filter_map(|line| line.trim().strip_prefix("# ")) {
            assert!(converted.text.contains(comment), "{comment} is lost");
        }
        if std::env::var_os("BLESS").is_some() {
            fs::write(folder.join(other), &converted.text).unwrap();
        }
        assert_eq!(converted.text, fs::read_to_string(folder.join(other)).unwrap(), "{other}");
    }
}

#[test]
fn a_broken_configuration_is_not_converted_and_its_errors_are_told() {
    let errors = convert("x.cf", b"chekinterval = 5\nautoreload = yes\n", Grammar::Classic).unwrap_err();
    assert!(words(&errors).starts_with("x.cf:1:1: error: unknown directive"), "{}", words(&errors));
    let errors = convert("x.toml", b"autoreload = 5\n", Grammar::Toml).unwrap_err();
    assert!(words(&errors).starts_with("x.toml:1:14: error: \"autoreload\" must be"), "{}", words(&errors));
}

/// The global lines, and the sections as lines, of all classic configurations that are good.
fn pieces() -> (Vec<String>, Vec<Vec<String>>) {
    let (mut globals, mut sections): (Vec<String>, Vec<Vec<String>>) = Default::default();
    for known in all().into_iter().filter(|known| known.grammar == Grammar::Classic) {
        let Ok(text) = String::from_utf8(known.text) else { continue };
        if convert("x", text.as_bytes(), Grammar::Classic).is_err() {
            continue;
        }
        let mut inside = false;
        for line in text.lines().map(str::trim_end).filter(|line| !line.trim().is_empty()) {
            if line.trim_start().starts_with("virtual") && !line.trim_start().starts_with("virtualhost") {
                sections.push(vec![line.trim_start().to_owned()]);
                inside = true;
            } else if inside && line.starts_with([' ', '\t']) {
                let section = sections.last_mut().unwrap();
                section.push(format!("\t{}", line.trim_start()));
            } else {
                inside = false;
                globals.push(line.trim_start().to_owned());
            }
        }
    }
    (globals, sections)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]
    /// Whatever is put together of good pieces, if it is a configuration, is the same one there and back; and what was
    /// converted and converted back says the same in the same words when it is converted again, with each of its comments.
    #[test]
    fn what_is_put_together_of_good_pieces_means_the_same_there_and_back(
        globals in vec((any::<Index>(), comment()), 0..8),
        sections in vec((any::<Index>(), vec((any::<Index>(), any::<Index>(), comment()), 0..6)), 0..4),
    ) {
        static PIECES: LazyLock<(Vec<String>, Vec<Vec<String>>)> = LazyLock::new(pieces);
        let (known_globals, known_sections) = &*PIECES;
        let mut text = String::new();
        for (piece, comment) in &globals {
            text.extend([comment, piece.get(known_globals).as_str(), "\n"]);
        }
        for (section, more) in &sections {
            let section = section.get(known_sections);
            text.extend(section.iter().flat_map(|line| [line.as_str(), "\n"]));
            // Lines of another one, as long as they fit.
            for (other, line, comment) in more {
                let other = other.get(known_sections);
                text.extend([comment, line.get(other).replace("virtual =", "\t# virtual =").as_str(), "\n"]);
            }
        }
        let there = match convert("x.cf", text.as_bytes(), Grammar::Classic) {
            Ok(there) => there.text,
            Err(errors) => {
                let told = words(&errors);
                prop_assert!(!told.contains("cannot be said"), "{text}\n{told}");
                return Ok(());
            }
        };
        let back = convert("x.toml", there.as_bytes(), Grammar::Toml).map_err(|errors| TestCaseError::fail(format!("{there}\n{}", words(&errors))))?.text;
        let again = convert("x.cf", back.as_bytes(), Grammar::Classic).map_err(|errors| TestCaseError::fail(format!("{back}\n{}", words(&errors))))?.text;
        prop_assert_eq!(said(&there), said(&again), "{}\n{}", text, back);
        for word in text.split("# remark ").skip(1).filter_map(|rest| rest.split_whitespace().next()) {
            prop_assert!(there.contains(word) && back.contains(word), "the comment {word} is lost:\n{text}\n{there}\n{back}");
        }
    }
}

/// A text without blank lines and comments, which may stand elsewhere after a second conversion.
fn said(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    lines.flat_map(|line| [line.split("  #").next().unwrap_or_default(), "\n"]).collect()
}

/// At times a line that is a comment of its own.
fn comment() -> impl Strategy<Value = String> {
    prop_oneof![3 => Just(String::new()), 1 => (1_000..9_999_u32).prop_map(|n| format!("\t# remark r{n}\n"))]
}
