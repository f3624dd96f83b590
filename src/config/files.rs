//! Files as the configuration needs them, and which of them were read.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hasher},
    io,
    path::{Component, Path, PathBuf},
};

/// As many symbolic links as the kernel follows in one path.
const MOST_LINKS: usize = 40;

/// The few things a configuration asks of a file system.
pub trait ReadFile {
    /// The whole content of a file.
    ///
    /// # Errors
    /// It is not there, not readable, or not a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Whether something other than a directory is there, symbolic links followed.
    fn is_file(&self, path: &Path) -> bool;

    /// Whether a directory is there, symbolic links followed.
    fn is_dir(&self, path: &Path) -> bool;

    /// Where a symbolic link leads, as it is written in the link; `None` if there is no link.
    fn link(&self, path: &Path) -> Option<PathBuf>;

    /// A path from the root, seen from the working directory.
    fn absolute(&self, path: &Path) -> PathBuf;
}

/// Files in memory, for tests and for text that is not on disk. The working directory is the root.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles {
    /// Content by absolute path.
    pub files: BTreeMap<PathBuf, Vec<u8>>,
    /// Target by the absolute path of the symbolic link.
    pub links: BTreeMap<PathBuf, PathBuf>,
}

impl MemoryFiles {
    /// Adds a file.
    #[must_use]
    pub fn with(mut self, path: impl Into<PathBuf>, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.into(), content.into());
        self
    }

    /// Adds a symbolic link.
    #[must_use]
    pub fn with_link(mut self, path: impl Into<PathBuf>, target: impl Into<PathBuf>) -> Self {
        self.links.insert(path.into(), target.into());
        self
    }
}

impl ReadFile for MemoryFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let (resolved, _) = resolve(path, self);
        self.files.get(&resolved).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn is_file(&self, path: &Path) -> bool {
        self.files.contains_key(&resolve(path, self).0)
    }

    fn is_dir(&self, path: &Path) -> bool {
        let directory = resolve(path, self).0;
        self.files.keys().any(|file| file.starts_with(&directory) && *file != directory)
    }

    fn link(&self, path: &Path) -> Option<PathBuf> {
        self.links.get(path).cloned()
    }

    fn absolute(&self, path: &Path) -> PathBuf {
        Path::new("/").join(path)
    }
}

/// Stands for the content of a file, to compare with another one of the same process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(usize, u64);

impl Fingerprint {
    /// The fingerprint of this content.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(content);
        Self(content.len(), hasher.finish())
    }
}

/// One file that was read, or should have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its name as it was given, made absolute.
    pub path: PathBuf,
    /// The file itself, all symbolic links followed.
    pub resolved: PathBuf,
    /// The symbolic links on the way; a change of one of them may lead to another file.
    pub links: Vec<PathBuf>,
    /// What was read from it; `None` where it could not be read.
    pub content: Option<Fingerprint>,
}

impl SourceFile {
    /// Follows the path and notes what was read from it.
    pub(crate) fn new(path: &Path, content: Option<&[u8]>, fs: &impl ReadFile) -> Self {
        let path = fs.absolute(path);
        let (resolved, links) = resolve(&path, fs);
        Self { path, resolved, links, content: content.map(Fingerprint::of) }
    }
}

/// The files a configuration was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceSet {
    /// Each of them, in the order of reading.
    pub files: Vec<SourceFile>,
}

impl SourceSet {
    /// All paths whose creation, replacement or removal can change the configuration: the files, and the symbolic
    /// links that lead to them. Whoever watches needs their directories.
    pub fn watched(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().flat_map(|file| {
            let links = file.links.iter().map(PathBuf::as_path);
            links.chain(std::iter::once(file.resolved.as_path()))
        })
    }
}

/// Follows all symbolic links of an absolute path, those of its directories too, and says which there were.
/// What is not there is left as it is written.
pub(crate) fn resolve(path: &Path, fs: &impl ReadFile) -> (PathBuf, Vec<PathBuf>) {
    let parts = |path: &Path| -> Vec<PathBuf> {
        path.components().rev().map(|part| PathBuf::from(part.as_os_str())).collect()
    };
    let mut links = Vec::new();
    let mut todo = parts(path);
    let mut done = PathBuf::new();
    while let Some(part) = todo.pop() {
        match part.components().next() {
            Some(Component::ParentDir) => {
                done.pop();
                continue;
            }
            Some(Component::CurDir) | None => continue,
            Some(Component::RootDir | Component::Prefix(_) | Component::Normal(_)) => {}
        }
        let next = done.join(&part);
        match fs.link(&next) {
            Some(target) if links.len() < MOST_LINKS => {
                links.push(next);
                todo.extend(parts(&target));
            }
            _ => done = next,
        }
    }
    (done, links)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_on_the_way_is_watched() {
        let fs = MemoryFiles::default()
            .with("/data/v2/www.cf", "x")
            .with_link("/etc/ha.d", "/data/current")
            .with_link("/data/current", "v2");
        let set = SourceSet { files: vec![SourceFile::new(Path::new("/etc/ha.d/www.cf"), Some(b"x"), &fs)] };
        let watched: Vec<_> = set.watched().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(watched, ["/etc/ha.d", "/data/current", "/data/v2/www.cf"]);
        assert_eq!(fs.read(Path::new("/etc/ha.d/www.cf")).unwrap(), b"x");
    }

    #[test]
    fn a_loop_of_links_comes_to_an_end() {
        let fs = MemoryFiles::default().with_link("/a", "/b").with_link("/b", "/a");
        assert_eq!(resolve(Path::new("/a"), &fs).1.len(), MOST_LINKS);
    }
}
