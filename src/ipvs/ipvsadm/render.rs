//! A change as a line of `ipvsadm` options, for its command line or for `ipvsadm --restore` (ipvsadm(8)).

use std::fmt;

use crate::{
    ipvs::{Dest, Op, ServiceSettings},
    model::{Family, Forward, GueChecksum, IpvsTimeouts, Protocol, RealId, Thresholds, VirtualId},
};

/// The options of one change, e.g. `-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 5`. No word holds a blank or a quote, so
/// the words of the line are the arguments ([`refusal`](fn@crate::ipvs::refusal) sees to it for names that came from
/// outside).
#[must_use]
pub fn line(op: &Op) -> impl fmt::Display + '_ {
    Line(op)
}

/// The options that name a service, e.g. `-f 7 -6` (`-6` only counts after `-f`).
#[must_use]
pub fn service(id: VirtualId) -> impl fmt::Display {
    Service(id)
}

/// The options that set the timeouts of all connections, e.g. `--set 900 120 300`.
#[must_use]
pub fn timeouts(timeouts: IpvsTimeouts) -> impl fmt::Display {
    let IpvsTimeouts { tcp, tcp_fin, udp } = timeouts;
    format!("--set {tcp} {tcp_fin} {udp}")
}

struct Line<'a>(&'a Op);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (command, id) = (command(self.0), Service(self.0.virtual_id()));
        write!(f, "{command} {id}")?;
        match self.0 {
            Op::AddService(_, settings) | Op::EditService(_, settings) => write_settings(f, settings),
            Op::DeleteService(_) => Ok(()),
            Op::AddDest(_, real, dest) | Op::EditDest(_, real, dest) => write_dest(f, *real, *dest),
            Op::DeleteDest(_, real) => write!(f, " -r {real}"),
        }
    }
}

fn command(op: &Op) -> &'static str {
    match op {
        Op::AddService(..) => "-A",
        Op::EditService(..) => "-E",
        Op::DeleteService(_) => "-D",
        Op::AddDest(..) => "-a",
        Op::EditDest(..) => "-e",
        Op::DeleteDest(..) => "-d",
    }
}

struct Service(VirtualId);

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            VirtualId::Addr { protocol: Protocol::Tcp, address } => write!(f, "-t {address}"),
            VirtualId::Addr { protocol: Protocol::Udp, address } => write!(f, "-u {address}"),
            VirtualId::Addr { protocol: Protocol::Sctp, address } => write!(f, "--sctp-service {address}"),
            VirtualId::FwMark { mark, family: Family::V4 } => write!(f, "-f {mark}"),
            VirtualId::FwMark { mark, family: Family::V6 } => write!(f, "-f {mark} -6"),
        }
    }
}

/// All of a service's settings: an edit resets what its line does not name.
fn write_settings(f: &mut fmt::Formatter<'_>, settings: &ServiceSettings) -> fmt::Result {
    write!(f, " -s {}", settings.scheduler)?;
    if let Some(persistence) = settings.persistence {
        write!(f, " -p {}", persistence.timeout.as_secs())?;
        if let Some(mask) = persistence.netmask {
            write!(f, " -M {mask}")?;
        }
        if let Some(engine) = persistence.engine {
            write!(f, " --pe {engine}")?;
        }
    }
    if settings.one_packet {
        f.write_str(" -o")?;
    }
    if !settings.flags.is_empty() {
        write!(f, " -b {}", settings.flags.names(&settings.scheduler))?;
    }
    settings.others.iter().try_for_each(|word| write!(f, " {word}"))
}

fn write_dest(f: &mut fmt::Formatter<'_>, real: RealId, dest: Dest) -> fmt::Result {
    let forward = match dest.forward {
        // The kernel finds out by itself that an address is its own; ipvsadm saves such a server as `-g` too.
        Forward::Gate | Forward::Local => "-g",
        Forward::Masq => "-m",
        Forward::Ipip | Forward::Gre { .. } | Forward::Gue { .. } => "-i",
    };
    write!(f, " -r {real} {forward} -w {}", dest.weight)?;
    write_tunnel(f, dest.forward)?;
    let Thresholds { upper, lower } = dest.thresholds;
    // An edit resets what its line does not name.
    if upper > 0 {
        write!(f, " -x {upper}")?;
    }
    if lower > 0 {
        write!(f, " -y {lower}")?;
    }
    Ok(())
}

/// The type of a tunnel. Without one it is ipip, for an edit too, and without a word on checksums there are none.
fn write_tunnel(f: &mut fmt::Formatter<'_>, forward: Forward) -> fmt::Result {
    match forward {
        Forward::Gate | Forward::Masq | Forward::Ipip | Forward::Local => Ok(()),
        Forward::Gre { checksum } => {
            f.write_str(" --tun-type gre")?;
            f.write_str(if checksum { " --tun-csum" } else { "" })
        }
        Forward::Gue { port, checksum } => {
            write!(f, " --tun-type gue --tun-port {port}")?;
            f.write_str(match checksum {
                GueChecksum::No => "",
                GueChecksum::Yes => " --tun-csum",
                GueChecksum::Remote => " --tun-remcsum",
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{Netmask, Persistence, SchedulerFlags};

    fn id(text: &str) -> VirtualId {
        text.parse().unwrap()
    }

    fn real(text: &str) -> RealId {
        RealId(text.parse().unwrap())
    }

    fn settings(netmask: Option<Netmask>) -> ServiceSettings {
        let persistence = Some(Persistence { timeout: Duration::from_secs(1800), netmask, engine: None });
        ServiceSettings { scheduler: "wrr".into(), persistence, ..ServiceSettings::default() }
    }

    #[test]
    fn services() {
        let mask = Some(Netmask::V4([255, 255, 255, 0].into()));
        let plain = ServiceSettings { persistence: None, ..settings(None) };
        let flags = SchedulerFlags::parse("flag-2,flag-1", "wrr").unwrap();
        let flags = ServiceSettings { flags, one_packet: true, ..plain.clone() };
        for (op, line) in [
            (Op::AddService(id("tcp:192.0.2.1:80"), plain.clone()), "-A -t 192.0.2.1:80 -s wrr"),
            (
                Op::AddService(id("tcp:192.0.2.1:80"), settings(mask)),
                "-A -t 192.0.2.1:80 -s wrr -p 1800 -M 255.255.255.0",
            ),
            (
                Op::EditService(id("udp:[2001:db8::1]:53"), settings(Some(Netmask::V6(64)))),
                "-E -u [2001:db8::1]:53 -s wrr -p 1800 -M 64",
            ),
            (Op::EditService(id("fwm:7"), flags), "-E -f 7 -s wrr -o -b flag-1,flag-2"),
            (Op::DeleteService(id("sctp:192.0.2.1:2905")), "-D --sctp-service 192.0.2.1:2905"),
            (Op::DeleteService(id("fwm6:4294967295")), "-D -f 4294967295 -6"),
        ] {
            assert_eq!(super::line(&op).to_string(), line);
        }
    }

    #[test]
    fn tunnels() {
        for (forward, options) in [
            ("ipip", ""),
            ("gre", " --tun-type gre"),
            ("gre:csum", " --tun-type gre --tun-csum"),
            ("gue:6080", " --tun-type gue --tun-port 6080"),
            ("gue:6080:csum", " --tun-type gue --tun-port 6080 --tun-csum"),
            ("gue:65535:remcsum", " --tun-type gue --tun-port 65535 --tun-remcsum"),
        ] {
            let dest = Dest::new(forward.parse().unwrap(), 3);
            let op = Op::EditDest(id("fwm:7"), real("10.0.0.1:80"), dest);
            assert_eq!(super::line(&op).to_string(), format!("-e -f 7 -r 10.0.0.1:80 -i -w 3{options}"));
        }
    }

    #[test]
    fn destinations() {
        let dest = |forward, weight| Dest::new(forward, weight);
        let web = id("tcp:192.0.2.1:80");
        for (op, line) in [
            (
                Op::AddDest(web, real("10.0.0.1:80"), dest(Forward::Gate, 5)),
                "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 5",
            ),
            (
                Op::AddDest(web, real("[2001:db8::5]:80"), dest(Forward::Ipip, 65535)),
                "-a -t 192.0.2.1:80 -r [2001:db8::5]:80 -i -w 65535",
            ),
            (
                Op::EditDest(id("fwm:7"), real("10.0.0.1:8080"), dest(Forward::Masq, 0)),
                "-e -f 7 -r 10.0.0.1:8080 -m -w 0",
            ),
            (
                Op::AddDest(
                    web,
                    real("10.0.0.1:80"),
                    Dest { thresholds: Thresholds { upper: 9, lower: 3 }, ..dest(Forward::Masq, 2) },
                ),
                "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 2 -x 9 -y 3",
            ),
            (
                Op::EditDest(web, real("127.0.0.1:80"), dest(Forward::Local, 1)),
                "-e -t 192.0.2.1:80 -r 127.0.0.1:80 -g -w 1",
            ),
            (Op::DeleteDest(id("fwm6:7"), real("[2001:db8::5]:0")), "-d -f 7 -6 -r [2001:db8::5]:0"),
        ] {
            assert_eq!(super::line(&op).to_string(), line);
        }
    }
}
