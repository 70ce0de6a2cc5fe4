//! What handlers take out of a request's address: ids and query parameters, checked.
//! Bodies are the matter of `json`.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use procession_engine::model::id::ProcessId;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// A path segment as text.
pub(super) struct Segment(pub(super) String);

/// The process that the path names.
pub(super) struct Process(pub(super) ProcessId);

/// Query parameters; unknown ones are refused, since a typo would otherwise widen what is asked for.
pub(super) struct Params<T>(pub(super) T);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, state).await;
        path.map(|Path(text)| Self(text)).map_err(|rejection| Problem::invalid("invalid-name", rejection.body_text()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Process {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Segment(text) = Segment::from_request_parts(parts, state).await?;
        Ok(Self(ProcessId::parse(&text)?))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        params.map(|Query(params)| Self(params)).map_err(|rejection| {
            let text = rejection.body_text();
            Problem::invalid("invalid-parameter", text.trim_start_matches("Failed to deserialize query string: "))
        })
    }
}
