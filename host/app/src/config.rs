//! The configuration of a server: from flags, the environment, a TOML file and defaults, in this order.
//! The names are the same everywhere: `--log-format`, `PROCESSION_LOG_FORMAT`, `log-format = "json"`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use procession::engine::gate::GateMode;
use serde::Deserialize;
use serde_json::Value;

use crate::cli::{Format, ServeArguments};

/// Settings of routers and adapters: by definition, then by key.
pub(crate) type Settings = BTreeMap<String, BTreeMap<String, Value>>;

/// How long a stop may take: what supervisors usually give a program before they end it.
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// What a configuration file may say; any other key is refused.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    data: Option<PathBuf>,
    free_bytes_min: Option<u64>,
    cache_bytes: Option<u64>,
    definitions: Option<PathBuf>,
    gate: Option<String>,
    listen: Option<String>,
    log: Option<String>,
    log_format: Option<Format>,
    token: Option<Vec<String>>,
    insecure: Option<bool>,
    stop_within: Option<String>,
    #[serde(default)]
    set: Settings,
}

/// What a server is started with.
#[derive(Debug, PartialEq)]
pub(crate) struct Config {
    pub(crate) data: PathBuf,
    pub(crate) free_bytes_min: Option<u64>,
    pub(crate) cache_bytes: Option<u64>,
    pub(crate) definitions: Definitions,
    pub(crate) gate: GateMode,
    pub(crate) listen: String,
    pub(crate) log: String,
    pub(crate) log_format: Format,
    pub(crate) tokens: Vec<String>,
    pub(crate) insecure: bool,
    pub(crate) stop_within: Duration,
    pub(crate) set: Settings,
}

/// The definitions folder.
#[derive(Debug, PartialEq)]
pub(crate) enum Definitions {
    /// Somebody named it, so it has to be there.
    Named(PathBuf),
    /// Nobody named one, so it is made where it is missing.
    Default(PathBuf),
}

impl Definitions {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Named(path) | Self::Default(path) => path,
        }
    }
}

impl Config {
    /// Puts together what flags and environment say (clap has merged those), what the file says, and the defaults.
    /// `environment_set` is the value of `PROCESSION_SET`.
    pub(crate) fn of(arguments: ServeArguments, environment_set: Option<&str>) -> Result<Self, String> {
        let file = arguments.config.as_deref().map(read).transpose()?.unwrap_or_default();
        let named = arguments.definitions.or(file.definitions).map(Definitions::Named);
        let mut set = file.set;
        let from_environment = environment_set.unwrap_or_default().split(';').map(str::trim).filter(|one| !one.is_empty());
        for one in from_environment.chain(arguments.set.iter().map(String::as_str)) {
            let (definition, key, value) = setting(one)?;
            set.entry(definition).or_default().insert(key, value);
        }
        let tokens = if arguments.token.is_empty() { file.token.unwrap_or_default() } else { arguments.token };
        if tokens.iter().any(|token| token.trim().is_empty()) {
            return Err("a token is empty; leave it out, or make it long and random".to_owned());
        }
        let gate = arguments.gate.or(file.gate).map_or(Ok(GateMode::default()), |text| gate(&text))?;
        let stop_within = arguments.stop_within.or(file.stop_within).map_or(Ok(STOP_WITHIN), |text| duration(&text))?;
        Ok(Self {
            data: arguments.data.or(file.data).unwrap_or_else(|| PathBuf::from("data")),
            free_bytes_min: arguments.free_bytes_min.or(file.free_bytes_min),
            cache_bytes: arguments.cache_bytes.or(file.cache_bytes),
            gate,
            definitions: named.unwrap_or_else(|| Definitions::Default(PathBuf::from("definitions"))),
            listen: arguments.listen.or(file.listen).unwrap_or_else(|| "127.0.0.1:43210".to_owned()),
            log: arguments.log.or(file.log).unwrap_or_else(|| "info".to_owned()),
            log_format: arguments.log_format.or(file.log_format).unwrap_or_default(),
            tokens,
            insecure: arguments.insecure || file.insecure.unwrap_or(false),
            stop_within,
            set,
        })
    }
}

fn read(path: &Path) -> Result<File, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("the configuration {} cannot be read: {error}", path.display()))?;
    toml::from_str(&text).map_err(|error| format!("the configuration {} is wrong: {}", path.display(), error.to_string().trim_end()))
}

/// Reads `refuse`, `warn` or `off`.
fn gate(text: &str) -> Result<GateMode, String> {
    GateMode::parse(text).ok_or_else(|| format!("the gate {text:?} must read refuse, warn or off"))
}

/// Reads `30s`, `500ms` or `1m 30s`.
fn duration(text: &str) -> Result<Duration, String> {
    let read = text.parse::<jiff::SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok());
    read.ok_or_else(|| format!("the duration {text:?} must read like 30s, 500ms or 1m 30s"))
}

/// Reads `carrier-stub.delayMs=0`; what is no JSON is a text.
fn setting(text: &str) -> Result<(String, String, Value), String> {
    let wrong = || format!("the setting {text:?} must read definition.key=value, such as carrier-stub.delayMs=0");
    let (name, value) = text.split_once('=').ok_or_else(wrong)?;
    let (definition, key) = name.trim().split_once('.').ok_or_else(wrong)?;
    if definition.is_empty() || key.is_empty() {
        return Err(wrong());
    }
    let value = value.trim();
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Ok((definition.to_owned(), key.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::path::PathBuf;
    use std::time::Duration;

    use procession::engine::gate::GateMode;
    use serde_json::json;

    use super::{Config, Definitions, File, duration, setting};
    use crate::cli::ServeArguments;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default() {
        let file = file("listen = \"127.0.0.1:1\"\ndata = \"from-file\"\n[set.carrier-stub]\ndelayMs = 1\nfirst = 1\nsecond = 1\n");
        let arguments = ServeArguments {
            config: Some(file.path().to_owned()),
            listen: Some("127.0.0.1:2".to_owned()),
            set: vec!["carrier-stub.delayMs=3".to_owned()],
            ..ServeArguments::default()
        };
        let config = Config::of(arguments, Some("carrier-stub.delayMs=2; carrier-stub.first=2")).unwrap();
        assert_eq!((config.listen.as_str(), config.data), ("127.0.0.1:2", PathBuf::from("from-file")));
        assert_eq!(config.definitions, Definitions::Default(PathBuf::from("definitions")));
        assert_eq!(serde_json::to_value(&config.set["carrier-stub"]).unwrap(), json!({ "delayMs": 3, "first": 2, "second": 1 }));
    }

    #[test]
    fn a_wrong_key_in_the_file_is_refused_by_name() {
        let file = file("lisen = \"127.0.0.1:1\"\n");
        let arguments = ServeArguments { config: Some(file.path().to_owned()), ..ServeArguments::default() };
        let error = Config::of(arguments, None).unwrap_err();
        assert!(error.contains("lisen") && error.contains("unknown field"), "{error}");
    }

    #[test]
    fn the_time_that_a_stop_may_take_is_a_duration_with_its_unit() {
        for (text, ms) in [("30s", 30_000), ("500ms", 500), ("1m 30s", 90_000), ("0s", 0)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for wrong in ["", "30", "soon", "-1s"] {
            assert!(duration(wrong).is_err(), "{wrong:?} was taken");
        }
    }

    #[test]
    fn the_gate_warns_where_nothing_is_said_and_knows_three_words() {
        assert_eq!(Config::of(ServeArguments::default(), None).unwrap().gate, GateMode::Warn);
        let file = file("gate = \"refuse\"\n");
        let arguments = || ServeArguments { config: Some(file.path().to_owned()), ..ServeArguments::default() };
        assert_eq!(Config::of(arguments(), None).unwrap().gate, GateMode::Refuse);
        let off = ServeArguments { gate: Some("off".to_owned()), ..arguments() };
        assert_eq!(Config::of(off, None).unwrap().gate, GateMode::Off);
        let wrong = ServeArguments { gate: Some("open".to_owned()), ..arguments() };
        assert!(Config::of(wrong, None).unwrap_err().contains("refuse, warn or off"));
    }

    #[test]
    fn a_setting_names_a_definition_and_a_key() {
        assert_eq!(setting("carrier-stub.delayMs=0").unwrap(), ("carrier-stub".to_owned(), "delayMs".to_owned(), json!(0)));
        assert_eq!(setting("a.b=two words").unwrap().2, json!("two words"));
        assert_eq!(setting("a.b.c=true").unwrap().1, "b.c");
        for wrong in ["", "a", "a.b", "a=b", ".b=1", "a.=1"] {
            assert!(setting(wrong).is_err(), "{wrong:?} was taken");
        }
    }

    /// Draws files that are nearly right: `PROCESSION_FUZZ_CASES` says how many, `PROCESSION_FUZZ_SEED` which.
    #[test]
    fn a_file_is_read_or_refused_whatever_is_in_it() {
        let number = |name: &str, usual: u64| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
        let (cases, seed) = (number("PROCESSION_FUZZ_CASES", 2_000), number("PROCESSION_FUZZ_SEED", 1));
        let corpus = [
            "data = \"d\"\nlisten = \"127.0.0.1:1\"\nlog-format = \"json\"\ntoken = [\"a\", \"b\"]\nstop-within = \"1m 30s\"\n",
            "free-bytes-min = 1\ncache-bytes = 0x7f\ninsecure = true\n[set.carrier-stub]\ndelayMs = 1\nrate = 1.5\nat = 2026-01-01T00:00:00Z\n",
            "[set]\na = { b = [1, { c = \"\"\"d\"\"\" }], \"e.f\" = '\\' }\n",
        ];
        let words = &[
            "[[[[[[[[[[[[[[[[[[[[",
            "{a=",
            "=",
            "\n",
            "\"\"\"",
            "1e999",
            "0x",
            "inf",
            "9999999999999999999999",
            "[set.",
            "]",
            ".",
            "\u{0}",
        ];
        for case in 0..cases {
            let text = procession_fuzz::mutated_text(&mut procession_fuzz::Dice::of(seed, case), &corpus, words);
            if let Ok(file) = toml::from_str::<File>(&text) {
                // Whatever it says, it is a time or it is none.
                let _ = duration(&file.stop_within.unwrap_or_default());
                let _ = setting(&text);
            }
        }
    }
}
