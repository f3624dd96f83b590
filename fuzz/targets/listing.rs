//! What `ipvsadm` prints, or something else that stands in its place.
#![no_main]

use ldirectord::ipvs::ipvsadm::listing::parse;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(table) = parse(text, |_| true) else { return };
    // What is wanted of a listing that is understood is the same whether the rest is wanted or not.
    if let Some((id, service)) = table.0.iter().next() {
        let one = parse(text, |listed| listed == *id).expect("it was understood as a whole");
        assert_eq!(one.0.get(id), Some(service));
        assert_eq!(one.0.len(), 1);
    }
});
