//! The way to a file: each directory that is looked into, and the name that is looked up there, through all symbolic
//! links. What happens to any of these names may make the path mean another file.

use std::{
    collections::VecDeque,
    ffi::OsString,
    fs,
    path::{Component, Path, PathBuf},
};

/// As many symbolic links as the kernel follows.
const LINKS: usize = 40;

/// One name that is looked up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Step {
    /// In which directory; a path without links.
    pub(super) directory: PathBuf,
    /// Which name.
    pub(super) name: OsString,
}

/// The steps to a file. The last one is the file's own, or the first that leads nowhere.
pub(super) fn trail(path: &Path) -> Vec<Step> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut ahead = names(&absolute);
    let mut directory = PathBuf::from("/");
    let mut steps = Vec::new();
    let mut links = 0;
    while let Some(name) = ahead.pop_front() {
        let name = match name {
            Name::Root => {
                directory = PathBuf::from("/");
                continue;
            }
            Name::Up => {
                directory.pop();
                continue;
            }
            Name::Entry(name) => name,
        };
        let here = directory.join(&name);
        steps.push(Step { directory: directory.clone(), name });
        let Ok(metadata) = fs::symlink_metadata(&here) else { break };
        if metadata.is_symlink() {
            links += 1;
            let Ok(target) = fs::read_link(&here) else { break };
            if links > LINKS {
                break;
            }
            for name in names(&target).into_iter().rev() {
                ahead.push_front(name);
            }
        } else {
            directory = here;
        }
    }
    steps
}

enum Name {
    Root,
    Up,
    Entry(OsString),
}

fn names(path: &Path) -> VecDeque<Name> {
    path.components()
        .filter_map(|component| match component {
            Component::RootDir => Some(Name::Root),
            Component::ParentDir => Some(Name::Up),
            Component::Normal(name) => Some(Name::Entry(name.to_owned())),
            Component::CurDir | Component::Prefix(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// The steps below a temporary directory, as `directory/name` relative to it.
    fn below(root: &Path, path: &str) -> Vec<String> {
        let steps = trail(&root.join(path)).into_iter().filter(|step| step.directory.starts_with(root));
        steps
            .map(|step| step.directory.join(step.name).strip_prefix(root).unwrap().display().to_string())
            .collect()
    }

    #[test]
    fn links_are_followed_step_by_step() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        // As kubernetes mounts a ConfigMap.
        fs::create_dir_all(root.join("map/..2026")).unwrap();
        fs::write(root.join("map/..2026/www.cf"), "").unwrap();
        symlink("..2026", root.join("map/..data")).unwrap();
        symlink("..data/www.cf", root.join("map/www.cf")).unwrap();
        symlink("../map/./www.cf", root.join("map/up.cf")).unwrap();
        let way = ["map", "map/www.cf", "map/..data", "map/..2026", "map/..2026/www.cf"];
        assert_eq!(below(&root, "map/www.cf"), way);
        assert_eq!(below(&root, "map/up.cf"), [&["map", "map/up.cf", "map"], &way[1..]].concat());
    }

    #[test]
    fn a_way_that_leads_nowhere_ends_there() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        assert_eq!(below(&root, "no/such/file"), ["no"]);
        symlink("loop", root.join("loop")).unwrap();
        assert_eq!(below(&root, "loop/file").last().unwrap(), "loop");
    }
}
