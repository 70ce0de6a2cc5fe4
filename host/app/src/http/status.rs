//! Which status code says what: the only file that knows the numbers.
//! What the body says is the matter of `problem` and `shapes`.

use axum::http::StatusCode;
use procession_engine::error::{DeployError, Refusal};
use procession_engine::ports::definition::LoadError;

/// Done, or: here it is.
pub(super) const OK: StatusCode = StatusCode::OK;
/// A definition that was not known before is on the shelf.
pub(super) const CREATED: StatusCode = StatusCode::CREATED;
/// Recorded; what it leads to is still to come.
pub(super) const ACCEPTED: StatusCode = StatusCode::ACCEPTED;
/// The body is not what it claims to be: no JSON, no UTF-8, cut off.
pub(super) const MALFORMED: StatusCode = StatusCode::BAD_REQUEST;
/// No token, or a wrong one.
pub(super) const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;
/// A page that is not ours.
pub(super) const FORBIDDEN: StatusCode = StatusCode::FORBIDDEN;
/// Nothing of this name.
pub(super) const NOT_FOUND: StatusCode = StatusCode::NOT_FOUND;
/// The route exists, but not for this method.
pub(super) const WRONG_METHOD: StatusCode = StatusCode::METHOD_NOT_ALLOWED;
/// The body did not arrive in time.
pub(super) const TOO_SLOW: StatusCode = StatusCode::REQUEST_TIMEOUT;
/// More bytes than the host takes.
pub(super) const TOO_LARGE: StatusCode = StatusCode::PAYLOAD_TOO_LARGE;
/// Well-formed, and wrong in itself.
pub(super) const INVALID: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
/// The host is at fault.
pub(super) const HOST_FAULT: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;
/// The host cannot do it at present.
pub(super) const UNAVAILABLE: StatusCode = StatusCode::SERVICE_UNAVAILABLE;

/// The status of a request that had no effect.
pub(super) fn of_refusal(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::Invalid { code, .. } if code == "too-large" => TOO_LARGE,
        Refusal::Invalid { .. } => INVALID,
        Refusal::Rejected { .. } => StatusCode::CONFLICT,
        Refusal::UnknownProcess(_) | Refusal::UnknownMessage { .. } => NOT_FOUND,
        Refusal::Busy => StatusCode::TOO_MANY_REQUESTS,
        // The definition stands behind the host as a server behind a gateway: it broke, not the host.
        Refusal::Guest { .. } => StatusCode::BAD_GATEWAY,
        Refusal::Resting { .. } | Refusal::NotCompiled { .. } | Refusal::Store(_) | Refusal::Stopping => UNAVAILABLE,
    }
}

/// The status of a module that was not taken.
pub(super) fn of_deploy_error(error: &DeployError) -> StatusCode {
    match error {
        DeployError::Load(LoadError::TooLarge { .. }) => TOO_LARGE,
        DeployError::Load(LoadError::Host(_)) => HOST_FAULT,
        DeployError::Load(LoadError::NotYet(_)) => UNAVAILABLE,
        DeployError::Load(_) => INVALID,
        DeployError::Clash(_) | DeployError::Gate { .. } | DeployError::NothingBefore(_) => StatusCode::CONFLICT,
        DeployError::Unknown(_) => NOT_FOUND,
        DeployError::Store(_) => UNAVAILABLE,
    }
}
