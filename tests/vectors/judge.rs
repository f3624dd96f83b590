//! Whether what was found is what was expected.

use std::fs;

use crate::{
    class::{Class, file},
    replay::replay,
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
    let recorded = vector.recorded();
    let path = file(&format!("tests/vectors/differs/{}.txt", vector.name));
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let bless = std::env::var_os("BLESS").is_some() && matches!(class, Class::Differs);
    let expected = match class {
        Class::Differs if !bless => read(&kept, vector),
        Class::Equal | Class::Differs | Class::Waiting(_) => recorded.clone(),
    };
    let found = replay(vector, &expected);
    let is_recorded = found == recorded;
    match class {
        Class::Differs if is_recorded => {
            Verdict::Failed("it is as recorded now: make it equal in classes.toml".to_owned())
        }
        Class::Waiting(_) if is_recorded => {
            Verdict::Failed("it waits no more: make it equal in classes.toml".to_owned())
        }
        Class::Differs if bless => {
            fs::write(&path, written(vector, &found)).unwrap();
            Verdict::AsExpected
        }
        Class::Waiting(_) => Verdict::AsExpected,
        Class::Equal | Class::Differs if found == expected => Verdict::AsExpected,
        Class::Equal | Class::Differs => Verdict::Failed(difference(vector, &expected, &found)),
    }
}

/// What is to be seen, as a file of `differs/` has it: a title for each step, and what is seen after it.
fn written(vector: &Vector, seen: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (step, lines) in vector.steps.iter().zip(seen) {
        text += &format!("== {}\n", step.act.name());
        text.extend(lines.iter().map(|line| format!("{line}\n")));
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
        if expected == found {
            text += &format!("  == {}: as expected\n", step.act.name());
            continue;
        }
        text += &format!("  == {}\n", step.act.name());
        let signed = |sign: &str, lines: &[String], others: &[String]| {
            let lines = lines.iter().filter(|line| !others.contains(line));
            lines.map(|line| format!("    {sign} {line}\n")).collect::<String>()
        };
        text += &signed("expected:", expected, found);
        text += &signed("found:   ", found, expected);
    }
    text
}
