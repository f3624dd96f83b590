//! Configurations in the other grammar: they mean the same, there and back, and keep their comments.
//!
//! `tests/config/convert/*.cf` and `*.toml` are golden: `x.cf` becomes `x.cf.toml`, `x.toml` becomes `x.toml.cf`.
//! `BLESS=1 cargo test --test convert` rewrites them.
#![cfg(all(feature = "http", feature = "ftp"))]
#![expect(clippy::unwrap_used, reason = "a test may")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use ldirectord::config::{Diagnostic, Grammar, Loaded, MemoryFiles, Rejected, SystemResolver, convert, load};

/// All configurations that this program ships, tests or was compared on.
fn all() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> =
        ["packaging/examples", "tests/config/ok", "tests/vectors"].map(|folder| root.join(folder)).into();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "cf" || extension == "toml") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(found.len() > 60, "{}", found.len());
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
    for path in all() {
        let text = fs::read(&path).unwrap();
        let from = Grammar::of(&path);
        let there = match convert("x", &text, from) {
            Ok(there) => there,
            // What is no configuration cannot be converted; that it is none is said elsewhere.
            Err(errors) => {
                let rejected = load_text(name(from), &text).err();
                assert!(rejected.is_some(), "{}: {}", path.display(), words(&errors));
                continue;
            }
        };
        let back = convert("x", there.text.as_bytes(), from.other())
            .unwrap_or_else(|errors| panic!("{}\n{}\n{}", path.display(), there.text, words(&errors)));
        converted += 1;
        if !is_self_contained(&String::from_utf8_lossy(&text)) {
            continue;
        }
        let Ok(one) = load_text(name(from), &text) else { continue };
        let two = load_text(name(from.other()), there.text.as_bytes()).unwrap();
        let three = load_text(name(from), back.text.as_bytes()).unwrap();
        assert_eq!(one.config, two.config, "{}\n{}", path.display(), there.text);
        assert_eq!(one.config, three.config, "{}\n{}", path.display(), back.text);
        loaded += 1;
    }
    assert!(converted > 60 && loaded > 50, "{converted} were converted, {loaded} of them loaded");
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
