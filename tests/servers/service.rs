//! What a server is asked at one of its ports, as rows of a table.

use std::{
    net::{IpAddr, TcpStream, UdpSocket},
    time::Duration,
};

use futures_util::future::join_all;

use crate::{
    asking::{Asker, Expected, LOOPBACKS, Transport, check},
    root::HOST,
};

/// For a server that is to answer: a busy machine may need it.
pub(crate) const PATIENT: &str = "checktimeout = 60\nnegotiatetimeout = 60\n";
/// For one that will not.
pub(crate) const BRIEF: &str = "checktimeout = 1\nnegotiatetimeout = 1\n";

/// What a server is asked at one of its ports.
pub(crate) struct Service {
    name: &'static str,
    pub(crate) port: u16,
    transport: Transport,
    lines: String,
    questions: Vec<Question>,
    /// Other ports that its questions are for.
    more_ports: &'static [u16],
    /// Holds when the server answers at its open port, as a condition of the shell.
    pub(crate) ready: Option<&'static str>,
    pub(crate) frozen: Expected,
    pub(crate) stopped: Expected,
}

/// Lines of a configuration, and what comes of them while the server is well.
struct Question {
    what: &'static str,
    lines: String,
    expected: Expected,
}

impl Service {
    /// `lines` are common to all questions, and with `healthy` they are what a server that is well is asked first; one
    /// that is frozen makes it time out in `stage`.
    pub(crate) fn tcp(
        name: &'static str,
        port: u16,
        lines: &str,
        healthy: &str,
        stage: &'static str,
    ) -> Self {
        let frozen = Expected::Fail("timed-out", stage);
        let stopped = Expected::Fail("refused", "connection refused");
        let lines = lines.to_owned();
        Self {
            name,
            port,
            transport: Transport::Tcp,
            lines,
            questions: Vec::new(),
            more_ports: &[],
            ready: None,
            frozen,
            stopped,
        }
        .also("healthy", healthy)
    }

    /// The same for a service on UDP.
    pub(crate) fn udp(
        name: &'static str,
        port: u16,
        lines: &str,
        healthy: &str,
        stage: &'static str,
    ) -> Self {
        Self { transport: Transport::Udp, ..Self::tcp(name, port, lines, healthy, stage) }
    }

    /// That the port takes connections is all that is asked, and that a frozen server's kernel does too.
    pub(crate) fn connect(port: u16) -> Self {
        Self { frozen: Expected::Pass, ..Self::tcp("connect", port, "checktype = connect\n", "", "") }
    }

    /// Some questions are for these ports.
    pub(crate) fn at_ports(self, more_ports: &'static [u16]) -> Self {
        Self { more_ports, ..self }
    }

    /// It takes more than an open port until the server answers: this condition of the shell, in the root.
    pub(crate) fn ready_when(self, condition: &'static str) -> Self {
        Self { ready: Some(condition), ..self }
    }

    /// Other lines with which a server that is well passes.
    pub(crate) fn also(self, what: &'static str, lines: &str) -> Self {
        self.with(what, lines, Expected::Pass)
    }

    /// Lines with which a server that is well fails: the word for the kind of failure, and a part of the words for people.
    pub(crate) fn but(
        self,
        what: &'static str,
        lines: &str,
        kind: &'static str,
        words: &'static str,
    ) -> Self {
        self.with(what, lines, Expected::Fail(kind, words))
    }

    /// With these lines there is TLS: the name in the certificate is verified, and another one wanted.
    pub(crate) fn named(self, lines: &str) -> Self {
        let full = format!("{lines}tls-verify = full\n");
        self.also("the name verified", &format!("{full}virtualhost = {HOST}\n")).but(
            "another name",
            &format!("{full}virtualhost = other.example.com\n"),
            "tls",
            "certificate is not made out to other.example.com",
        )
    }

    fn with(mut self, what: &'static str, lines: &str, expected: Expected) -> Self {
        let lines = format!("{}{lines}", self.lines);
        self.questions.push(Question { what, lines, expected });
        self
    }

    /// Whether somebody is at its ports.
    pub(crate) fn accepts(&self, ip: IpAddr) -> bool {
        let mut ports = [self.port].into_iter().chain(self.more_ports.iter().copied());
        ports.all(|port| match self.transport {
            Transport::Tcp => TcpStream::connect_timeout(&(ip, port).into(), Duration::from_secs(1)).is_ok(),
            Transport::Udp => {
                let socket = UdpSocket::bind((ip, 0)).unwrap();
                socket.connect((ip, port)).unwrap();
                // What the host answers to a packet for nobody is there before the second one.
                socket.send(b"\n").is_ok() && socket.send(b"\n").is_ok()
            }
        })
    }

    /// Asks these questions over both families, at the same time.
    async fn ask(
        &self,
        asker: &Asker,
        when: &str,
        questions: &[(&str, String, Expected)],
    ) -> Vec<Option<String>> {
        let each = questions.iter().flat_map(|question| LOOPBACKS.map(|ip| (ip, question)));
        let replies = each.map(async |(ip, (what, lines, expected))| {
            let complaint = match check(ip, self.port, self.transport, lines) {
                Ok(spec) => expected.complaint(&asker.ask(&spec).await),
                Err(diagnostics) => Some(diagnostics),
            };
            let family = if ip.is_ipv4() { "IPv4" } else { "IPv6" };
            complaint.map(|complaint| format!("{} over {family}, {when}{what}: {complaint}", self.name))
        });
        join_all(replies).await
    }

    /// Asks all that is asked of a server that is well.
    pub(crate) async fn ask_well(&self, asker: &Asker) -> Vec<Option<String>> {
        let with_patience =
            |question: &Question| (question.what, format!("{PATIENT}{}", question.lines), question.expected);
        let questions: Vec<_> = self.questions.iter().map(with_patience).collect();
        self.ask(asker, "", &questions).await
    }

    /// Asks the first question alone.
    pub(crate) async fn ask_first(
        &self,
        asker: &Asker,
        when: &str,
        pace: &str,
        expected: Expected,
    ) -> Vec<Option<String>> {
        let lines = format!("{pace}{}", self.questions[0].lines);
        self.ask(asker, when, &[("", lines, expected)]).await
    }
}
