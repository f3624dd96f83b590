//! Configurations of both grammars in the other one: what was converted is a configuration, and its conversion is stable.
#![no_main]

use ldirectord::config::{Diagnostic, Grammar, convert};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for from in [Grammar::Classic, Grammar::Toml] {
        // What is no configuration, or cannot be said in the other grammar, is refused.
        let Ok(there) = convert("x", bytes, from) else { continue };
        let back = expect_good(&there.text, from.other());
        let again = expect_good(&back, from);
        assert_eq!(said(&there.text), said(&again), "by way of\n{back}");
    }
});

/// The lines without comments, and without what looks like one: order and comments may be others after a second conversion.
fn said(text: &str) -> Vec<&str> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let mut lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    lines
}

fn expect_good(text: &str, from: Grammar) -> String {
    match convert("x", text.as_bytes(), from) {
        Ok(converted) => converted.text,
        Err(errors) => {
            let told: Vec<String> = errors.iter().map(Diagnostic::to_string).collect();
            panic!("{}\n{text}", told.join("\n"));
        }
    }
}
