//! What went wrong, said so that the person knows what to do now.
//!
//! A page handler returns [`Failure`]; [`super::around`] makes the page in the visitor's language, with the trace id. What it
//! says to the operator goes to the log, never to the page.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::login::LoginFault;

/// Why there is no page. Each kind has its own words and its own next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// 404. Also for what exists but is not this person's: who may not see it shall not learn that it is there.
    NotFound,
    /// 403: logged in, but the role does not allow this.
    Forbidden,
    /// 403: the form came from another site, or the page was open since before the login.
    Forged,
    /// 303 to the login, and then back.
    LoginNeeded { back: String },
    /// 303 to the page where it is dealt with now: a draft that is sealed has no other page than its signatures'.
    Elsewhere { to: String },
    /// 400: an address or a form that no page of ours makes.
    BadRequest,
    /// 409: somebody or something changed it meanwhile; open the page again.
    Stale,
    /// 413
    TooLarge,
    /// 503: a peer, a register or the e-legitimation is out of function; try again.
    TryLater { operator: String },
    /// 403: nobody was let in.
    Login(LoginFault),
    /// 500: our fault.
    Ours { operator: String },
}

impl Failure {
    /// Our fault; `why` is for the operator's log and holds no personal data.
    pub fn ours(why: impl std::fmt::Display) -> Self {
        Self::Ours {
            operator: why.to_string(),
        }
    }

    /// Something we depend on is down.
    pub fn later(why: impl std::fmt::Display) -> Self {
        Self::TryLater {
            operator: why.to_string(),
        }
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Forbidden | Self::Forged | Self::Login(_) => StatusCode::FORBIDDEN,
            Self::LoginNeeded { .. } | Self::Elsewhere { .. } => StatusCode::SEE_OTHER,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Stale => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TryLater { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Ours { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What a bare status means, when a layer and not a page answered.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Self::NotFound,
            StatusCode::FORBIDDEN => Self::Forged,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT => {
                Self::later("the request took too long")
            }
            status if status.is_client_error() => Self::BadRequest,
            status => Self::ours(format!("a layer answered {status}")),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        let to = match &self {
            Self::LoginNeeded { back } => Some(format!("/logga-in?till={}", super::encoded(back))),
            Self::Elsewhere { to } => Some(to.clone()),
            _ => None,
        };
        if let Some(value) = to.and_then(|to| to.parse().ok()) {
            response.headers_mut().insert(axum::http::header::LOCATION, value);
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<samverk_store::StoreError> for Failure {
    fn from(why: samverk_store::StoreError) -> Self {
        Self::ours(why)
    }
}
