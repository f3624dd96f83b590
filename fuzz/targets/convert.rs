//! Configurations of both grammars in the other one: what was converted can be converted back, and again.
#![no_main]

use ldirectord::config::{Diagnostic, Grammar, convert};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for from in [Grammar::Classic, Grammar::Toml] {
        // What is no configuration, or cannot be said in the other grammar, is refused.
        let Ok(there) = convert("x", bytes, from) else { continue };
        // Each conversion compares what it wrote with what it read, and is refused where they are not the same.
        let back = expect_good(&there.text, from.other());
        expect_good(&back, from);
    }
});

fn expect_good(text: &str, from: Grammar) -> String {
    match convert("x", text.as_bytes(), from) {
        Ok(converted) => converted.text,
        Err(errors) => {
            let told: Vec<String> = errors.iter().map(Diagnostic::to_string).collect();
            panic!("{}\n{text}", told.join("\n"));
        }
    }
}
