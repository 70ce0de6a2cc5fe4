//! `procession serve`: a host with HTTP, until it is told to stop.
//! Where its configuration comes from is said in `config`.

use std::io::Write as _;
use std::path::PathBuf;

use procession::Host;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failure::Failure;
use super::log;
use crate::config::{Config, Definitions};

const AFTER_HELP: &str = "\
Every flag can stand in the environment as PROCESSION_ and its name (PROCESSION_LOG_FORMAT; several settings as
PROCESSION_SET='carrier-stub.delayMs=0;other.key=1'), and in the TOML file under its own name (log-format = \"json\",
token = [\"…\"], and [set.carrier-stub] with delayMs = 0). A flag beats the environment, which beats the file.";

/// What `serve` is told.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// Reads the configuration from this TOML file.
    #[arg(long, value_name = "FILE", env = "PROCESSION_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Keeps streams and modules in this folder [default: data].
    #[arg(long, value_name = "DIR", env = "PROCESSION_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// Refuses what is to be recorded while the disk has less room than this, in bytes [default: 67108864].
    #[arg(long, value_name = "BYTES", env = "PROCESSION_FREE_BYTES_MIN")]
    pub(crate) free_bytes_min: Option<u64>,
    /// Gives the store so many bytes of memory for what it reads and writes most; the program takes about twice as much [default: 33554432].
    #[arg(long, value_name = "BYTES", env = "PROCESSION_CACHE_BYTES")]
    pub(crate) cache_bytes: Option<u64>,
    /// Takes definitions from this folder and watches it [default: definitions, made if missing].
    #[arg(long, value_name = "DIR", env = "PROCESSION_DEFINITIONS")]
    pub(crate) definitions: Option<PathBuf>,
    /// What becomes of a new definition that does not decide recorded histories as it should: refuse, warn or off [default: warn].
    #[arg(long, value_name = "MODE", env = "PROCESSION_GATE")]
    pub(crate) gate: Option<String>,
    /// Answers HTTP on this address; port 0 takes any free one [default: 127.0.0.1:43210].
    #[arg(long, value_name = "ADDR", env = "PROCESSION_LISTEN")]
    pub(crate) listen: Option<String>,
    /// Gives a router or an adapter a setting, such as carrier-stub.delayMs=0; may be repeated.
    #[arg(long, value_name = "NAME.KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Asks callers for this token; may be repeated.
    #[arg(long, env = "PROCESSION_TOKEN", hide_env_values = true)]
    pub(crate) token: Vec<String>,
    /// Lets everybody who reaches the address do everything, also from other machines.
    #[arg(long, env = "PROCESSION_INSECURE", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) insecure: bool,
    /// Leaves after so long with exit code 1 where a stop has not come to its end by then [default: 30s].
    #[arg(long, value_name = "DURATION", env = "PROCESSION_STOP_WITHIN")]
    pub(crate) stop_within: Option<String>,
    /// Logs what passes this filter, such as info, debug or info,procession_engine=debug [default: info].
    #[arg(long, value_name = "FILTER", env = "PROCESSION_LOG")]
    pub(crate) log: Option<String>,
    /// Writes log lines for people or for programs [default: text].
    #[arg(long, value_name = "FORMAT", env = "PROCESSION_LOG_FORMAT")]
    pub(crate) log_format: Option<log::Format>,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let set = std::env::var("PROCESSION_SET").ok();
    let config = Config::of(arguments, set.as_deref()).map_err(Failure::Usage)?;
    log::begin(&config.log, config.log_format)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Failed(format!("the system gives no runtime: {error}")))?;
    let served = runtime.block_on(serve(config));
    // A stop that hangs must not keep the program: the end of its threads is not waited for.
    runtime.shutdown_background();
    served
}

async fn serve(config: Config) -> Result<(), Failure> {
    let within = config.stop_within;
    let (data, definitions) = (config.data.display().to_string(), config.definitions.path().display().to_string());
    let host = builder(config)?.start().await?;
    // Before anybody is told that the host is there, so that no signal is missed.
    let mut signals = Signals::listen()?;
    let Some(address) = host.address() else { return Err(Failure::Failed("the host does not listen".to_owned())) };
    // On stdout and at once: whoever starts a server waits for this line.
    let mut out = std::io::stdout();
    let told = writeln!(out, "listening on http://{address} (data {data}, definitions {definitions})").and_then(|()| out.flush());
    if let Err(error) = told {
        tracing::warn!(%error, "nobody reads stdout");
    }
    tracing::info!(%address, data, definitions, "serving");
    let signal = signals.next().await;
    tracing::info!(signal, "stopping");
    let stopped = tokio::spawn(host.stop_within(within));
    tokio::select! {
        stopped = stopped => match stopped {
            Ok(Ok(())) => tracing::info!("stopped"),
            Ok(Err(unfinished)) => return Err(Failure::Failed(unfinished.to_string())),
            Err(error) => return Err(Failure::Failed(format!("the stop broke: {error}"))),
        },
        again = signals.next() => {
            let text = format!("left at once at a second signal ({again}); what was acknowledged is on the disk, and the next start carries on");
            return Err(Failure::Failed(text));
        }
    }
    Ok(())
}

fn builder(config: Config) -> Result<procession::Builder, Failure> {
    if let Definitions::Default(folder) = &config.definitions {
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::Failed(format!("cannot make the folder {}: {error}", folder.display())))?;
    }
    let mut builder = Host::builder().data(config.data).definitions(config.definitions.path()).listen(config.listen).gate(config.gate);
    if let Some(bytes) = config.free_bytes_min {
        builder = builder.free_bytes_min(bytes);
    }
    if let Some(bytes) = config.cache_bytes {
        builder = builder.cache_bytes(bytes);
    }
    for (definition, values) in config.set {
        for (key, value) in values {
            builder = builder.setting(definition.as_str(), key, value);
        }
    }
    for token in config.tokens {
        builder = builder.token(token);
    }
    Ok(if config.insecure { builder.insecure() } else { builder })
}

/// What tells the host to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let deaf = |error: std::io::Error| Failure::Failed(format!("cannot listen for signals: {error}"));
        let terminate = signal(SignalKind::terminate()).map_err(deaf)?;
        let interrupt = signal(SignalKind::interrupt()).map_err(deaf)?;
        Ok(Self { terminate, interrupt })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
