//! A story file: TOML with configurations, a script, and the trace it must lead to.

use std::{collections::BTreeMap, fs, path::Path};

use super::{command::Command, play::trace};

/// What a file holds.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// What it shows, in a sentence or two.
    pub about: String,
    /// Its servers are checked by HTTP, which a build may lack.
    #[serde(default)]
    pub needs_http: bool,
    /// Configurations by name; the story begins with `begin`.
    pub config: BTreeMap<String, String>,
    /// What happens when: lines of `TIME COMMAND`.
    pub script: String,
}

/// Plays the story of a file and compares its trace with the golden one beside it.
pub fn hold(file: &Path) -> Result<(), String> {
    let name = file.display();
    let text = fs::read_to_string(file).map_err(|e| format!("{name}: {e}"))?;
    let story: Story = toml::from_str(&text).map_err(|e| format!("{name}: {e}"))?;
    assert!(!story.about.is_empty(), "{name} says nothing");
    if story.needs_http && !cfg!(feature = "http") {
        println!("skipped: {name}, since this build has no check of HTTP");
        return Ok(());
    }
    let script = story.script.lines().filter(|line| !line.trim().is_empty());
    let script: Vec<Command> =
        script.map(Command::parse).collect::<Result<_, _>>().map_err(|e| format!("{name}: {e}"))?;
    let got = trace(&story.config, &script);
    assert_eq!(got, trace(&story.config, &script), "{name}: the same story, another trace");
    let golden = file.with_extension("trace");
    if std::env::var_os("BLESS").is_some() {
        return fs::write(&golden, got).map_err(|e| format!("{name}: {e}"));
    }
    let want = fs::read_to_string(&golden).unwrap_or_default();
    if got == want { Ok(()) } else { Err(format!("{name}:\n--- expected\n{want}--- got\n{got}")) }
}
