//! A build without a family of checks names what it lacks where a configuration asks for it.
#![cfg(not(feature = "http"))]

use std::path::Path;

use ldirectord::config::{Diagnostic, MemoryFiles, TableResolver, load};

#[test]
fn a_service_that_was_left_out_is_named() {
    let text = "virtual=192.0.2.1:80\n\treal=10.0.0.1:80 gate\nvirtual=192.0.2.1:81\n\tservice=https\n\
                virtual=192.0.2.1:443\n\treal=10.0.0.1:443 gate\n\tchecktype=connect\n";
    let fs = MemoryFiles::default().with("/x.cf", text);
    let rejected = load(Path::new("/x.cf"), &fs, &TableResolver::default()).unwrap_err();
    let lines: Vec<String> = rejected.diagnostics.iter().map(Diagnostic::headline).collect();
    assert_eq!(
        lines,
        [
            "/x.cf:1:9: error: service http, which port 80 stands for, was left out of this build",
            "/x.cf:4:10: error: service https was left out of this build",
        ]
    );
}
