//! The examples that are installed: each is good, and says the same in both grammars.
#![cfg(all(feature = "http", feature = "dns", feature = "mysql", feature = "pgsql"))]

use std::{
    fs,
    path::{Path, PathBuf},
};

use ldirectord::config::{Diagnostic, Loaded, SystemFiles, SystemResolver, load};

/// What there is in both grammars.
const FARMS: [&str; 6] = ["database", "dns", "fwmark", "ipv6", "mail", "web-tls"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/examples")
}

fn loaded(path: &Path) -> Loaded {
    load(path, &SystemFiles, &SystemResolver::default()).unwrap_or_else(|rejected| {
        panic!("{:?}", rejected.diagnostics.iter().map(Diagnostic::to_string).collect::<Vec<_>>())
    })
}

#[test]
fn every_example_is_good_and_has_servers() {
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let config = loaded(&path).config;
        assert!(config.virtuals.iter().all(|service| !service.reals.is_empty()), "{}", path.display());
    }
}

#[test]
fn the_farms_are_clean_and_mean_the_same_in_both_grammars() {
    for farm in FARMS {
        let [classic, native] =
            ["cf", "toml"].map(|suffix| loaded(&folder().join(format!("{farm}.{suffix}"))));
        for one in [&classic, &native] {
            assert!(one.warnings.is_empty(), "{}", one.warnings[0]);
        }
        assert_eq!(classic.config, native.config, "{farm}");
    }
}
