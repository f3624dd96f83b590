//! What is held against hostile servers: a check, as people configure it, and the places in its conversation at which a
//! server can begin to misbehave.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use ldirectord::{
    config::{Diagnostic, MemoryFiles, TableResolver, load},
    model::{Check, CheckSpec},
};

use crate::{conversations::Endless, datagrams::Answers, handshakes::Handshake, script::Step};

/// The deadline of all checks here.
pub(crate) const DEADLINE: Duration = Duration::from_millis(250);
/// The name that servers have to prove.
pub(crate) const NAME: &str = "www.example.com";

/// A check, and where its servers can misbehave.
#[derive(Clone)]
pub(crate) struct Subject {
    /// What it is called in the tables.
    pub(crate) name: &'static str,
    /// What stands in its virtual service, a directive a line.
    pub(crate) lines: &'static str,
    /// The places of a conversation over TCP; after each of them something is still wanted of the server.
    pub(crate) places: Vec<Place>,
    /// How it comes to TLS, if it does.
    pub(crate) handshake: Option<Handshake>,
    /// What a server answers that is asked in datagrams.
    pub(crate) answers: Option<Answers>,
    /// What the probe may have of memory, in bytes.
    pub(crate) memory: usize,
}

/// A place at which a server can misbehave.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) name: &'static str,
    /// All goes well up to here.
    pub(crate) before: Vec<Step>,
    /// The good reply that would come now.
    pub(crate) reply: Vec<u8>,
    /// What looks like it and has no end.
    pub(crate) endless: Vec<Endless>,
    /// What passes all the same, by name.
    pub(crate) good: &'static [&'static str],
}

impl Subject {
    /// A check with little to keep in memory.
    pub(crate) fn new(name: &'static str, lines: &'static str, places: Vec<Place>) -> Self {
        Self { name, lines, places, handshake: None, answers: None, memory: 256 << 10 }
    }

    /// The same for one that keeps content to match it.
    pub(crate) fn with_content(self) -> Self {
        Self { memory: 2 << 20, ..self }
    }

    /// The same, which comes to TLS in this way.
    pub(crate) fn with_handshake(self, handshake: Handshake) -> Self {
        Self { handshake: Some(handshake), ..self }
    }

    /// The same, which asks in datagrams.
    pub(crate) fn with_answers(self, answers: Answers) -> Self {
        Self { answers: Some(answers), ..self }
    }

    /// The same inside TLS, which begins at once.
    pub(crate) fn in_tls(mut self, name: &'static str, lines: &'static str) -> Self {
        for place in &mut self.places {
            place.before.insert(0, Step::Secure);
        }
        Self { name, lines, handshake: Some(Handshake::at_once()), ..self }
    }

    /// What is asked of this server, as the configuration says.
    pub(crate) fn check(&self, server: SocketAddr) -> Arc<CheckSpec> {
        let text = self.configuration(server);
        let path = Path::new("/hostile.cf");
        let files = MemoryFiles::default().with(path, text.as_str());
        let loaded = load(path, &files, &TableResolver::default()).unwrap_or_else(|rejected| {
            let why: Vec<String> = rejected.diagnostics.iter().map(Diagnostic::to_string).collect();
            panic!("{}\n{text}", why.join("\n"));
        });
        match &loaded.config.virtuals[0].reals[0].check {
            Check::Probe(spec) => Arc::clone(spec),
            Check::On | Check::Off => panic!("nothing is asked:\n{text}"),
        }
    }

    fn configuration(&self, server: SocketAddr) -> String {
        let (six, host) = if server.is_ipv4() { ("", "192.0.2.1") } else { ("6", "[2001:db8::1]") };
        let lines: Vec<String> = self.lines.lines().map(|line| format!("\t{}\n", line.trim())).collect();
        format!(
            "negotiatetimeout = {}ms\nvirtual{six} = {host}:7\n\treal{six} = {server} masq\n{}",
            DEADLINE.as_millis(),
            lines.concat()
        )
    }
}

/// The places of a conversation in which each side says one thing after the other: one for each reply of the server's.
pub(crate) struct Talk {
    before: Vec<Step>,
    places: Vec<Place>,
}

impl Talk {
    pub(crate) fn new(before: impl Into<Vec<Step>>) -> Self {
        Self { before: before.into(), places: Vec::new() }
    }

    /// Something happens at which nobody misbehaves.
    pub(crate) fn then(mut self, step: Step) -> Self {
        self.before.push(step);
        self
    }

    /// The server says this now, if it does not misbehave.
    pub(crate) fn reply(mut self, name: &'static str, reply: impl AsRef<[u8]>, endless: &[Endless]) -> Self {
        let (before, reply) = (self.before.clone(), reply.as_ref().to_vec());
        self.before.push(crate::script::say(&reply));
        self.places.push(Place { name, before, reply, endless: endless.to_vec(), good: &[] });
        self
    }

    /// At the last place these are good.
    pub(crate) fn but_good(mut self, good: &'static [&'static str]) -> Self {
        self.places.last_mut().unwrap().good = good;
        self
    }

    /// The server may misbehave here.
    pub(crate) fn place(mut self, place: Place) -> Self {
        self.places.push(place);
        self
    }

    /// What has happened so far.
    pub(crate) fn before(&self) -> &[Step] {
        &self.before
    }

    pub(crate) fn places(self) -> Vec<Place> {
        self.places
    }
}

/// What looks like an answer and has no end: a beginning, and what is repeated.
pub(crate) fn endless(name: &'static str, first: impl AsRef<[u8]>, then: impl AsRef<[u8]>) -> Endless {
    Endless { name, first: first.as_ref().to_vec(), then: then.as_ref().to_vec() }
}
