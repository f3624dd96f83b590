//! Files as people and their tools change them, on a real file system and in real time.
//!
//! Each test waits for what shall come. What shall not come is shown by a change after it that is the next to come.

#![expect(clippy::disallowed_methods, reason = "files change in real time")]

use std::{
    fs::{self, File},
    future::Future,
    io::{self, Write as _},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use ldirectord::{
    config::Fingerprint,
    director::Event,
    inbox::{self, Input},
    watch::{self as files, Source},
};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

const BEGIN: &str = "checkinterval = 1\n";

/// `www.cf` in a directory of its own, `guard.cf` beside that directory, and whoever watches both.
struct Bench {
    dir: TempDir,
    sources: watch::Sender<Vec<Source>>,
    events: mpsc::Receiver<Input>,
}

impl Bench {
    fn home(&self) -> PathBuf {
        self.dir.path().join("ha.d")
    }

    fn file(&self) -> PathBuf {
        self.home().join("www.cf")
    }

    fn guard(&self) -> PathBuf {
        self.dir.path().join("guard.cf")
    }

    /// The next file that is reported.
    async fn next(&mut self) -> PathBuf {
        let next = tokio::time::timeout(Duration::from_secs(10), self.events.recv());
        match next.await.expect("a change is reported") {
            Some(Input::Event(Event::SourcesChanged(path))) => path,
            other => panic!("{other:?}"),
        }
    }

    /// The file is reported.
    async fn changed(&mut self) {
        assert_eq!(self.next().await, self.file());
    }

    /// Nothing was reported until now.
    async fn quiet(&mut self) {
        let stamp = fs::read_to_string(self.guard()).expect("the guard can be read");
        fs::write(self.guard(), stamp + "#\n").expect("the guard can be written");
        assert_eq!(self.next().await, self.guard());
    }
}

/// Runs a test beside the watching. `prepare` lays out `ha.d`.
async fn bench<F>(prepare: impl FnOnce(&Path), test: impl FnOnce(Bench) -> F)
where
    F: Future<Output = io::Result<()>>,
{
    let dir = tempfile::tempdir().expect("a directory");
    fs::create_dir(dir.path().join("ha.d")).expect("a directory");
    prepare(&dir.path().join("ha.d"));
    let (inbox, events) = inbox::channel();
    let (sources, watched) = watch::channel(Vec::new());
    let bench = Bench { dir, sources, events };
    fs::write(bench.guard(), BEGIN).expect("the guard can be written");
    let content = Some(Fingerprint::of(BEGIN.as_bytes()));
    let source = |path| Source { path, content };
    bench.sources.send_replace(vec![source(bench.file()), source(bench.guard())]);
    let watching = files::run(watched, inbox, |fact| panic!("{fact}"));
    let test = async {
        let mut bench = bench;
        // From here on everything is watched.
        bench.quiet().await;
        // The queue ends with the test, and the watching with the queue.
        test(bench).await.expect("files can be changed");
    };
    let both = async { tokio::join!(watching, test) };
    tokio::time::timeout(Duration::from_secs(60), both).await.expect("the watching ends with its listener");
}

fn plain(home: &Path) {
    fs::write(home.join("www.cf"), BEGIN).expect("a file");
}

#[tokio::test]
async fn written_in_place_is_seen_in_time_for_an_edit_to_be_in_force_within_a_second() {
    bench(plain, async |mut bench| {
        let mut fastest = Duration::MAX;
        for text in ["one", "two", "three"] {
            fs::write(bench.file(), text)?;
            let saved = Instant::now();
            bench.changed().await;
            fastest = fastest.min(saved.elapsed());
        }
        // The fastest, since a busy machine may make any of them late.
        assert!(fastest < Duration::from_millis(500), "{fastest:?}");
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn written_in_chunks_is_one_change() {
    bench(plain, async |mut bench| {
        for n in 0..10 {
            let mut file = File::options().append(true).open(bench.file())?;
            writeln!(file, "# {n}")?;
        }
        bench.changed().await;
        bench.quiet().await;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn half_a_file_is_not_taken() {
    bench(plain, async |mut bench| {
        // In place.
        let mut file = File::create(bench.file())?;
        file.write_all(b"half")?;
        bench.quiet().await;
        file.write_all(b" and half")?;
        drop(file);
        bench.changed().await;
        // Removed and made anew.
        fs::remove_file(bench.file())?;
        let mut file = File::create(bench.file())?;
        bench.quiet().await;
        file.write_all(b"a quarter")?;
        bench.quiet().await;
        drop(file);
        bench.changed().await;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn saved_by_an_editor() {
    bench(plain, async |mut bench| {
        // As vim does it: the old file becomes the backup, the new one is written, the backup goes.
        for text in ["one", "two"] {
            let backup = bench.home().join("www.cf~");
            fs::write(bench.home().join("4913"), "")?;
            fs::remove_file(bench.home().join("4913"))?;
            fs::rename(bench.file(), &backup)?;
            fs::write(bench.file(), text)?;
            fs::remove_file(&backup)?;
            bench.changed().await;
        }
        bench.quiet().await;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn renamed_or_linked_into_place() {
    bench(plain, async |mut bench| {
        let new = bench.home().join(".www.cf.new");
        for text in ["one", "two"] {
            fs::write(&new, text)?;
            fs::rename(&new, bench.file())?;
            bench.changed().await;
        }
        fs::write(&new, "three")?;
        fs::remove_file(bench.file())?;
        fs::hard_link(&new, bench.file())?;
        bench.changed().await;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_link_is_turned_to_another_file() {
    let prepare = |home: &Path| {
        for (release, text) in [("1", BEGIN), ("2", "two"), ("3", "three")] {
            fs::create_dir_all(home.join("releases").join(release)).expect("a directory");
            fs::write(home.join("releases").join(release).join("www.cf"), text).expect("a file");
        }
        symlink("releases/1/www.cf", home.join("www.cf")).expect("a link");
    };
    bench(prepare, async |mut bench| {
        // At once, as ln -sfT does it.
        symlink("releases/2/www.cf", bench.home().join("new"))?;
        fs::rename(bench.home().join("new"), bench.file())?;
        bench.changed().await;
        // With a moment without.
        fs::remove_file(bench.file())?;
        symlink("releases/3/www.cf", bench.file())?;
        bench.changed().await;
        // The file behind it.
        fs::write(bench.home().join("releases/3/www.cf"), "four")?;
        bench.changed().await;
        // A file behind which it no longer is.
        fs::write(bench.home().join("releases/2/www.cf"), "five")?;
        bench.quiet().await;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_mounted_config_map_is_updated() {
    let prepare = |home: &Path| {
        fs::create_dir(home.join("..1")).expect("a directory");
        fs::write(home.join("..1/www.cf"), BEGIN).expect("a file");
        symlink("..1", home.join("..data")).expect("a link");
        symlink("..data/www.cf", home.join("www.cf")).expect("a link");
    };
    bench(prepare, async |mut bench| {
        for (old, new) in [("..1", "..2"), ("..2", "..3")] {
            fs::create_dir(bench.home().join(new))?;
            fs::write(bench.home().join(new).join("www.cf"), new)?;
            symlink(new, bench.home().join("..data_tmp"))?;
            fs::rename(bench.home().join("..data_tmp"), bench.home().join("..data"))?;
            fs::remove_dir_all(bench.home().join(old))?;
            bench.changed().await;
        }
        bench.quiet().await;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn gone_for_a_moment_is_nothing_and_gone_for_good_is_a_change() {
    bench(plain, async |mut bench| {
        let away = bench.home().join("away");
        fs::rename(bench.file(), &away)?;
        bench.quiet().await;
        fs::rename(&away, bench.file())?;
        bench.quiet().await;
        fs::remove_file(bench.file())?;
        assert_eq!(bench.next().await, bench.file());
        // Even as it was: the load in between failed.
        fs::write(bench.file(), BEGIN)?;
        bench.changed().await;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn touched_or_written_as_it_was_is_no_change() {
    bench(plain, async |mut bench| {
        File::options().write(true).open(bench.file())?.set_modified(std::time::SystemTime::UNIX_EPOCH)?;
        bench.quiet().await;
        fs::write(bench.file(), BEGIN)?;
        bench.quiet().await;
        let copy = bench.home().join("copy");
        fs::copy(bench.file(), &copy)?;
        fs::rename(&copy, bench.file())?;
        bench.quiet().await;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn the_directory_is_removed_moved_and_made_again() {
    bench(plain, async |mut bench| {
        for text in ["one", "two"] {
            fs::remove_dir_all(bench.home())?;
            bench.quiet().await;
            fs::create_dir(bench.home())?;
            fs::write(bench.file(), text)?;
            bench.changed().await;
            // It is watched again.
            fs::write(bench.file(), format!("{text} more"))?;
            bench.changed().await;
        }
        fs::rename(bench.home(), bench.dir.path().join("old"))?;
        fs::create_dir(bench.home())?;
        fs::write(bench.file(), "three")?;
        bench.changed().await;
        fs::write(bench.dir.path().join("old/www.cf"), "old")?;
        bench.quiet().await;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn the_set_of_files_changes() {
    bench(plain, async |mut bench| {
        let other = bench.home().join("other.cf");
        fs::write(&other, "other")?;
        let content = Some(Fingerprint::of(b"other"));
        let set = [(other.clone(), content), (bench.guard(), None)];
        bench.sources.send_replace(set.map(|(path, content)| Source { path, content }).into());
        fs::write(&other, "changed")?;
        assert_eq!(bench.next().await, other);
        fs::write(bench.file(), "no longer of interest")?;
        bench.quiet().await;
        Ok(())
    })
    .await;
}
