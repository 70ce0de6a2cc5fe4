//! Pages in a browser: a page of somebody else's must not use the host through its reader's browser.
//! Programs send no `Origin` and are not concerned.

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

/// Whether a request may come from where it says: from no page at all, or from one of this host's own, reached by address or as localhost.
/// A name in the `Host` header proves nothing, since a name can be made to point here.
pub(super) fn is_ours(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let text = |value: &axum::http::HeaderValue| value.to_str().ok().map(str::to_ascii_lowercase);
    let (Some(origin), Some(host)) = (text(origin), headers.get(HOST).and_then(text)) else { return false };
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

    fn from(origin: Option<&str>, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert("host", host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().unwrap());
        }
        is_ours(&headers)
    }

    #[test]
    fn a_page_of_another_origin_may_not_ask_and_a_program_may() {
        assert!(from(None, "127.0.0.1:43210") && from(None, "procession.internal"));
        assert!(from(Some("http://127.0.0.1:43210"), "127.0.0.1:43210"));
        assert!(from(Some("http://localhost:43210"), "LOCALHOST:43210") && from(Some("http://[::1]:1"), "[::1]:1"));
        for stranger in ["http://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1:43210.evil.example"] {
            assert!(!from(Some(stranger), "127.0.0.1:43210"), "{stranger} was let in");
        }
        assert!(!from(Some("http://evil.example:43210"), "evil.example:43210"), "a name that points here was believed");
    }
}
