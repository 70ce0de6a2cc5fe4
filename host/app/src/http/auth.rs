//! Who may ask: bearer tokens, and where a host may listen without them.
//! There are no users and no roles; a token opens everything but the health routes, which are always open.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::origin;
use super::problem::Problem;

/// The tokens that open the host; with none, everybody may ask who reaches it and is no stranger's page.
#[derive(Clone, Default)]
pub(crate) struct Tokens(Arc<[String]>, Names);

/// Whether a host without tokens may be asked for by any name.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Names {
    /// Only as localhost or by its address: a page could have a name of its own point here.
    #[default]
    Local,
    /// By any name, since its operator lets everybody in.
    Any,
}

impl Tokens {
    /// An empty token is none: nobody could tell it from a request without one.
    pub(crate) fn new(tokens: Vec<String>, names: Names) -> Self {
        let tokens = tokens.into_iter().map(|token| token.trim().to_owned()).filter(|token| !token.is_empty());
        Self(tokens.collect(), names)
    }

    /// Whether a host may listen here: off loopback only with tokens, or where its operator says so.
    pub(crate) fn allow(&self, address: SocketAddr) -> bool {
        address.ip().is_loopback() || !self.0.is_empty()
    }

    fn open_for(&self, request: &Request) -> bool {
        let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let Some((_, given)) = given else { return false };
        // Every token is compared to its end, so that time tells nothing about which one was nearly right.
        self.0.iter().fold(false, |open, token| open | same(token.as_bytes(), given.trim().as_bytes()))
    }
}

/// Lets a request through where it carries a token, or needs none.
pub(super) async fn check(State(tokens): State<Tokens>, request: Request, next: Next) -> Response {
    let is_health = matches!(request.uri().path(), "/healthz" | "/readyz");
    if is_health || tokens.open_for(&request) {
        return next.run(request).await;
    }
    if !tokens.0.is_empty() {
        return Problem::unauthorized().into_response();
    }
    // A token is something that a stranger's page does not have; without tokens the origin decides.
    if origin::is_ours(request.headers(), tokens.1) { next.run(request).await } else { Problem::foreign_page().into_response() }
}

/// Compares without stopping at the first difference.
fn same(token: &[u8], given: &[u8]) -> bool {
    let differing = token
        .iter()
        .enumerate()
        .fold(token.len() ^ given.len(), |differing, (index, byte)| differing | usize::from(byte ^ given.get(index).copied().unwrap_or(0)));
    std::hint::black_box(differing) == 0
}

#[cfg(test)]
mod tests {
    use super::{Names, Tokens, same};

    #[test]
    fn only_the_whole_token_is_the_token() {
        assert!(same(b"secret", b"secret"));
        for given in [&b"secre"[..], b"secrets", b"", b"Secret", b"secret\0"] {
            assert!(!same(b"secret", given), "{given:?}");
        }
    }

    #[test]
    fn off_loopback_a_host_without_tokens_may_not_listen() {
        let (inside, outside) = ("127.0.0.1:1".parse().unwrap(), "0.0.0.0:1".parse().unwrap());
        assert!(Tokens::default().allow(inside) && !Tokens::default().allow(outside));
        assert!(
            Tokens::new(vec!["t".to_owned()], Names::Local).allow(outside)
                && !Tokens::new(vec![" ".to_owned()], Names::Local).allow(outside)
        );
    }
}
