//! Lines to sections: which directive belongs to which virtual service.

use super::{
    ast::{Ast, Entry, Section},
    directives::{DIRECTIVES, Directive, GlobalKey, Key, Scope, Status, find},
    lexer::{self, Line, Words},
};
use crate::config::{Source, Span, Spanned, diagnostic::Report, suggest::nearest};

/// The indentation that the reference asks for in a virtual service.
const FULL_INDENT: usize = 4;

/// Divides the lines of a file into global directives and sections. Lines that cannot be read are left out.
pub(crate) fn parse<'s>(source: &'s Source, report: &mut Report) -> Ast<'s> {
    let mut parser = Parser {
        ast: Ast::default(),
        report,
        place: Place::Outside,
        told: Told::default(),
        told_flush: false,
    };
    for line in lexer::lines(source) {
        match line {
            Line::Blank if parser.place == Place::Inside => parser.place = Place::AfterBlank,
            Line::Blank | Line::Comment => {}
            Line::Directive(words) if !lexer::is_clean(&words, source, parser.report) => {}
            Line::Directive(words) => parser.directive(&words),
        }
    }
    parser.ast
}

/// Where the parser is, seen from the last virtual service.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// There was none yet.
    Outside,
    /// In it.
    Inside,
    /// Blank lines followed it.
    AfterBlank,
    /// A global directive followed it.
    AfterGlobal,
    /// In one whose first line is misspelt: that is said there, and not again at each of its lines.
    Misspelt,
}

/// Which remarks were made about the present virtual service, so that each is made once.
#[derive(Default)]
struct Told {
    shallow: bool,
    blank: bool,
    /// Lines in column 0 belong to it.
    flush: bool,
}

struct Parser<'s, 'r> {
    ast: Ast<'s>,
    report: &'r mut Report,
    place: Place,
    told: Told,
    /// It was said that lines in column 0 can belong to a virtual service: once for the file.
    told_flush: bool,
}

impl<'s> Parser<'s, '_> {
    fn directive(&mut self, words: &Words<'s>) {
        let Some(directive) = find(words.name.value) else { return self.unknown(words) };
        let bare = (directive.status == Status::Here(Key::Global(GlobalKey::Supervised)))
            .then(|| self.bare_switch(words));
        let Some(value) = words.value.or(bare) else {
            self.report
                .error(
                    Span::new(words.name.span.end, words.name.span.end),
                    format!("expected \"=\" after \"{}\"", directive.name),
                )
                .help(format!("{} = {}", directive.name, directive.form));
            return;
        };
        let entry = Entry { directive, name: words.name.span, value, glued_comment: words.glued_comment };
        match directive.scope {
            Scope::Head => self.head(entry, words.indent),
            Scope::Global | Scope::Virtual | Scope::Both if words.indent == 0 => self.flush_left(entry),
            Scope::Global | Scope::Virtual | Scope::Both => self.indented(entry, words.indent),
        }
    }

    /// The one directive that the older ldirectord takes without a value: it means yes.
    fn bare_switch(&mut self, words: &Words<'s>) -> Spanned<&'s str> {
        let name = words.name;
        if words.value.is_none() {
            self.report
                .warning(name.span, format!("read as {} = yes", name.value))
                .help(format!("write: {} = yes", name.value));
        }
        Spanned::new("yes", name.span)
    }

    fn head(&mut self, entry: Entry<'s>, indent: usize) {
        if indent > 0 {
            self.warn_indented(&entry);
        }
        self.ast.sections.push(Section { head: entry, body: Vec::new() });
        self.place = Place::Inside;
        self.told = Told::default();
    }

    /// A directive in column 0: global if it can be, else of the virtual service above.
    fn flush_left(&mut self, entry: Entry<'s>) {
        let name = entry.directive.name;
        if entry.directive.scope != Scope::Virtual {
            if entry.directive.scope == Scope::Both && self.told.flush {
                self.report
                    .warning(entry.name, format!("\"{name}\" in column 0 is for all virtual services"))
                    .help("indent it if it was meant for the virtual service above alone");
            }
            return self.global(entry);
        }
        if self.place == Place::Misspelt {
            return;
        }
        let Some(section) = self.ast.sections.last_mut() else { return self.homeless(&entry) };
        section.body.push(entry);
        self.place = Place::Inside;
        self.told.flush = true;
        if !std::mem::replace(&mut self.told_flush, true) {
            self.report
                .warning(
                    entry.name,
                    format!("\"{name}\" in column 0 is read as part of the virtual service above"),
                )
                .help("indent the lines of a virtual service; this is said once for the whole file");
        }
    }

    /// An indented directive: of the virtual service above, if there is one.
    fn indented(&mut self, entry: Entry<'s>, indent: usize) {
        let name = entry.directive.name;
        if self.place == Place::Misspelt && entry.directive.scope != Scope::Global {
            return;
        }
        let Some(section) = self.ast.sections.last_mut() else {
            if entry.directive.scope == Scope::Virtual {
                return self.homeless(&entry);
            }
            self.warn_indented(&entry);
            return self.global(entry);
        };
        if entry.directive.scope == Scope::Global {
            self.report
                .error(entry.name, format!("\"{name}\" cannot stand in a virtual service"))
                .help("it is for the director as a whole: write it in column 0");
            return;
        }
        if self.place == Place::AfterGlobal && entry.directive.scope == Scope::Both {
            self.report
                .error(entry.name, format!("is \"{name}\" meant for the virtual service above, or for all?"))
                .help("move it up into the virtual service, or write it in column 0");
            return;
        }
        section.body.push(entry);
        if self.place != Place::Inside && !std::mem::replace(&mut self.told.blank, true) {
            let what = if self.place == Place::AfterGlobal { "a global directive" } else { "a blank line" };
            self.report
                .warning(
                    entry.name,
                    format!("\"{name}\" after {what} is read as part of the virtual service above"),
                )
                .help("the older ldirectord ends a virtual service there");
        } else if indent < FULL_INDENT && !std::mem::replace(&mut self.told.shallow, true) {
            self.report
                .warning(entry.name, format!("\"{name}\" is read as part of the virtual service above"))
                .help("indent by a tab or at least four blanks; the older ldirectord refuses less");
        }
        self.place = Place::Inside;
    }

    fn global(&mut self, entry: Entry<'s>) {
        self.ast.globals.push(entry);
        if !matches!(self.place, Place::Outside | Place::Misspelt) {
            self.place = Place::AfterGlobal;
        }
    }

    fn warn_indented(&mut self, entry: &Entry<'s>) {
        self.report
            .warning(entry.name, format!("\"{}\" should begin in column 0", entry.directive.name))
            .help("the older ldirectord refuses it here");
    }

    fn homeless(&mut self, entry: &Entry<'s>) {
        let name = entry.directive.name;
        self.report
            .error(entry.name, format!("\"{name}\" belongs into a virtual service, and there is none above"))
            .help("begin one with: virtual = ADDRESS:PORT");
    }

    fn unknown(&mut self, words: &Words<'s>) {
        let name = words.name.value;
        if name.is_empty() {
            self.report.error(words.name.span, "expected a directive before \"=\"");
            return;
        }
        let fits = |directive: &&Directive| match directive.scope {
            Scope::Global | Scope::Both if self.ast.sections.is_empty() => true,
            Scope::Virtual if self.ast.sections.is_empty() => false,
            Scope::Global => words.indent == 0,
            Scope::Head | Scope::Virtual | Scope::Both => true,
        };
        let present = |directive: &&Directive| !matches!(directive.status, Status::Gone(_));
        let known = || DIRECTIVES.iter().filter(present);
        let near = nearest(name, known().filter(fits).map(|directive| directive.name))
            .or_else(|| nearest(name, known().map(|directive| directive.name)));
        if words.indent == 0 && near.and_then(find).is_some_and(|near| near.scope == Scope::Head) {
            self.place = Place::Misspelt;
        }
        let near = near.map(|near| format!("did you mean \"{near}\"?"));
        let message = if words.value.is_some() {
            format!("unknown directive \"{name}\"")
        } else {
            format!("\"{name}\" is no directive")
        };
        self.report.error(words.name.span, message).help = near;
    }
}
