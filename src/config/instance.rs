//! Which instance of the director a configuration file belongs to.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use super::{find::SEARCH_PATH, source::BLANK};

/// The name of the configuration, and of the instance, where none is given.
pub const DEFAULT_NAME: &str = "ldirectord";

/// One running director: one configuration file, one unit, one name on the bus.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instance {
    name: String,
}

impl Instance {
    /// The name: `www` for `/etc/ha.d/conf/www`, `srv-lb-shop.cf` for `/srv/lb/shop.cf`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is the one that runs where no configuration is named.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.name == DEFAULT_NAME
    }

    /// The systemd unit: `ldirectord.service` or `ldirectord@NAME.service`.
    #[must_use]
    pub fn unit(&self) -> String {
        if self.is_default() {
            "ldirectord.service".to_owned()
        } else {
            format!("ldirectord@{}.service", self.name)
        }
    }
}

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The instance of an absolute path: the file's name without `.cf` or `.toml` where the file stands in the search
/// path, else the whole path as systemd escapes it.
#[must_use]
pub fn instance_of(path: &Path) -> Instance {
    let folder = path.parent().unwrap_or(path);
    let known = SEARCH_PATH.iter().any(|place| folder == Path::new(place));
    let name = match path.file_name().and_then(|name| name.to_str()) {
        Some(name) if known && is_plain(name) => stem(name).to_owned(),
        _ => escape_path(path),
    };
    Instance { name }
}

/// The name without `.cf` or `.toml`.
pub(crate) fn stem(name: &str) -> &str {
    let stem = name.strip_suffix(".cf").or_else(|| name.strip_suffix(".toml")).unwrap_or(name);
    if stem.is_empty() { name } else { stem }
}

/// The pid file of the reference, which is named after the argument and not after the file that was found:
/// `/var/run/ldirectord.www.cf.pid`. Only used without systemd.
#[must_use]
pub fn pid_file(argument: Option<&str>) -> PathBuf {
    let name =
        argument.and_then(|argument| Path::new(argument).file_name()?.to_str()).unwrap_or(DEFAULT_NAME);
    PathBuf::from(format!("/var/run/ldirectord.{name}.pid"))
}

/// Whether a name may stand in the name of a unit as it is.
fn is_plain(name: &str) -> bool {
    !name.starts_with('.') && name.bytes().all(is_unit_byte_or_dash)
}

fn is_unit_byte_or_dash(byte: u8) -> bool {
    byte == b'-' || is_unit_byte(byte)
}

fn is_unit_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'.')
}

/// A path as `systemd-escape --path` writes it.
fn escape_path(path: &Path) -> String {
    use std::{fmt::Write as _, os::unix::ffi::OsStrExt as _};
    let mut escaped = String::new();
    for part in path.as_os_str().as_bytes().split(|&byte| byte == b'/').filter(|part| !part.is_empty()) {
        if !escaped.is_empty() {
            escaped.push('-');
        }
        for &byte in part {
            if is_unit_byte(byte) && !(escaped.is_empty() && byte == b'.') {
                escaped.push(char::from(byte));
            } else {
                // Writing to a String cannot fail.
                let _ = write!(escaped, "\\x{byte:02x}");
            }
        }
    }
    escaped
}

/// The absolute path that [`instance_of`] escaped; `None` where the text cannot be one.
pub(crate) fn unescape_path(name: &str) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;
    if name.is_empty() || name.contains('/') || name.contains(BLANK) {
        return None;
    }
    let mut path = vec![b'/'];
    let mut rest = name.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        match byte {
            b'-' => path.push(b'/'),
            b'\\' => {
                let digits = behind.strip_prefix(b"x").and_then(|hex| hex.get(..2))?;
                path.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
                rest = &behind[3..];
            }
            _ => path.push(byte),
        }
    }
    Some(std::ffi::OsString::from_vec(path).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_the_search_path_are_short_and_others_are_escaped() {
        let unit = |path: &str| instance_of(Path::new(path)).unit();
        assert_eq!(unit("/etc/ha.d/ldirectord.cf"), "ldirectord.service");
        assert_eq!(unit("/etc/ha.d/www"), "ldirectord@www.service");
        assert_eq!(unit("/etc/ha.d/conf/www.cf"), "ldirectord@www.service");
        assert_eq!(unit("/etc/ha.d/conf/shop-a.toml"), "ldirectord@shop-a.service");
        assert_eq!(unit("/etc/ldirectord/shop.toml"), "ldirectord@shop.service");
        assert_eq!(unit("/etc/ldirectord/ldirectord.toml"), "ldirectord.service");
        assert_eq!(unit("/srv/lb/my shop-1.cf"), r"ldirectord@srv-lb-my\x20shop\x2d1.cf.service");
        assert_eq!(unit("/.x/y"), r"ldirectord@\x2ex-y.service");
    }

    #[test]
    fn an_escaped_path_leads_back() {
        for path in ["/srv/lb/my shop-1.cf", "/.x/y", "/a/\u{e9}"] {
            let instance = instance_of(Path::new(path));
            assert_eq!(unescape_path(instance.name()), Some(PathBuf::from(path)));
        }
        assert_eq!(unescape_path(r"a\x2"), None);
        assert_eq!(unescape_path(r"a\y20"), None);
    }

    #[test]
    fn pid_files_are_those_of_the_reference() {
        assert_eq!(pid_file(None), Path::new("/var/run/ldirectord.ldirectord.pid"));
        assert_eq!(pid_file(Some("ldirectord.cf")), Path::new("/var/run/ldirectord.ldirectord.cf.pid"));
        assert_eq!(pid_file(Some("/srv/www.cf")), Path::new("/var/run/ldirectord.www.cf.pid"));
    }
}
