//! `Prefer: wait=N`: a caller that wants the end of a process, and how long it has patience (RFC 7240).
//! Whether the process has ended is the engine's matter.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;

/// Seconds that a caller may wait; connections that stay silent for longer are cut by what stands in between.
const WAIT_S_MAX: u64 = 60;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// How long a caller wants to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    seconds: u64,
}

impl Wait {
    /// What the headers ask for. A preference that cannot be read is none, as the standard has it.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(PREFER).into_iter().filter_map(|value| value.to_str().ok());
        let mut preferences = values.flat_map(|value| value.split([',', ';'])).map(str::trim);
        let seconds = preferences.find_map(|preference| {
            let (name, value) = preference.split_once('=')?;
            name.trim().eq_ignore_ascii_case("wait").then(|| value.trim().trim_matches('"').parse::<u64>().ok())?
        })?;
        Some(Self { seconds: seconds.min(WAIT_S_MAX) })
    }

    pub(super) fn duration(self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// Says in the answer what was done about the preference.
    pub(super) fn applied(self, mut response: Response) -> Response {
        if let Ok(value) = HeaderValue::from_str(&format!("wait={}", self.seconds)) {
            response.headers_mut().insert(PREFERENCE_APPLIED, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::{PREFER, Wait};

    fn seconds(prefer: &str) -> Option<u64> {
        let headers = HeaderMap::from_iter([(PREFER, prefer.parse().unwrap())]);
        Wait::of(&headers).map(|wait| wait.seconds)
    }

    #[test]
    fn the_wait_is_found_among_other_preferences_and_has_a_bound() {
        assert_eq!(seconds("wait=5"), Some(5));
        assert_eq!(seconds("respond-async, Wait = 7"), Some(7));
        assert_eq!(seconds("wait=100000"), Some(60));
    }

    #[test]
    fn what_cannot_be_read_is_no_preference() {
        assert_eq!(seconds("wait=soon"), None);
        assert_eq!(seconds("respond-async"), None);
    }
}
