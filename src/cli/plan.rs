//! `plan`: what a start would change in the table now, or a reload where a director runs. Nothing is checked and
//! nothing changed.

use std::{
    fmt::Write as _,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    control::{self, Answer, ControlError, Question},
    director::{Joining, Known, Now, Preview, Start, preview},
    ipvs::{Ipvs as _, IpvsError, Ipvsadm, Op, Scope, Table, ipvsadm::render},
    model::{IpvsTimeouts, VirtualId},
};

use super::{Args, Exit, Target, complain, configtest, loading, say};

/// How long the director may take to say what it knows.
const PATIENCE: Duration = Duration::from_secs(5);

/// Shows the plan of a configuration.
pub(super) fn plan(args: &Args, target: &Target) -> Exit {
    let loaded = match loading::first(&target.path) {
        Ok(loaded) => loaded,
        Err(rejected) => {
            configtest::show(&rejected.diagnostics);
            return Exit::Config;
        }
    };
    configtest::show(&loaded.warnings);
    let wanted = loaded.config.settings.ipvs_timeouts;
    let (table, timeouts) = match read(wanted.is_some()) {
        Ok(read) => read,
        Err(words) => {
            complain(&words);
            return Exit::Failed;
        }
    };
    let known = known(target);
    let start = Start {
        config: Arc::new(loaded.config),
        warnings: Vec::new(),
        table: Arc::new(table),
        version: env!("CARGO_PKG_VERSION"),
        pid: std::process::id(),
    };
    let mut plan = preview(now(), start, known.as_ref());
    plan.timeouts = plan.timeouts.filter(|wanted| timeouts.is_none_or(|is| wanted.over(is) != is));
    let occasion = if known.is_some() { "reload" } else { "start" };
    say(&if args.telling.json { json(occasion, &plan) } else { text(occasion, &target.shown(), &plan) });
    if args.telling.exit_code && changes(&plan) { Exit::Changes } else { Exit::Ok }
}

/// The table, and how long the kernel keeps connections where that matters.
fn read(with_timeouts: bool) -> Result<(Table, Option<IpvsTimeouts>), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let read = async {
        let mut ipvs = Ipvsadm::new();
        let table = ipvs.read(&Scope::All).await?;
        let timeouts = if with_timeouts { Some(ipvs.timeouts().await?) } else { None };
        Ok((table, timeouts))
    };
    runtime.block_on(read).map_err(|error: IpvsError| error.to_string())
}

/// Whether anything would be changed now.
fn changes(plan: &Preview) -> bool {
    !plan.now.is_empty() || plan.timeouts.is_some()
}

/// What the director of this configuration knows, if one runs.
fn known(target: &Target) -> Option<Known> {
    let answer = match control::ask(&control::socket(target.instance.name()), Question::Health, PATIENCE) {
        Ok(Answer::Done(text)) => control::known(&text).ok_or("its answer is not understood".to_owned()),
        Ok(Answer::Refused(words) | Answer::Rejected(words)) => Err(words),
        Err(ControlError::Nobody) => return None,
        Err(error @ ControlError::Silent(_)) => Err(error.to_string()),
    };
    let told = answer.map_err(|words| {
        complain(&format!(
            "the director that runs cannot be asked ({words}): its servers are taken as the table shows them"
        ));
    });
    // A reload all the same.
    Some(told.unwrap_or_default())
}

#[expect(clippy::disallowed_methods, reason = "there is no loop, and nothing that takes time")]
fn now() -> Now {
    Now { instant: Instant::now(), wall: SystemTime::now() }
}

/// Whether a change takes out what the configuration does not have.
fn purges(plan: &Preview, op: &Op) -> bool {
    match op {
        Op::DeleteService(id) => plan.purged.contains(&(*id, None)),
        Op::DeleteDest(id, real) => plan.purged.contains(&(*id, Some(*real))),
        Op::AddService(..) | Op::EditService(..) | Op::AddDest(..) | Op::EditDest(..) => false,
    }
}

/// Whether a change brings a server into service, rather than taking one out.
fn brings(op: &Op) -> bool {
    matches!(op, Op::AddDest(..) | Op::EditDest(..))
}

/// For people, and for a shell: what is no change is a comment.
fn text(occasion: &str, shown: &str, plan: &Preview) -> String {
    // Writing to a string cannot fail.
    let mut text = format!("# a {occasion} of {shown} would change now:\n");
    let waits = !plan.joining.is_empty() || !plan.held.is_empty();
    if !changes(plan) {
        text = format!("# nothing to do{}\n", if waits { " now" } else { "" });
    }
    for op in &plan.now {
        let why = if purges(plan, op) { "  # not in the configuration" } else { "" };
        writeln!(text, "ipvsadm {}{why}", render::line(op)).ok();
    }
    if let Some(timeouts) = plan.timeouts {
        writeln!(text, "ipvsadm {}", render::timeouts(timeouts)).ok();
    }
    for Joining { op, passes } in &plan.joining {
        let after = match passes {
            1 => "its first good check".to_owned(),
            more => format!("{more} good checks in a row"),
        };
        writeln!(text, "# ipvsadm {}  (joins after {after})", render::line(op)).ok();
    }
    for op in &plan.held {
        let when = if brings(op) {
            "if none of those that may join is good"
        } else {
            "once something is known of those that may join"
        };
        writeln!(text, "# ipvsadm {}  ({when})", render::line(op)).ok();
    }
    text
}

/// For programs. Nothing in it needs to be escaped: lines of `ipvsadm` hold no quotes.
fn json(occasion: &str, plan: &Preview) -> String {
    let list = |name: &str, all: Vec<String>| {
        let (open, close) = if all.is_empty() { ("", "") } else { ("\n    ", "\n  ") };
        format!("  \"{name}\": [{open}{}{close}]", all.join(",\n    "))
    };
    let timeouts = plan.timeouts.map(|t| format!("{{\"ipvsadm\": \"{}\"}}", render::timeouts(t)));
    let now = plan.now.iter().map(|op| object(op, if purges(plan, op) { ", \"purges\": true" } else { "" }));
    let joining =
        plan.joining.iter().map(|Joining { op, passes }| object(op, &format!(", \"good-checks\": {passes}")));
    let held = plan.held.iter().map(|op| object(op, ""));
    let lists = [
        list("now", now.chain(timeouts).collect()),
        list("joining", joining.collect()),
        list("held", held.collect()),
    ];
    format!("{{\n  \"occasion\": \"{occasion}\",\n{}\n}}\n", lists.join(",\n"))
}

fn object(op: &Op, more: &str) -> String {
    let id: VirtualId = op.virtual_id();
    let real = match op {
        Op::AddDest(_, real, _) | Op::EditDest(_, real, _) | Op::DeleteDest(_, real) => {
            format!("\"real\": \"{real}\", ")
        }
        Op::AddService(..) | Op::EditService(..) | Op::DeleteService(_) => String::new(),
    };
    format!("{{\"virtual\": \"{id}\", {real}\"ipvsadm\": \"{}\"{more}}}", render::line(op))
}
