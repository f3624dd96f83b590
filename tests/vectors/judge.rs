//! Whether what was found is what was expected.

use std::fs;

use crate::{
    class::{Class, file},
    replay::{is_refused, replay},
    vector::Vector,
};

/// What a vector came to.
pub(crate) enum Verdict {
    AsExpected,
    /// With the reason.
    Failed(String),
}

/// Plays a vector.
pub(crate) fn judge(vector: &Vector, class: Class<'_>) -> Verdict {
    if let Class::Waiting(_) = class {
        return if is_refused(vector) {
            Verdict::AsExpected
        } else {
            Verdict::Failed("it waits no more: give it another class in classes.toml".to_owned())
        };
    }
    let recorded = vector.recorded();
    let path = file(&format!("tests/vectors/differs/{}.txt", vector.name));
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let bless = std::env::var_os("BLESS").is_some() && matches!(class, Class::Differs);
    let expected = match class {
        Class::Differs if !bless => read(&kept, vector),
        Class::Equal | Class::Differs | Class::Waiting(_) => recorded.clone(),
    };
    let found = replay(vector, &expected);
    if matches!(class, Class::Differs) && found == recorded {
        return Verdict::Failed("it is as recorded now: make it equal in classes.toml".to_owned());
    }
    if bless {
        fs::write(&path, written(vector, &found)).unwrap();
        return Verdict::AsExpected;
    }
    if found == expected {
        Verdict::AsExpected
    } else {
        Verdict::Failed(difference(vector, &expected, &found))
    }
}

/// What is to be seen, as a file of `differs/` has it: a title for each step, and what is seen after it.
fn written(vector: &Vector, seen: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (step, lines) in vector.steps.iter().zip(seen) {
        text.extend(["== ", &step.act.name(), "\n"]);
        text.extend(lines.iter().flat_map(|line| [line, "\n"]));
    }
    text
}

fn read(text: &str, vector: &Vector) -> Vec<Vec<String>> {
    let mut seen: Vec<Vec<String>> = Vec::new();
    for line in text.lines() {
        if line.starts_with("== ") {
            seen.push(Vec::new());
        } else {
            seen.last_mut().unwrap().push(line.to_owned());
        }
    }
    seen.resize(vector.steps.len(), Vec::new());
    seen
}

fn difference(vector: &Vector, expected: &[Vec<String>], found: &[Vec<String>]) -> String {
    let mut text = String::new();
    for ((step, expected), found) in vector.steps.iter().zip(expected).zip(found) {
        let well = if expected == found { ": as expected\n" } else { "\n" };
        text.extend(["  == ", &step.act.name(), well]);
        let missing = expected.iter().filter(|line| !found.contains(line));
        text.extend(missing.flat_map(|line| ["    expected: ", line, "\n"]));
        let strange = found.iter().filter(|line| !expected.contains(line));
        text.extend(strange.flat_map(|line| ["    found:    ", line, "\n"]));
    }
    text
}
