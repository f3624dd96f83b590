//! Which file is meant by a configuration's name.

use std::path::{Path, PathBuf};

use super::{
    ReadFile,
    files::resolve,
    instance::{DEFAULT_NAME, stem, unescape_path},
};

/// Where names are looked for, in this order.
pub const SEARCH_PATH: [&str; 3] = ["/etc/ha.d", "/etc/ha.d/conf", "/etc/ldirectord"];

/// Why no file could be chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// There is none.
    #[error("Config file {name} not found{}", listed(tried))]
    NotFound {
        /// What was asked for.
        name: String,
        /// Where it was looked for.
        tried: Vec<PathBuf>,
    },
    /// Two files would be one instance.
    #[error(
        "{} and {} would be the same instance of ldirectord; remove or rename one of them",
        .0.display(), .1.display()
    )]
    Ambiguous(PathBuf, PathBuf),
}

fn listed(paths: &[PathBuf]) -> String {
    let shown: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    if shown.is_empty() { String::new() } else { format!(" (looked for {})", shown.join(", ")) }
}

/// Finds the file that is meant by `name`, which defaults to `ldirectord`, and gives its absolute path.
///
/// An absolute path is that file. A name is looked for in the [`SEARCH_PATH`], as it is and with `.cf` or `.toml`; two
/// different files there would be one instance and are refused. Else it is a path from the working directory,
/// else the escaped path by which systemd knows an instance outside of the search path.
///
/// # Errors
/// There is no such file, or there are two.
pub fn find(name: Option<&str>, fs: &impl ReadFile) -> Result<PathBuf, FindError> {
    let name = name.unwrap_or(DEFAULT_NAME);
    let not_found = |tried| FindError::NotFound { name: name.to_owned(), tried };
    if Path::new(name).is_absolute() {
        let path = PathBuf::from(name);
        return if fs.is_file(&path) { Ok(path) } else { Err(not_found(Vec::new())) };
    }

    let plain = stem(name);
    let mut tried = Vec::new();
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in SEARCH_PATH {
        for file in [plain.to_owned(), format!("{plain}.cf"), format!("{plain}.toml")] {
            let path = Path::new(folder).join(file);
            if fs.is_file(&path) {
                found.push(path.clone());
            }
            tried.push(path);
        }
    }
    if let Some(first) = found.first() {
        let itself = resolve(first, fs).0;
        return match found.iter().find(|other| resolve(other, fs).0 != itself) {
            Some(other) => Err(FindError::Ambiguous(first.clone(), other.clone())),
            None => Ok(first.clone()),
        };
    }

    let here = fs.absolute(Path::new(name));
    if fs.is_file(&here) {
        return Ok(here);
    }
    tried.push(here);
    match unescape_path(name) {
        Some(path) if fs.is_file(&path) => Ok(path),
        _ => Err(not_found(tried)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::MemoryFiles;
    use super::*;

    fn files(paths: &[&str]) -> MemoryFiles {
        paths.iter().fold(MemoryFiles::default(), |fs, path| fs.with(*path, ""))
    }

    #[test]
    fn names_are_found_in_the_order_of_the_reference() {
        let fs = files(&["/etc/ha.d/ldirectord.cf", "/etc/ha.d/conf/www", "/www", "/x.cf", "/srv/y.cf"]);
        let found = |name| find(name, &fs).map(|path| path.display().to_string());
        assert_eq!(found(None).unwrap(), "/etc/ha.d/ldirectord.cf");
        assert_eq!(found(Some("ldirectord.cf")).unwrap(), "/etc/ha.d/ldirectord.cf");
        assert_eq!(found(Some("www")).unwrap(), "/etc/ha.d/conf/www");
        assert_eq!(found(Some("www.cf")).unwrap(), "/etc/ha.d/conf/www");
        assert_eq!(found(Some("conf/www")).unwrap(), "/etc/ha.d/conf/www");
        assert_eq!(found(Some("x.cf")).unwrap(), "/x.cf");
        assert_eq!(found(Some("/srv/y.cf")).unwrap(), "/srv/y.cf");
        assert_eq!(found(Some("srv-y.cf")).unwrap(), "/srv/y.cf");
        let lost = found(Some("nowhere")).unwrap_err().to_string();
        assert!(lost.starts_with("Config file nowhere not found (looked for /etc/ha.d/nowhere,"), "{lost}");
    }

    #[test]
    fn two_files_of_one_instance_are_named_both() {
        let fs = files(&["/etc/ha.d/www.cf", "/etc/ha.d/conf/www"]);
        let error = find(Some("www"), &fs).unwrap_err().to_string();
        assert!(error.contains("/etc/ha.d/www.cf and /etc/ha.d/conf/www"), "{error}");
    }

    #[test]
    fn a_name_in_toml_is_found_and_not_beside_one_in_the_classic_grammar() {
        let fs = files(&["/etc/ldirectord/shop.toml", "/etc/ldirectord/ldirectord.toml"]);
        for name in ["shop", "shop.toml", "shop.cf", "/etc/ldirectord/shop.toml"] {
            assert_eq!(find(Some(name), &fs), Ok("/etc/ldirectord/shop.toml".into()), "{name}");
        }
        assert_eq!(find(None, &fs), Ok("/etc/ldirectord/ldirectord.toml".into()));
        let error = find(None, &fs.with("/etc/ha.d/ldirectord.cf", "")).unwrap_err().to_string();
        assert!(error.contains("/etc/ha.d/ldirectord.cf and /etc/ldirectord/ldirectord.toml"), "{error}");
    }

    #[test]
    fn one_file_under_two_names_is_one_file() {
        let fs = files(&["/etc/ha.d/conf/www"]).with_link("/etc/ha.d/www.cf", "conf/www");
        assert_eq!(find(Some("www"), &fs), Ok("/etc/ha.d/www.cf".into()));
    }
}
