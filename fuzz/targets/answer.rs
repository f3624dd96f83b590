//! An HTTP answer from a server that means no good, in pieces as they come. The first byte says how it is cut, the second
//! what is wanted of it.
#![no_main]

use std::sync::LazyLock;

use ldirectord::{
    check::http::{answer::Answer, want::Want},
    model::{ExpectedField, Pattern, StatusSet},
};

static FIELDS: LazyLock<[ExpectedField; 1]> = LazyLock::new(|| {
    [ExpectedField { name: "Location".into(), value: Pattern::new("^/[a-z]*$").unwrap().into() }]
});
static STATUSES: LazyLock<StatusSet> = LazyLock::new(|| StatusSet::new([200..=404]).unwrap());

libfuzzer_sys::fuzz_target!(|input: (u8, u8, &[u8])| {
    let (length, wanted, bytes) = input;
    let want = Want {
        content: wanted & 1 != 0,
        fields: if wanted & 2 != 0 { &*FIELDS } else { &[] },
        statuses: (wanted & 4 != 0).then_some(&*STATUSES),
    };
    let whole = read(want, bytes, bytes.len());
    let pieces = read(want, bytes, length.into());
    assert_eq!(whole, pieces, "it depends on the pieces it comes in");
});

/// What came of it: whether there was enough, then status, what is wrong, place and content.
type Read = Option<(bool, u16, Option<String>, Option<String>, Vec<u8>)>;

fn read(want: Want<'_>, bytes: &[u8], length: usize) -> Read {
    let mut answer = Answer::new(want);
    let mut enough = false;
    for piece in bytes.chunks(length.max(1)) {
        enough = answer.feed(piece).ok()?;
        if enough {
            break;
        }
    }
    let enough = enough || answer.close();
    let (refused, location) = (answer.refused().map(ToString::to_string), answer.location().map(str::to_owned));
    Some((enough, answer.status(), refused, location, answer.content().to_vec()))
}
