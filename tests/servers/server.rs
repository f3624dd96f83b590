//! A server, and the course of the questions: well, frozen, well again, stopped.

use futures_util::future::join_all;

use crate::{
    asking::{Asker, Expected, LOOPBACKS},
    process::{PATIENCE, Processes, comes_true, holds},
    root::Root,
    service::{BRIEF, PATIENT, Service},
};

/// A server of Debian with a configuration of its own.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    /// It cannot be asked where this package cannot be had.
    pub(crate) package: &'static str,
    /// Files with their content; what does not begin with a slash is below `/srv/NAME`, where the script begins.
    pub(crate) files: Vec<(&'static str, String)>,
    /// What starts it, for a shell; the server stays in the foreground.
    pub(crate) script: &'static str,
    pub(crate) services: Vec<Service>,
}

/// What came of a server.
pub(crate) enum Outcome {
    /// Its package cannot be had.
    Skipped,
    Asked {
        questions: usize,
        failures: Vec<String>,
        /// The end of what the server wrote.
        log: String,
    },
}

impl Outcome {
    pub(crate) fn crashed() -> Self {
        let failures = vec!["the test panicked, see above".to_owned()];
        Self::Asked { questions: 0, failures, log: String::new() }
    }
}

impl Server {
    /// Starts it and asks all that there is to ask, to its end.
    pub(crate) fn play(&self, root: &Root, asker: &Asker) -> Outcome {
        if !root.has(self.package) {
            return Outcome::Skipped;
        }
        let folder = format!("/srv/{}", self.name);
        std::fs::create_dir_all(Root::path(&folder)).unwrap();
        for (name, content) in &self.files {
            let path = if name.starts_with('/') { (*name).to_owned() } else { format!("{folder}/{name}") };
            Root::write(&path, content);
        }
        let mut processes = Processes::start(self.name, &format!("cd {folder}\n{}", self.script));
        if let Err(failure) = self.wait_for(&mut processes) {
            return Outcome::Asked { questions: 0, failures: vec![failure], log: processes.log() };
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answers = runtime.block_on(self.course(asker, &mut processes));
        let questions = answers.len();
        Outcome::Asked { questions, failures: answers.into_iter().flatten().collect(), log: processes.log() }
    }

    /// Waits until all its ports are open.
    fn wait_for(&self, processes: &mut Processes) -> Result<(), String> {
        for (service, ip) in self.services.iter().flat_map(|service| LOOPBACKS.map(|ip| (service, ip))) {
            let mut ended = false;
            let came = comes_true(|| {
                ended = processes.has_ended();
                ended || service.accepts(ip) && service.ready.is_none_or(holds)
            });
            if ended {
                return Err("it ended by itself".to_owned());
            }
            if !came {
                return Err(format!(
                    "port {} of {ip} is not open and ready within {PATIENCE:?}",
                    service.port
                ));
            }
        }
        Ok(())
    }

    /// All questions, in all its states.
    async fn course(&self, asker: &Asker, processes: &mut Processes) -> Vec<Option<String>> {
        let mut answers = Vec::new();
        let mut add = |of_all: Vec<Vec<Option<String>>>| answers.extend(of_all.into_iter().flatten());
        let services = || self.services.iter();
        add(join_all(services().map(|service| service.ask_well(asker))).await);
        processes.freeze();
        add(join_all(services().map(|service| service.ask_first(asker, "frozen", BRIEF, service.frozen)))
            .await);
        processes.thaw();
        add(join_all(services().map(|service| service.ask_first(asker, "thawed", PATIENT, Expected::Pass)))
            .await);
        processes.stop();
        add(join_all(services().map(|service| service.ask_first(asker, "stopped", BRIEF, service.stopped)))
            .await);
        answers
    }
}
