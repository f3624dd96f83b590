//! A configuration of one grammar in the other, comments and all.
//!
//! What was written is read back, and must mean the same: whatever cannot be said is found here, and never lost.

mod lines;
mod to_classic;
mod to_toml;

use std::{net::IpAddr, path::Path, sync::Arc};

use super::{Diagnostic, Grammar, Resolver, Source, Span, Unresolved, diagnostic::Report, lower::lower};
use crate::model::{Config, Family, Protocol};

/// A configuration in the other grammar.
#[derive(Debug)]
pub struct Converted {
    /// Its text. Holds the passwords of the configuration, if it has any.
    pub text: String,
    /// How things in the original were understood, in the order of the file.
    pub warnings: Vec<Diagnostic>,
}

/// Writes a configuration in the other grammar. Names stay names: nothing is looked up.
///
/// # Errors
/// All that is to be said about the file, where at least one thing is an error, or cannot be said in the other grammar.
pub fn convert(name: &str, bytes: &[u8], from: Grammar) -> Result<Converted, Vec<Diagnostic>> {
    let source = Arc::new(Source::new(name, bytes));
    let mut report = Report::new(Arc::clone(&source));
    let draft = from.read(&source, &mut report);
    let places: Vec<Span> = draft.virtuals.iter().map(|service| service.at.span).collect();
    let meant = lower(draft, &AnyName, &mut |path| Ok(any_file(path)), &mut report);
    if report.has_errors() {
        return Err(report.finish());
    }
    let text = match from {
        Grammar::Classic => to_toml::write(&source),
        Grammar::Toml => to_classic::write(&source),
    };
    compare(&text, from.other(), &places, &meant, &mut report);
    if report.has_errors() {
        return Err(report.finish());
    }
    Ok(Converted { text, warnings: report.finish() })
}

/// Reads a converted text back, and reports what in the original it does not say.
fn compare(text: &str, grammar: Grammar, places: &[Span], meant: &Config, report: &mut Report) {
    let source = Arc::new(Source::new("", text.as_bytes()));
    let mut second = Report::new(Arc::clone(&source));
    let read = grammar.read(&source, &mut second);
    let found = lower(read, &AnyName, &mut |path| Ok(any_file(path)), &mut second);
    if found == *meant {
        return;
    }
    if found.settings != meant.settings {
        report.reject(format!("what is for the director as a whole cannot be said in {grammar}"));
    }
    for (index, (service, place)) in meant.virtuals.iter().zip(places).enumerate() {
        if found.virtuals.get(index) != Some(service) {
            report.error(*place, format!("something in this virtual service cannot be said in {grammar}"));
        }
    }
    if !report.has_errors() {
        report.reject(format!("this configuration cannot be said in {grammar}"));
    }
}

/// Stands for the content of any file of authorities: its name, and the smallest certificate that passes for one.
fn any_file(path: &Path) -> Vec<u8> {
    let pem = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----";
    format!("{}\n{pem}\n", path.display()).into_bytes()
}

/// Knows every name: what is compared is what was written, not what it leads to.
struct AnyName;

impl AnyName {
    /// A number that stands for a name.
    fn number(name: &str) -> u32 {
        // FNV-1a.
        name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    }
}

impl Resolver for AnyName {
    fn hosts(&self, wanted: &[(String, Family)]) -> Vec<Result<IpAddr, Unresolved>> {
        let address = |(name, family): &(String, Family)| {
            Ok(match family {
                Family::V4 => IpAddr::from(Self::number(name).to_be_bytes()),
                Family::V6 => IpAddr::from(u128::from(Self::number(name)).to_be_bytes()),
            })
        };
        wanted.iter().map(address).collect()
    }

    fn service(&self, name: &str, _: Option<Protocol>) -> Option<u16> {
        // Those whose port says how they are checked.
        const KNOWN: [(&str, u16); 4] = [("http", 80), ("https", 443), ("ftp", 21), ("domain", 53)];
        let known = KNOWN.iter().find(|(known, _)| *known == name).map(|(_, port)| *port);
        // Below these are the ports that stand for a service.
        let other = || 10_000 + u16::try_from(Self::number(name) % 50_000).unwrap_or_default();
        Some(known.unwrap_or_else(other))
    }

    fn hostname(&self) -> String {
        "localhost".to_owned()
    }
}

// What is converted has a check of HTTP.
#[cfg(all(test, feature = "http"))]
mod tests {
    use super::*;

    #[test]
    fn what_a_converted_text_does_not_say_is_found() {
        let text = b"autoreload = yes\nvirtual = 192.0.2.1:80\n\tservice = http\n\treceive = \"ok\"\n\
                     \treal = www.example.com:http masq\n";
        let source = Arc::new(Source::new("x.cf", text));
        let lost = |told: &str, lost: &str| {
            let mut report = Report::new(Arc::clone(&source));
            let draft = Grammar::Classic.read(&source, &mut report);
            let places: Vec<Span> = draft.virtuals.iter().map(|service| service.at.span).collect();
            let meant = lower(draft, &AnyName, &mut |path| Ok(any_file(path)), &mut report);
            let told = to_toml::write(&source).replace(told, lost);
            compare(&told, Grammar::Toml, &places, &meant, &mut report);
            report.finish().iter().map(Diagnostic::headline).collect::<Vec<_>>()
        };
        assert!(lost("ok", "ok").is_empty());
        assert_eq!(
            lost("ok", "ko"),
            ["x.cf:2:11: error: something in this virtual service cannot be said in TOML"]
        );
        assert_eq!(
            lost("www.example.com", "ftp.example.com"),
            ["x.cf:2:11: error: something in this virtual service cannot be said in TOML"]
        );
        assert_eq!(
            lost("autoreload", "supervised"),
            ["x.cf: error: what is for the director as a whole cannot be said in TOML"]
        );
    }
}
