//! Configurations that run with another one (`execute`): which they are, and that none of them leads back.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use super::{
    Grammar, Instance, ReadFile, Source, Spanned,
    diagnostic::Report,
    find::{FindError, find},
    instance_of,
};

/// The configurations that run with the one in this file, by their names there. A file that cannot be read has none;
/// what else is wrong with it is no matter here.
#[must_use]
pub fn executed(path: &Path, fs: &impl ReadFile) -> Vec<String> {
    let Ok(bytes) = fs.read(path) else { return Vec::new() };
    let source = Arc::new(Source::new(path.display().to_string(), &bytes));
    let draft = Grammar::of(path).read(&source, &mut Report::new(Arc::clone(&source)));
    draft.globals.execute.into_iter().map(|name| name.value).collect()
}

/// Reports the names that lead nowhere, and those that lead back here: each reload would lead to another one for ever.
pub(super) fn look_at(path: &Path, given: &[Spanned<String>], fs: &impl ReadFile, report: &mut Report) {
    let own = instance_of(&fs.absolute(path));
    for name in given {
        match find(Some(&name.value), fs) {
            Err(error) => {
                let help = match error {
                    FindError::NotFound { .. } => "its director cannot be started until there is one",
                    FindError::Ambiguous(..) => "its director cannot be started as long as there are both",
                };
                report.warning(name.span, error.to_string()).help(help);
            }
            Ok(file) => {
                let mut way = vec![own.clone(), instance_of(&file)];
                if leads_back(&file, &mut way, &mut BTreeSet::new(), fs) {
                    let way: Vec<&str> = way.iter().map(Instance::name).collect();
                    let message = match way.as_slice() {
                        [_, _] => "this configuration executes itself".to_owned(),
                        way => format!("the executed configurations lead back here: {}", way.join(" -> ")),
                    };
                    report.error(name.span, message).help("leave out one of them");
                }
            }
        }
    }
}

/// Whether the last one of a way executes the first one, it may be through others; completes the way. Those that were
/// `seen` do not: circles that the first one is not in are told of where they are closed.
fn leads_back(
    file: &Path,
    way: &mut Vec<Instance>,
    seen: &mut BTreeSet<Instance>,
    fs: &impl ReadFile,
) -> bool {
    let (Some(first), Some(last)) = (way.first(), way.last()) else { return false };
    if first == last {
        return true;
    }
    for name in executed(file, fs) {
        let Ok(next) = find(Some(&name), fs) else { continue };
        let instance = instance_of(&next);
        if !seen.insert(instance.clone()) {
            continue;
        }
        way.push(instance);
        if leads_back(&next, way, seen, fs) {
            return true;
        }
        way.pop();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::{MemoryFiles, TableResolver, load};
    use super::*;

    fn told(files: &[(&str, &str)]) -> Vec<String> {
        let fs = files.iter().fold(MemoryFiles::default(), |fs, (path, text)| fs.with(*path, *text));
        let diagnostics = match load(Path::new(files[0].0), &fs, &TableResolver::default()) {
            Ok(loaded) => loaded.warnings,
            Err(rejected) => rejected.diagnostics,
        };
        diagnostics.iter().map(super::super::Diagnostic::headline).collect()
    }

    #[test]
    fn a_circle_is_refused_where_it_is_closed() {
        let www = ("/etc/ha.d/www.cf", "execute = mail dns\n");
        let mail = ("/etc/ha.d/conf/mail", "execute = \"dns\"\n");
        let dns = ("/etc/ldirectord/dns.toml", "execute = [\"www.cf\"]\n");
        assert_eq!(
            told(&[www, mail, dns]),
            [
                "/etc/ha.d/www.cf:1:11: error: the executed configurations lead back here: www -> mail -> dns -> www",
                "/etc/ha.d/www.cf:1:16: error: the executed configurations lead back here: www -> dns -> www",
            ]
        );
        // A circle of others is theirs to tell.
        let dns = ("/etc/ldirectord/dns.toml", "execute = [\"mail\"]\n");
        assert_eq!(told(&[www, mail, dns]), Vec::<String>::new());
        assert_eq!(
            told(&[("/etc/ha.d/www.cf", "execute = /etc/ha.d/www.cf")]),
            ["/etc/ha.d/www.cf:1:11: error: this configuration executes itself"]
        );
    }

    #[test]
    fn one_that_is_not_there_is_told_and_waited_for() {
        let told = told(&[("/etc/ha.d/www.cf", "execute = mail")]);
        assert_eq!(told.len(), 1);
        assert!(
            told[0].starts_with("/etc/ha.d/www.cf:1:11: warning: Config file mail not found (looked for"),
            "{told:?}"
        );
    }
}
