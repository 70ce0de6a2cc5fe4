//! Pages in a browser: a page of somebody else's must not use the host through its reader's browser.
//! Programs send no `Origin` and are not concerned.

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

use super::auth::Names;

/// Whether a request may come from where it says: from no page at all, or from one of this host's own.
/// A page that reads sends no `Origin`, but the name that it was reached by: only addresses and localhost cannot be made to point here.
pub(super) fn is_ours(headers: &HeaderMap, names: Names) -> bool {
    let text = |value: &axum::http::HeaderValue| value.to_str().ok().map(str::to_ascii_lowercase);
    let host = headers.get(HOST).and_then(text);
    if names == Names::Local && host.as_deref().is_some_and(|host| !is_address_or_localhost(host)) {
        return false;
    }
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let (Some(origin), Some(host)) = (text(origin), host) else { return false };
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority == Some(host.as_str()) && is_address_or_localhost(&host)
}

fn is_address_or_localhost(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|digit| digit.is_ascii_digit())).map_or(host, |(name, _)| name);
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || address.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::is_ours;
    use crate::http::auth::Names;

    fn from(origin: Option<&str>, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert("host", host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().unwrap());
        }
        is_ours(&headers, Names::Local)
    }

    #[test]
    fn a_page_of_another_origin_may_not_ask_and_a_program_may() {
        assert!(from(None, "127.0.0.1:43210") && from(None, "localhost") && !from(None, "evil.example:43210"));
        assert!(from(Some("http://127.0.0.1:43210"), "127.0.0.1:43210"));
        assert!(from(Some("http://localhost:43210"), "LOCALHOST:43210") && from(Some("http://[::1]:1"), "[::1]:1"));
        for stranger in ["http://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1:43210.evil.example"] {
            assert!(!from(Some(stranger), "127.0.0.1:43210"), "{stranger} was let in");
        }
        assert!(!from(Some("http://evil.example:43210"), "evil.example:43210"), "a name that points here was believed");
    }
}
