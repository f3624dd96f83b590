//! What is expected of which vector.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::vector::Vector;

/// What is expected of a vector.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Class<'a> {
    /// What was recorded.
    Equal,
    /// Something else, which `docs/compatibility.md` explains.
    Differs,
    /// Nothing yet: it needs what this version does not have.
    Waiting(&'a str),
}

/// `classes.toml`, by the numbers of the vectors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Classes {
    equal: BTreeSet<String>,
    differs: BTreeSet<String>,
    waiting: BTreeMap<String, String>,
}

pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

impl Classes {
    pub(crate) fn read() -> Self {
        toml::from_str(&fs::read_to_string(file("tests/vectors/classes.toml")).unwrap()).unwrap()
    }

    /// The class of a vector; one that has none is expected to be equal, and complained of.
    pub(crate) fn of(&self, vector: &Vector) -> Class<'_> {
        if self.differs.contains(vector.number()) {
            Class::Differs
        } else if let Some(reason) = self.waiting.get(vector.number()) {
            Class::Waiting(reason)
        } else {
            Class::Equal
        }
    }

    /// What is wrong with the table: each vector has one class, and each that differs an explanation.
    pub(crate) fn complaints(&self, vectors: &[Vector]) -> Vec<String> {
        let mut complaints = Vec::new();
        let text = fs::read_to_string(file("docs/compatibility.md")).unwrap();
        let explained = explained(&text);
        let mut unknown: BTreeSet<&String> =
            self.equal.iter().chain(&self.differs).chain(self.waiting.keys()).collect();
        for vector in vectors {
            let number = vector.number().to_owned();
            let classes = [
                self.equal.contains(&number),
                self.differs.contains(&number),
                self.waiting.contains_key(&number),
            ];
            let count = classes.iter().filter(|is_in| **is_in).count();
            if count != 1 {
                complaints.push(format!("vector {} is in {count} classes of classes.toml", vector.name));
            }
            if classes[1] && !explained.contains(&number) {
                complaints.push(format!("no row of docs/compatibility.md names vector {}", vector.name));
            }
            unknown.remove(&number);
        }
        complaints.extend(unknown.iter().map(|number| format!("classes.toml: there is no vector {number}")));
        complaints
    }
}

/// The vectors that stand in the last column of a table, alone or as `226 to 242`.
fn explained(text: &str) -> BTreeSet<String> {
    let mut numbers = BTreeSet::new();
    for line in text.lines().filter(|line| line.starts_with('|')) {
        let last = line.trim_end().trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        let mut range = None;
        for word in last.split([',', ';', ' ']).filter(|word| !word.is_empty()) {
            match word.parse::<u16>() {
                Ok(number) => {
                    let first = range.take().unwrap_or(number);
                    numbers.extend((first..=number).map(|number| format!("{number:03}")));
                    range = None;
                }
                Err(_) if word == "to" => {
                    range = numbers.last().and_then(|last: &String| last.parse::<u16>().ok());
                }
                Err(_) => range = None,
            }
        }
    }
    numbers
}
