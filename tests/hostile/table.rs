//! What is expected, as golden files: for each place in each conversation what comes of each way to misbehave.
//!
//! `BLESS=1 cargo test --test hostile` rewrites them; the diff is what is reviewed. With `SHOW=1` (and `-- --nocapture`) it
//! prints what came of each check.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path, pin::Pin};

use crate::trial::{self, Outcome};

/// So much memory this process may have, in bytes: the probes and their servers, two hundred at most at once, and what
/// OpenSSL has for them, which is in no probe's count.
const PROCESS: usize = 192 << 20;

/// A check that is to be made.
pub(crate) type Trial = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Checks of one kind, each against a server that misbehaves in another way.
pub(crate) struct Row {
    /// What stands above them.
    pub(crate) heading: String,
    /// A probe may have so much memory, in bytes.
    pub(crate) memory: usize,
    /// The ways to misbehave, by name.
    pub(crate) trials: Vec<(&'static str, Trial)>,
    /// Those that are none: these must pass, all others must not.
    pub(crate) good: &'static [&'static str],
}

/// Makes all checks of these rows, and holds what comes of them against a golden file.
pub(crate) async fn hold(rows: Vec<Row>, golden: &str) {
    let (mut heads, mut trials) = (Vec::new(), Vec::new());
    for row in rows {
        let (names, checks): (Vec<_>, Vec<_>) = row.trials.into_iter().unzip();
        trials.extend(checks);
        heads.push((row.heading, row.memory, row.good, names));
    }
    let count = trials.len();
    let mut outcomes = trial::all(trials).await.into_iter();

    let (mut text, mut faults, mut most) = (String::new(), Vec::new(), (0, String::new()));
    for (heading, memory, good, names) in heads {
        let mut words: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (name, outcome) in names.into_iter().zip(&mut outcomes) {
            let word = outcome.word();
            if std::env::var_os("SHOW").is_some() {
                eprintln!("{heading}, {name}: {:?}, {} bytes", outcome.verdict, outcome.memory);
            }
            let wrong = outcome.faults(memory, good.contains(&name));
            faults.extend(wrong.into_iter().map(|fault| format!("{heading}, {name}: {word}, {fault}")));
            if outcome.memory > most.0 {
                most = (outcome.memory, format!("{heading}, {name}"));
            }
            words.entry(word).or_default().push(name);
        }
        writeln!(text, "{heading}").unwrap();
        for (word, names) in words {
            writeln!(text, "    {word:<20} {}", names.join(", ")).unwrap();
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile").join(golden);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    faults.extend(differences(&fs::read_to_string(&path).unwrap_or_default(), &text));
    let process = peak();
    eprintln!(
        "{golden}: {count} checks, at most {} bytes of memory ({}), the process {} MiB",
        most.0,
        most.1,
        process >> 20
    );
    if process > PROCESS {
        faults.push(format!("the process had {process} bytes of memory"));
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// The most memory that this process ever had, in bytes.
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let mark = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    mark.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

/// The lines that are in one text only, each with the heading that it stands under.
fn differences(expected: &str, found: &str) -> Vec<String> {
    let placed = |text: &str| -> Vec<String> {
        let (mut heading, mut placed) = ("", Vec::new());
        let mut rest = text;
        while let Some((line, behind)) = rest.split_once('\n') {
            match line.strip_prefix("    ") {
                Some(outcome) => placed.push(format!("{heading}: {outcome}")),
                None => heading = line,
            }
            rest = behind;
        }
        placed
    };
    let (expected, found) = (placed(expected), placed(found));
    let missing = expected.iter().filter(|line| !found.contains(line)).map(|line| format!("expected {line}"));
    let new = found.iter().filter(|line| !expected.contains(line)).map(|line| format!("found    {line}"));
    missing.chain(new).collect()
}
