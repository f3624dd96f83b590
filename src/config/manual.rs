//! The manual pages, held against the tables of the program: what stands in the one stands in the other.

use std::{collections::BTreeSet, io, path::Path, sync::Arc};

use super::{
    Source, TableResolver,
    classic::{
        self,
        directives::{DIRECTIVES, Directive, Scope, Status, find},
    },
    diagnostic::Report,
    draft::CheckType,
    lower::lower,
    native::keys::{KEYS, WITHOUT_KEY},
};
use crate::model::{DirectorState, Service};

const PAGE: &str = include_str!("../../packaging/man/ldirectord.cf.5");
/// What `ldirectord -h` shows.
const SHORT: &str = include_str!("../cli/manual.txt");
const GRAMMAR: &str = include_str!("classic/GRAMMAR.md");

/// An entry of a list in a page: what is explained, and the words about it.
pub(crate) struct Entry {
    pub(crate) section: String,
    pub(crate) head: String,
    body: Vec<String>,
}

/// The entries of a page in the order in which they stand there, without those of lists inside of entries.
pub(crate) fn entries(page: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let (mut section, mut depth, mut open) = (String::new(), 0, false);
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        match line.split(' ').next().unwrap_or_default() {
            ".SH" => (section, open) = (plain(line), false),
            ".SS" => open = false,
            ".RS" => depth += 1,
            ".RE" => depth -= 1,
            ".TP" if depth == 0 => {
                let head = plain(lines.next().expect("a head follows"));
                entries.push(Entry { section: section.clone(), head, body: Vec::new() });
                open = true;
            }
            _ if open => entries.last_mut().expect("it is open").body.push(plain(line)),
            _ => {}
        }
    }
    entries
}

/// A line of a page as it is read.
fn plain(line: &str) -> String {
    let text = match line.strip_prefix('.').and_then(|line| line.split_once(' ')) {
        // Words in turns of two fonts, with nothing between them.
        Some(("BR" | "RB" | "IR" | "RI" | "BI" | "IB", words)) => arguments(words).concat(),
        Some((_, words)) => arguments(words).join(" "),
        None => line.to_owned(),
    };
    let escapes = [
        ("\\-", "-"),
        ("\\(aq", "'"),
        ("\\(dq", "\""),
        ("\\(ha", "^"),
        ("\\fB", ""),
        ("\\fI", ""),
        ("\\fR", ""),
    ];
    let text = escapes.iter().fold(text, |text, (escape, character)| text.replace(escape, character));
    text.replace("\\e", "\\")
}

/// The words behind a macro; blanks in double quotes are part of one.
fn arguments(words: &str) -> Vec<String> {
    let pieces = words.split('"').enumerate();
    let quoted = |(index, piece): (usize, &str)| match index % 2 {
        0 => piece.split_whitespace().map(str::to_owned).collect(),
        _ => vec![piece.to_owned()],
    };
    pieces.flat_map(quoted).collect()
}

/// What is explained in a section.
pub(crate) fn heads(page: &str, section: &str) -> BTreeSet<String> {
    let of_section = entries(page).into_iter().filter(|entry| entry.section == section);
    of_section.map(|entry| entry.head).collect()
}

fn set<T: Into<String>>(words: impl IntoIterator<Item = T>) -> BTreeSet<String> {
    words.into_iter().map(Into::into).collect()
}

/// The entries of directives, with their names and forms.
fn directives() -> Vec<(String, String, Entry)> {
    let of_directives = entries(PAGE).into_iter().filter(|entry| entry.section == "DIRECTIVES");
    of_directives
        .filter_map(|entry| {
            let (name, form) = entry.head.split_once(" = ")?;
            Some((name.to_owned(), form.to_owned(), entry))
        })
        .collect()
}

/// The last line of a directive's entry, as it follows from the tables.
fn facts(directive: &Directive) -> String {
    let row = GRAMMAR.lines().find(|line| line.starts_with(&format!("| `{}` |", directive.name)));
    let cells: Vec<&str> = row.unwrap_or_default().split('|').map(str::trim).collect();
    let [_, _, _, _, default, note, ..] = cells[..] else { panic!("no row of {}", directive.name) };
    let place = match directive.scope {
        Scope::Global => "global",
        Scope::Virtual => "one",
        Scope::Both => "all or one",
        Scope::Head => "head",
    };
    let default = match default.replace('`', "") {
        default if default.is_empty() => default,
        default => format!("; default {}", default.strip_prefix("see below, ").unwrap_or(&default)),
    };
    let mut keys: Vec<&str> =
        KEYS.iter().filter(|row| row.directive == directive.name).map(|row| row.key).collect();
    keys.dedup();
    let keys = if keys.is_empty() { "none".to_owned() } else { keys.join(", ") };
    let newer = if note.split(':').next() == Some("new") || note.starts_with("new;") { "; new" } else { "" };
    format!("({place}{default}; TOML {keys}{newer})")
}

#[test]
fn the_page_has_every_directive_as_it_is_and_no_other() {
    let described = directives();
    let names: Vec<&str> = described.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(set(names.iter().copied()), set(DIRECTIVES.iter().map(|directive| directive.name)));
    assert_eq!(names.len(), DIRECTIVES.len(), "one is there twice");
    for (name, form, entry) in described {
        let directive = find(&name).expect("they are the same");
        let facts = facts(directive);
        let last = entry.body.last().cloned().unwrap_or_default();
        assert_eq!((form.as_str(), last.as_str()), (directive.form, facts.as_str()), "{name}");
        if let Status::Gone(instead) = directive.status {
            assert!(entry.body.join(" ").contains(instead), "{name}: {instead}");
        }
    }
    for (name, _) in WITHOUT_KEY {
        assert!(facts(find(name).expect("it is one")).contains("TOML none"), "{name}");
    }
}

/// The words that a directive takes, as its reader tells them.
fn words(directive: &Directive) -> BTreeSet<String> {
    let head = if directive.scope == Scope::Global { "" } else { "virtual = 192.0.2.1:80\n\t" };
    let source = Arc::new(Source::new("x.cf", format!("{head}{} = neither\n", directive.name).as_bytes()));
    let mut report = Report::new(Arc::clone(&source));
    let _ = classic::read(&source, &mut report);
    let lead = format!("\"{}\" must be ", directive.name);
    let told =
        report.finish().into_iter().find_map(|told| Some(told.message.strip_prefix(&lead)?.to_owned()));
    set(told.unwrap_or_default().replace(" or ", ", ").split(", "))
}

#[test]
fn words_in_forms_are_those_that_are_read() {
    let is_list = |form: &str| {
        form.contains('|') && form.bytes().all(|b| b.is_ascii_alphabetic() || b"|-".contains(&b))
    };
    let lists: Vec<_> = DIRECTIVES.iter().filter(|directive| is_list(directive.form)).collect();
    for directive in &lists {
        let form = set(directive.form.split('|').filter(|word| *word != "NUMBER"));
        assert_eq!(form, words(directive), "{}", directive.name);
    }
    for name in
        ["checktype", "httpmethod", "querytype", "tls", "tls-verify", "smtp-tls", "protocol", "start-state"]
    {
        assert!(lists.iter().any(|directive| directive.name == name), "{name} is no list");
    }
    let states = find("emailalertstatus").expect("it is one").form;
    assert!(DirectorState::ALL.iter().all(|state| states.contains(state.name())));
}

#[test]
fn the_page_has_every_check_type_and_service_and_no_other() {
    let types = CheckType::WORDS.map(|(word, _)| word);
    assert_eq!(heads(PAGE, "CHECK TYPES"), set(types.into_iter().chain(["NUMBER"])));
    let services = Service::ALL.map(|service| match service.default_port() {
        Some(port) => format!("{} ({port})", service.name()),
        None => service.name().to_owned(),
    });
    assert_eq!(heads(PAGE, "SERVICES"), set(services));
}

#[test]
fn the_short_manual_names_them_all() {
    let words: BTreeSet<&str> =
        SHORT.split(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c)).collect();
    let useless = ["fork", "load", "readdquiescent"];
    let alive = DIRECTIVES.iter().filter(|directive| matches!(directive.status, Status::Here(_)));
    let names = alive.map(|directive| directive.name).filter(|name| !useless.contains(name));
    let types = CheckType::WORDS.map(|(word, _)| word);
    for name in names.chain(types).chain(Service::ALL.map(Service::name)) {
        assert!(words.contains(name), "{name}");
    }
}

#[test]
fn the_page_says_how_servers_are_written_in_toml() {
    let (_, toml) = PAGE.split_once(".SH \"IN TOML\"").expect("it is there");
    for key in super::native::server::SERVER_KEYS {
        assert!(plain(toml).contains(key), "{key}");
    }
}

/// The services that can be asked with this `tls`, as far as their checks are part of this build.
fn with_tls(word: &str) -> BTreeSet<String> {
    let takes = |service: &Service, word: &str| {
        let name = service.name();
        let text =
            format!("virtual = 192.0.2.1:9\n\treal = 10.0.0.1:9 masq\n\tservice = {name}\n\ttls = {word}\n");
        let source = Arc::new(Source::new("x.cf", text.as_bytes()));
        let mut report = Report::new(Arc::clone(&source));
        let draft = classic::read(&source, &mut report);
        let mut none = |_: &Path| Err(io::ErrorKind::NotFound.into());
        let _ = lower(draft, &TableResolver::default(), &mut none, &mut report);
        let told = report.finish();
        let says = |words: &str| told.iter().any(|told| told.message.contains(words));
        !says("cannot be asked with this")
            && !says("means nothing")
            && !says("not supported")
            && !says("left out")
    };
    // Those that are TLS anyway are the default's.
    let chosen = Service::ALL.into_iter().filter(|service| takes(service, word) && takes(service, "no"));
    chosen.map(|service| service.name().to_owned()).collect()
}

#[test]
fn the_page_has_the_services_that_tls_goes_with() {
    let (_, _, entry) = directives().into_iter().find(|(name, ..)| name == "tls").expect("it is there");
    let said = entry.body.join(" ").replace(" (over TCP)", "");
    let (_, lists) = said.split_once("yes goes with ").expect("the lists begin so");
    let (yes, rest) = lists.split_once("; starttls with ").expect("the second list begins so");
    let starttls = rest.split('.').next().unwrap_or_default();
    for (word, list) in [("yes", yes), ("starttls", starttls)] {
        let told = set(list.trim().replace(" and ", ", ").split(", "));
        let taken = with_tls(word);
        let missing: Vec<_> = taken.difference(&told).collect();
        assert!(missing.is_empty(), "tls = {word} in ldirectord.cf.5 lacks {missing:?}");
        if is_whole() {
            assert_eq!(taken, told, "tls = {word} in ldirectord.cf.5");
        }
    }
}

/// Whether all checks are part of this build.
fn is_whole() -> bool {
    Service::ALL.into_iter().all(|service| service.left_out().is_none())
}

#[cfg(feature = "http")]
mod examples {
    use std::path::Path;

    use super::{PAGE, plain};
    use crate::config::{Loaded, MemoryFiles, TableResolver, load};

    /// The texts of the page that are examples.
    fn texts() -> Vec<String> {
        let (_, section) = PAGE.split_once(".SH EXAMPLES\n").expect("it is there");
        let blocks = section.split(".EX\n").skip(1).filter_map(|rest| Some(rest.split_once(".EE")?.0));
        blocks.map(|block| block.lines().map(|line| plain(line) + "\n").collect()).collect()
    }

    fn loaded(text: &str) -> Loaded {
        let path = if text.contains("[[virtual]]") { "/x.toml" } else { "/x.cf" };
        let fs = MemoryFiles::default().with(path, text);
        load(Path::new(path), &fs, &TableResolver::default())
            .unwrap_or_else(|rejected| panic!("{:?}", rejected.diagnostics))
    }

    #[test]
    fn the_examples_are_good() {
        let texts = texts();
        let [guide, others @ ..] = texts.as_slice() else { panic!("there are none") };
        assert_eq!(loaded(guide).warnings.len(), 1, "timeout is old");
        for text in others {
            assert!(loaded(text).warnings.is_empty(), "{text}");
        }
        assert_eq!(loaded(&others[0]).config, loaded(&others[1]).config, "the same in TOML");
    }

    #[test]
    fn the_sample_of_the_guide_is_the_one_that_is_installed() {
        let installed = include_str!("../../packaging/examples/guide-www.cf");
        let lines = |text: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
            lines.map(str::to_owned).collect()
        };
        assert_eq!(lines(&texts()[0]), lines(installed));
    }
}
