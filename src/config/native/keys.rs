//! The one table of all keys: which directive each one is, and what its value looks like.

use crate::{
    config::classic::directives::{self, Directive, Key, Scope, Status},
    config::classic::directives::{CommonKey, VirtualKey},
    model::Family,
};

/// One key of the grammar.
#[derive(Debug)]
pub(crate) struct Row {
    /// The key, with the tables below `[defaults]` and `[[virtual]]` that it stands in: `check.interval`.
    pub(crate) key: &'static str,
    /// What it is in the classic grammar.
    pub(crate) directive: &'static str,
    /// What its value looks like.
    pub(crate) shape: Shape,
    /// The same, as people are told.
    pub(crate) form: &'static str,
}

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `true` or `false`.
    Switch,
    /// A whole number, zero or more.
    Number,
    /// Whole seconds, or a text with a unit.
    Time,
    /// One word, in a text.
    Word,
    /// A number, or one word in a text.
    NumberOrWord,
    /// Any text.
    Text,
    /// A program with its arguments, in one text or in a list of texts.
    Program,
    /// A list of words, or one; what stands between them in the classic grammar.
    Words(&'static str),
    /// Real servers: a list of texts and tables.
    Servers,
    /// One server: a text.
    Server,
}

const fn of(key: &'static str, directive: &'static str, shape: Shape, form: &'static str) -> Row {
    Row { key, directive, shape, form }
}

const SWITCH: &str = "true or false";
const TIME: &str = "a time: whole seconds, or a text like \"200ms\"";
const PROGRAM: &str = "\"PROGRAM [ARGUMENT ...]\", or a list of program and arguments";
const SERVER: &str = "\"ADDRESS[:PORT] [gate|masq|ipip|gre|gue:PORT]\"";
const CHECK_TYPE: &str =
    "\"negotiate\", \"connect\", \"ping\", \"external\", \"external-perl\", \"on\", \"off\" or a number";
const SERVERS: &str = "a list of servers";

use Shape::{Number, NumberOrWord, Program, Server, Servers, Switch, Text, Time, Word, Words};

/// All of them: what is for the director first, then what stands in virtual services, each in the order in which it is
/// best read.
pub(crate) const KEYS: &[Row] = &[
    of("autoreload", "autoreload", Switch, SWITCH),
    of("callback", "callback", Program, PROGRAM),
    of("execute", "execute", Words(" "), "a list of configurations"),
    of("logfile", "logfile", Text, "\"/PATH\" or \"FACILITY\""),
    of("maintenance-directory", "maintenancedir", Text, "\"/PATH\""),
    of("resync-interval", "resyncinterval", Time, TIME),
    of("ipvs-timeouts", "ipvs-timeouts", Words(" "), "a list of three times, as texts"),
    of("supervised", "supervised", Switch, SWITCH),
    of("address", "virtual", Word, "\"ADDRESS:PORT\""),
    of("address", "virtual6", Word, "\"[ADDRESS]:PORT\""),
    of("fwmark", "virtual", Number, "a firewall mark, 1 to 4294967295"),
    of("fwmark", "virtual6", Number, "a firewall mark, 1 to 4294967295"),
    of("name", "servicename", Text, "\"TEXT\""),
    of("comment", "comment", Text, "\"TEXT\""),
    of("protocol", "protocol", Word, "\"tcp\", \"udp\", \"sctp\" or \"fwm\""),
    of("scheduler", "scheduler", Word, "\"rr\", \"wrr\", \"lc\", \"wlc\", ..."),
    of("scheduler-flags", "schedflags", Words(","), "a list of flags"),
    of("one-packet", "ops", Switch, SWITCH),
    of("persistent", "persistent", Time, TIME),
    of("persistence-engine", "persistence-engine", Word, "\"sip\""),
    of("netmask", "netmask", NumberOrWord, "\"N.N.N.N\", or the length of an IPv6 prefix"),
    of("quiescent", "quiescent", Switch, SWITCH),
    of("cleanstop", "cleanstop", Switch, SWITCH),
    of("fallback", "fallback", Server, SERVER),
    of("fallback", "fallback6", Server, SERVER),
    of("fallback6", "fallback6", Server, SERVER),
    of("fallback-command", "fallbackcommand", Program, PROGRAM),
    of("fallback-command-on-stop", "fallbackcommand-on-stop", Switch, SWITCH),
    of("monitor-file", "monitorfile", Text, "\"/PATH\""),
    of("real", "real", Servers, SERVERS),
    of("real", "real6", Servers, SERVERS),
    of("check.type", "checktype", NumberOrWord, CHECK_TYPE),
    of("check.service", "service", Word, "\"http\", \"https\", \"smtp\", \"dns\", ... or \"none\""),
    of("check.port", "checkport", Number, "a port"),
    of("check.host", "virtualhost", Text, "\"NAME\""),
    of("check.method", "httpmethod", Word, "\"GET\", \"HEAD\", \"OPTIONS\", \"POST\" or \"PUT\""),
    of("check.request", "request", Text, "\"TEXT\""),
    of("check.request-header", "request-header", Text, "\"NAME: VALUE\""),
    of("check.request-body", "request-body", Text, "'TEXT'"),
    of("check.status", "httpstatus", Text, "statuses, like \"200-299, 401\""),
    of("check.receive", "receive", Text, "'REGULAR EXPRESSION'"),
    of("check.receive-not", "receive-not", Text, "'REGULAR EXPRESSION'"),
    of("check.receive-header", "receive-header", Text, "'NAME: REGULAR EXPRESSION'"),
    of("check.dialogue", "dialogue", Text, "'expect PATTERN ; send TEXT ; ...'"),
    of("check.query-type", "querytype", Word, "\"A\", \"AAAA\", \"MX\", ..."),
    of("check.tls", "tls", Word, "\"no\", \"yes\" or \"starttls\""),
    of("check.login", "login", Text, "\"NAME\""),
    of("check.password", "passwd", Text, "\"PASSWORD\""),
    of("check.secret", "secret", Text, "\"SECRET\""),
    of("check.database", "database", Text, "\"NAME\""),
    of("check.command", "checkcommand", Program, PROGRAM),
    of("check.tls-verify", "tls-verify", Word, "\"no\", \"chain\" or \"full\""),
    of("check.start-state", "start-state", Word, "\"check\", \"up\" or \"down\""),
    of("check.tls-ca", "tls-ca", Text, "\"/PATH\""),
    of("check.tls-expiry-warning", "tls-expiry-warning", Time, TIME),
    of("check.tls-expiry-failure", "tls-expiry-failure", Time, TIME),
    of("check.tls-servername", "tls-servername", Text, "\"NAME\""),
    of("check.source", "check-source", Word, "\"ADDRESS\""),
    of("check.fwmark", "check-fwmark", Number, "a firewall mark, 0 for none"),
    of("check.interval", "checkinterval", Time, TIME),
    of("check.fast-interval", "fastinterval", Time, TIME),
    of("check.down-interval", "downinterval", Time, TIME),
    of("check.jitter", "jitter", NumberOrWord, "a part of the interval, like \"10%\""),
    of("check.timeout", "checktimeout", Time, TIME),
    of("check.negotiate-timeout", "negotiatetimeout", Time, TIME),
    of("check.count", "checkcount", Number, "a number"),
    of("check.fall", "fall", Number, "a number, at least 1"),
    of("check.rise", "rise", Number, "a number, at least 1"),
    of("mail.to", "emailalert", Words(", "), "a list of addresses"),
    of("mail.from", "emailalertfrom", Word, "\"ADDRESS\""),
    of("mail.repeat", "emailalertfreq", Time, TIME),
    of("mail.status", "emailalertstatus", Words(", "), "a list of states"),
    of("mail.smtp", "smtp", Word, "\"SERVER[:PORT]\""),
    of("mail.smtp-tls", "smtp-tls", Word, "\"no\", \"starttls\" or \"yes\""),
    of("mail.smtp-login", "smtp-login", Text, "\"NAME\""),
    of("mail.smtp-password", "smtp-passwd", Text, "\"PASSWORD\""),
];

/// Directives that have no key, and what says the same.
pub(crate) const WITHOUT_KEY: &[(&str, &str)] = &[
    ("failurecount", "check.fall is its newer name"),
    ("fork", "leave it out: all servers are checked at the same time anyway"),
    ("load", "leave it out: it never had an effect"),
    ("readdquiescent", "leave it out: what is missing from the table is put back anyway"),
    ("timeout", "use check.timeout and check.negotiate-timeout in [defaults]"),
];

/// Where a key may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Above all tables.
    Top,
    /// In `[defaults]`.
    Defaults,
    /// In a `[[virtual]]` of this family.
    Virtual(Family),
}

impl Row {
    /// The directive that it is in the classic grammar.
    pub(crate) fn directive(&self) -> &'static Directive {
        directives::find(self.directive).expect("a test looks each of them up")
    }

    /// Whether it may stand there.
    pub(crate) fn fits(&self, place: Place) -> bool {
        let scope = self.directive().scope;
        match place {
            Place::Top => scope == Scope::Global && !self.key.contains('.'),
            // What is for the director and has a table of its own stands with the others of that table.
            Place::Defaults => match scope {
                Scope::Both => self.key.ends_with('6') == self.directive.ends_with('6'),
                Scope::Global => self.key.contains('.'),
                Scope::Virtual | Scope::Head => false,
            },
            Place::Virtual(family) => match scope {
                Scope::Global => false,
                Scope::Both | Scope::Virtual | Scope::Head => {
                    !self.key.ends_with('6') && self.family().is_none_or(|own| own == family)
                }
            },
        }
    }

    /// The family that it is for, if it is for one.
    pub(crate) fn family(&self) -> Option<Family> {
        match self.directive().status {
            Status::Here(
                Key::Head(family)
                | Key::Common(CommonKey::Fallback(family))
                | Key::Virtual(VirtualKey::Real(family)),
            ) => Some(family),
            Status::Here(_) | Status::Gone(_) => None,
        }
    }

    /// The directive under the name that it has here, for what is said about it.
    pub(crate) fn renamed(&self) -> Directive {
        Directive { name: self.key, form: self.form, ..*self.directive() }
    }
}

/// The key of a classic directive at a place; `None` if it has none.
pub(crate) fn of_directive(name: &str, place: Place) -> Option<&'static Row> {
    let name = if name == "failurecount" { "fall" } else { name };
    KEYS.iter().find(|row| row.directive == name && row.fits(place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use directives::DIRECTIVES;

    #[test]
    fn every_directive_has_a_key_or_a_word_why_not() {
        for directive in DIRECTIVES.iter().filter(|of| !matches!(of.status, Status::Gone(_))) {
            let keys = KEYS.iter().filter(|row| row.directive == directive.name).count();
            let without = WITHOUT_KEY.iter().filter(|(name, _)| *name == directive.name).count();
            assert!(
                (keys > 0) != (without > 0),
                "\"{}\" needs a row in KEYS, and the key one in docs/configuration.md",
                directive.name
            );
        }
        for name in KEYS.iter().map(|row| row.directive).chain(WITHOUT_KEY.iter().map(|(name, _)| *name)) {
            assert!(directives::find(name).is_some(), "there is no directive \"{name}\"");
        }
    }

    #[test]
    fn every_key_is_one_directive_at_each_place() {
        let places = [Place::Top, Place::Defaults, Place::Virtual(Family::V4), Place::Virtual(Family::V6)];
        for row in KEYS {
            assert!(places.iter().any(|&place| row.fits(place)), "{} stands nowhere", row.key);
            for place in places.into_iter().filter(|&place| row.fits(place)) {
                let same = KEYS.iter().filter(|other| other.key == row.key && other.fits(place)).count();
                assert_eq!(same, 1, "{} at {place:?}", row.key);
            }
        }
    }

    #[test]
    fn every_key_is_described() {
        let document = include_str!("../../../docs/configuration.md");
        for row in KEYS {
            assert!(document.contains(&format!("| `{}` |", row.key)), "{} is missing", row.key);
        }
        for (name, _) in WITHOUT_KEY {
            assert!(document.contains(&format!("`{name}`")), "{name} is missing");
        }
    }
}
