//! The classic grammar, from bytes to the model.
#![no_main]

mod config;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| config::load_and_show("x.cf", bytes));
