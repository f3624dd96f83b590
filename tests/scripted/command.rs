//! The lines of a script: `25s down 10.0.0.1:80`, `90s config other`, `95s ipvsadm -C`.

use std::{net::SocketAddr, time::Duration};

use ldirectord::{
    check::agent::Report,
    ipvs::{Dest, Op},
    model::{Forward, RealId, VirtualId},
};

use crate::sim::Behaviour;

/// What happens at a time.
#[derive(Clone, Debug)]
pub struct Command {
    pub at: Duration,
    pub text: String,
    pub what: What,
}

/// What happens.
#[derive(Clone, Debug)]
pub enum What {
    /// A server behaves like this from now on: `good`, `down`, `wrong`, `hollow`, `hang`, `slow 3s`,
    /// `agent 10.0.0.1:80 75% drain`.
    Behave(SocketAddr, Behaviour),
    /// It has a certificate that is good for this time.
    Certify(SocketAddr, Duration),
    /// This configuration is on disk now, and the watcher notices.
    Config(String),
    /// Somebody asks for a reload (SIGHUP).
    Reload,
    /// Somebody empties the table.
    Flush,
    /// Somebody changes the table.
    Meddle(Op),
    /// Writing and reading the table fail from now on, or of each batch only the first so many are carried out.
    TableFails,
    TableHalves(usize),
    /// The table works again.
    TableWorks,
    /// The director is killed, and started again.
    Kill,
    /// It is told to stop; with cleaning up, or leaving the table.
    Stop(bool),
    /// It is started.
    Start,
    /// A file is put into the maintenance directory, or removed from it.
    Maintain(String, bool),
    /// Callbacks and fallback commands take this long from now on.
    HooksTake(Duration),
    /// Nothing: the story goes on until here.
    End,
}

impl Command {
    pub fn parse(line: &str) -> Result<Self, String> {
        let wrong = || format!("not understood: {line}");
        let line = line.trim();
        let (at, text) = line.split_once(char::is_whitespace).ok_or_else(wrong)?;
        let text = text.trim();
        let words: Vec<&str> = text.split_whitespace().collect();
        let server = |word: &str| word.parse().map_err(|_| wrong());
        let behave = |word, behaviour| Ok::<_, String>(What::Behave(server(word)?, behaviour));
        let what = match words[..] {
            ["good", a] => behave(a, Behaviour::Good)?,
            ["down", a] => behave(a, Behaviour::Refused)?,
            ["wrong", a] => behave(a, Behaviour::Wrong)?,
            ["hollow", a] => behave(a, Behaviour::Hollow)?,
            ["hang", a] => behave(a, Behaviour::Hangs)?,
            ["slow", a, time] => behave(a, Behaviour::Slow(duration(time).ok_or_else(wrong)?))?,
            ["agent", a, ..] => {
                let said = text.split_once(a).ok_or_else(wrong)?.1;
                let report = Report::parse(said.as_bytes()).filter(|report| report.down.is_none());
                behave(a, Behaviour::Advises(report.ok_or_else(wrong)?.advice))?
            }
            ["certificate", a, time] => What::Certify(server(a)?, duration(time).ok_or_else(wrong)?),
            ["config", name] => What::Config(name.to_owned()),
            ["reload"] => What::Reload,
            ["table", "fails"] => What::TableFails,
            ["table", "halves", n] => What::TableHalves(n.parse().map_err(|_| wrong())?),
            ["table", "works"] => What::TableWorks,
            ["kill"] => What::Kill,
            ["stop"] => What::Stop(true),
            ["stop", "leaving"] => What::Stop(false),
            ["start"] => What::Start,
            [verb @ ("file" | "remove"), path] => {
                let file = path.strip_prefix("maintenance/").ok_or_else(wrong)?;
                What::Maintain(file.to_owned(), verb == "file")
            }
            ["hooks", "take", time] => What::HooksTake(duration(time).ok_or_else(wrong)?),
            ["end"] => What::End,
            ["ipvsadm", "-C"] => What::Flush,
            ["ipvsadm", ref options @ ..] => What::Meddle(op(options).ok_or_else(wrong)?),
            _ => return Err(wrong()),
        };
        Ok(Self { at: duration(at).ok_or_else(wrong)?, text: text.to_owned(), what })
    }
}

/// `25s`, `100ms`, `2m`, `1h`, `8d`.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let number: f64 = text[..digits].parse().ok()?;
    let unit = match &text[digits..] {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return None,
    };
    Some(Duration::from_secs_f64(number * unit))
}

/// The few forms of `ipvsadm` that stories need.
fn op(options: &[&str]) -> Option<Op> {
    let id = |address: &str| format!("tcp:{address}").parse::<VirtualId>().ok();
    let real = |address: &str| address.parse().ok().map(RealId);
    match *options {
        ["-D", "-t", v] => Some(Op::DeleteService(id(v)?)),
        ["-d", "-t", v, "-r", r] => Some(Op::DeleteDest(id(v)?, real(r)?)),
        [verb @ ("-a" | "-e"), "-t", v, "-r", r, forward, "-w", weight] => {
            let forward = match forward {
                "-g" => Forward::Gate,
                "-m" => Forward::Masq,
                "-i" => Forward::Ipip,
                _ => return None,
            };
            let dest = Dest::new(forward, weight.parse().ok()?);
            let make = if verb == "-a" { Op::AddDest } else { Op::EditDest };
            Some(make(id(v)?, real(r)?, dest))
        }
        _ => None,
    }
}
