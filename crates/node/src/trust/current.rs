//! The federation as this node knows it now: fetched from the anchor, kept in `{dir}/federation.jws`, replaced when a newer
//! statement is verified.
//!
//! Always true: what is in use was verified with the pinned key; a newer issued statement never gives way to an older one; a
//! node goes on with its last copy when the anchor is down, until that copy expires. This is the seam where OpenID Federation
//! comes in: other code sees only [`FederationView`].

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};

use super::federation::{Anchor, FederationView, Untrusted};
use crate::config::{FederationFrom, FederationSource};
use crate::node::Node;
use crate::web::Failure;

/// A statement larger than this is not read. Some thousand bodies with offers and adoptions fit.
pub const STATEMENT_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How often the anchor is asked for a newer statement.
pub const REFRESH: SignedDuration = SignedDuration::from_mins(10);

/// Why the node has no federation to act in.
#[derive(Debug, thiserror::Error)]
pub enum NoFederation {
    #[error("node.toml names no federation")]
    NotConfigured,
    #[error("no valid statement of the federation is here yet; is the anchor reachable?")]
    NotHere,
    #[error("the pinned anchor key: {0}")]
    AnchorKey(Untrusted),
    #[error("{0}")]
    Untrusted(#[from] Untrusted),
    #[error("the anchor did not answer: {0}")]
    Unreachable(String),
    #[error("{path}: {why}")]
    File { path: PathBuf, why: std::io::Error },
}

/// What the node holds.
#[derive(Debug, Default)]
pub struct Current {
    anchor: Option<Anchor>,
    view: RwLock<Option<Arc<FederationView>>>,
}

impl Current {
    /// Reads the pinned key, and the kept or configured statement if it still holds.
    pub fn open(dir: &Path, source: Option<&FederationSource>, at: Timestamp) -> Result<Self, NoFederation> {
        let Some(source) = source else {
            return Ok(Self::default());
        };
        let anchor = Anchor::parse(&source.anchor_key.to_string()).map_err(NoFederation::AnchorKey)?;
        let current = Self {
            anchor: Some(anchor),
            view: RwLock::new(None),
        };
        let path = match &source.from {
            FederationFrom::File(path) => path.clone(),
            FederationFrom::Url(_) => kept(dir),
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => match current.take(text.trim(), at) {
                // A statement that has run out is a reason to fetch, not to refuse to start.
                Ok(_) | Err(NoFederation::Untrusted(Untrusted::Expired(_))) => {}
                Err(why) => return Err(why),
            },
            Err(why) if why.kind() == std::io::ErrorKind::NotFound && matches!(source.from, FederationFrom::Url(_)) => {
            }
            Err(why) => return Err(NoFederation::File { path, why }),
        }
        Ok(current)
    }

    /// The federation, if a statement of it holds at the instant.
    pub fn at(&self, at: Timestamp) -> Result<Arc<FederationView>, NoFederation> {
        if self.anchor.is_none() {
            return Err(NoFederation::NotConfigured);
        }
        let view = self
            .view
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone();
        let view = view.ok_or(NoFederation::NotHere)?;
        let expires = view.federation().expires_at;
        if expires <= at {
            return Err(Untrusted::Expired(expires).into());
        }
        Ok(view)
    }

    /// Verifies a statement and takes it into use if it is newer. `true`: it was.
    pub fn take(&self, jws: &str, at: Timestamp) -> Result<bool, NoFederation> {
        let anchor = self.anchor.as_ref().ok_or(NoFederation::NotConfigured)?;
        let view = FederationView::verify(jws, anchor, at)?;
        for why in view.refused() {
            tracing::warn!(why, "something in the federation's statement does not count");
        }
        let mut current = self.view.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let newer = current
            .as_ref()
            .is_none_or(|held| held.federation().issued_at < view.federation().issued_at);
        if newer {
            *current = Some(Arc::new(view));
        }
        Ok(newer)
    }
}

fn kept(dir: &Path) -> PathBuf {
    dir.join("federation.jws")
}

/// Fetches the anchor's statement, verifies it, and keeps it if it is newer.
pub async fn refresh(node: &Node) -> Result<(), NoFederation> {
    let Some(source) = &node.config.federation else {
        return Ok(());
    };
    let text = match &source.from {
        FederationFrom::File(path) => std::fs::read_to_string(path).map_err(|why| NoFederation::File {
            path: path.clone(),
            why,
        })?,
        FederationFrom::Url(url) => fetch(node, url).await?,
    };
    let newer = node.federation.take(text.trim(), node.clock.now())?;
    if newer && matches!(source.from, FederationFrom::Url(_)) {
        let path = kept(&node.dir);
        let partly = path.with_extension("jws.new");
        // Renamed when whole, so that a node that dies here starts with the old one.
        std::fs::write(&partly, text.trim())
            .and_then(|()| std::fs::rename(&partly, &path))
            .map_err(|why| NoFederation::File { path, why })?;
    }
    Ok(())
}

async fn fetch(node: &Node, url: &str) -> Result<String, NoFederation> {
    let unreachable = |why: reqwest::Error| NoFederation::Unreachable(why.without_url().to_string());
    let mut response = node.http.get(url).send().await.map_err(unreachable)?;
    if !response.status().is_success() {
        return Err(NoFederation::Unreachable(format!("it answered {}", response.status())));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > STATEMENT_BYTES_MAX {
            return Err(NoFederation::Unreachable("its statement is too large".to_owned()));
        }
    }
    String::from_utf8(bytes).map_err(|_| NoFederation::Unreachable("its statement is not text".to_owned()))
}

/// Keeps the statement fresh until the node stops: at once, then every [`REFRESH`], sooner while there is none.
pub async fn keep_fresh(node: Arc<Node>) {
    if node.config.federation.is_none() {
        return;
    }
    let mut pause = SignedDuration::from_millis(200);
    loop {
        match refresh(&node).await {
            Ok(()) => pause = REFRESH,
            Err(why) => {
                tracing::warn!(%why, "the federation's statement could not be refreshed");
                pause = (pause * 2).min(REFRESH);
            }
        }
        tokio::time::sleep(pause.unsigned_abs()).await;
    }
}

pub fn routes() -> Router<Arc<Node>> {
    Router::new().route("/federation", get(statement))
}

/// The statement as this node holds it: at the anchor that is where everyone fetches it.
async fn statement(State(node): State<Arc<Node>>) -> Result<Response, Failure> {
    let view = node.federation.at(node.clock.now()).map_err(|_| Failure::NotFound)?;
    let headers = [(header::CONTENT_TYPE, "application/jose")];
    Ok((headers, view.statement().jws().to_owned()).into_response())
}
