//! What goes on beside a test: a line that tells how far it is, and a look at what the server holds each second.
//! The line goes to stderr, so that programs can read the report.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::held::Held;
use super::report::{Progress, Tally};
use crate::cli::client::Server;

/// How often the server is asked what it holds.
const LOOK: Duration = Duration::from_secs(1);
/// How often progress is told to a person who watches one line.
const WATCHED: Duration = Duration::from_secs(1);
/// How often it is told to a log, where every line stays.
const LOGGED: Duration = Duration::from_secs(5);

/// Goes on until it is told to end.
pub(super) struct Watched {
    tasks: [AbortHandle; 2],
}

pub(super) fn begin(server: &Server, tally: &Arc<Tally>, held: &Arc<Held>) -> Watched {
    let (server, held) = (server.clone(), Arc::clone(held));
    let looks = tokio::spawn(async move {
        let mut ticks = ticks(LOOK);
        loop {
            ticks.tick().await;
            held.look(&server).await;
        }
    });
    Watched { tasks: [looks.abort_handle(), tokio::spawn(tell(Arc::clone(tally))).abort_handle()] }
}

impl Watched {
    pub(super) fn end(self) {
        self.tasks.iter().for_each(AbortHandle::abort);
        if std::io::stderr().is_terminal() {
            write("\r\x1b[K");
        }
    }
}

async fn tell(tally: Arc<Tally>) {
    let is_watched = std::io::stderr().is_terminal();
    let mut ticks = ticks(if is_watched { WATCHED } else { LOGGED });
    let mut before = Progress::default();
    loop {
        ticks.tick().await;
        let now = tally.progress();
        let line = now.since(&before);
        write(&if is_watched { format!("\r{line}\x1b[K") } else { format!("{line}\n") });
        before = now;
    }
}

fn ticks(period: Duration) -> tokio::time::Interval {
    let mut ticks = interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

fn write(text: &str) {
    let mut terminal = std::io::stderr();
    // A terminal that is gone is no reason to end.
    let _ = terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush());
}
