//! Our copy of the federation's statement: read at start, fetched again and again, used until it expires.
//!
//! Always true here: a statement is believed only with the pinned key; an older one never replaces a newer one; when the
//! anchor is down the last good copy (`{dir}/federation.jws`) goes on until it expires, and then nobody is trusted. Each
//! statement that was used is kept in the store, for evidence of what was exchanged under it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use samverk_store::{StoreError, terms};
use samverk_wire::jws;
use tokio::sync::watch;

use super::federation::{Anchor, FederationView, Untrusted};
use crate::config::{Config, FederationFrom};
use crate::node::Node;

/// How often a fresh statement is asked for: so long a body that was thrown out is still trusted.
/// An unchanged statement costs the anchor an answer without contents (304).
pub const REFRESH: SignedDuration = SignedDuration::from_secs(15);
/// Pause after a failure.
const RETRY: Duration = Duration::from_secs(2);

/// Why there is nobody to trust.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoFederation {
    #[error("this node belongs to no federation; say which in node.toml under [federation]")]
    NotConfigured,
    #[error("the federation's statement has not come yet; the anchor may be down")]
    NotYet,
    #[error("the federation's statement expired {0} and no new one has come; the anchor may be down")]
    Expired(Timestamp),
}

/// Why no fresh statement was taken.
#[derive(Debug, thiserror::Error)]
pub enum NotRefreshed {
    #[error("{0}")]
    NotConfigured(#[from] NoFederation),
    #[error("{0} does not give the federation's statement: {1}")]
    Unreachable(String, String),
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    #[error("{0} could not be written: {1}")]
    NotKept(PathBuf, std::io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The federation as this node knows it.
#[derive(Debug)]
pub struct Current {
    file: PathBuf,
    anchor: Option<Anchor>,
    view: RwLock<Option<Arc<FederationView>>>,
}

impl Current {
    /// Reads the kept copy. One that is not believed is as good as none.
    pub fn open(dir: &Path, config: &Config, now: Timestamp) -> Result<Self, Untrusted> {
        let anchor = match &config.federation {
            None => None,
            Some(source) => Some(Anchor::parse(&source.anchor_key.to_string())?),
        };
        let current = Self {
            file: dir.join("federation.jws"),
            anchor,
            view: RwLock::new(None),
        };
        if current.anchor.is_some()
            && let Ok(jws) = read(&current.file)
            && let Err(why) = current.take(jws.trim(), now)
        {
            tracing::warn!(%why, "the kept copy of the federation's statement is not used");
        }
        Ok(current)
    }

    /// Who is trusted now.
    pub fn view(&self, now: Timestamp) -> Result<Arc<FederationView>, NoFederation> {
        if self.anchor.is_none() {
            return Err(NoFederation::NotConfigured);
        }
        let view = self.held().ok_or(NoFederation::NotYet)?;
        let expires_at = view.federation().expires_at;
        if expires_at <= now {
            return Err(NoFederation::Expired(expires_at));
        }
        Ok(view)
    }

    /// The pinned key.
    pub fn anchor(&self) -> Result<&Anchor, NoFederation> {
        self.anchor.as_ref().ok_or(NoFederation::NotConfigured)
    }

    /// Verifies a statement and uses it from now on, if it is not older than the one in use.
    pub fn take(&self, compact: &str, now: Timestamp) -> Result<Arc<FederationView>, Untrusted> {
        let anchor = self.anchor.as_ref().ok_or(Untrusted::NotAnAnchor)?;
        if let Some(held) = self.held()
            && held.jws() == compact
        {
            return Ok(held);
        }
        let fresh = Arc::new(FederationView::verify(compact, anchor, now)?);
        for why in fresh.refused() {
            tracing::warn!(why, "the federation's statement holds something that does not count");
        }
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        // Going back to an older statement would bring back a body that was thrown out.
        match view.as_ref() {
            Some(held) if held.federation().issued_at > fresh.federation().issued_at => Ok(Arc::clone(held)),
            _ => {
                *view = Some(Arc::clone(&fresh));
                Ok(fresh)
            }
        }
    }

    fn held(&self) -> Option<Arc<FederationView>> {
        self.view.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Fetches the statement, verifies it, uses it and keeps it.
pub async fn refresh(node: &Node) -> Result<Arc<FederationView>, NotRefreshed> {
    let source = node.config.federation.as_ref().ok_or(NoFederation::NotConfigured)?;
    let compact = match &source.from {
        FederationFrom::File(path) => {
            read(path).map_err(|why| NotRefreshed::Unreachable(path.display().to_string(), why.to_string()))?
        }
        FederationFrom::Url(url) => fetch(node, url).await?,
    };
    let view = node.federation.take(compact.trim(), node.clock.now())?;
    let (jws, issued_at, expires_at) = {
        let federation = view.federation();
        (view.jws().to_owned(), federation.issued_at, federation.expires_at)
    };
    keep_copy(&node.federation.file, &jws).map_err(|why| NotRefreshed::NotKept(node.federation.file.clone(), why))?;
    let kept: Result<(), StoreError> = node
        .store
        .run("trust.keep_statement", move |tx| {
            terms::keep_statement(tx, &jws, issued_at, expires_at)
        })
        .await;
    kept?;
    Ok(view)
}

/// Keeps the copy fresh until the node stops.
pub async fn keep_fresh(node: Arc<Node>, mut stopped: watch::Receiver<bool>) {
    if node.config.federation.is_none() {
        return;
    }
    let mut said = false;
    while !*stopped.borrow() {
        let again = refresh(&node).await;
        let pause = async {
            match &again {
                Ok(_) => node.clock.until(node.clock.now() + REFRESH).await,
                Err(_) => tokio::time::sleep(RETRY).await,
            }
        };
        match &again {
            Ok(view) => {
                said = false;
                crate::publishing::take_in(&node, view).await;
            }
            // Once is enough for the log: it is tried every other second.
            Err(_) if said => {}
            Err(why) => {
                said = true;
                tracing::warn!(%why, "the federation's statement was not renewed; the last one is used until it expires");
            }
        }
        tokio::select! {
            () = pause => {}
            _ = stopped.wait_for(|stop| *stop) => {}
        }
    }
}

/// The entity tag of a statement: the same text, the same tag.
pub fn tag(jws: &str) -> String {
    let hash = samverk_wire::jcs::hash_of(jws).unwrap_or_default();
    format!("\"{}\"", samverk_wire::base64::url(&hash))
}

async fn fetch(node: &Node, url: &str) -> Result<String, NotRefreshed> {
    let unreachable = |why: &dyn std::fmt::Display| NotRefreshed::Unreachable(url.to_owned(), why.to_string());
    let held = node.federation.held();
    let mut request = node.http.get(url);
    if let Some(held) = &held {
        request = request.header("if-none-match", tag(held.jws()));
    }
    let mut response = request.send().await.map_err(|why| unreachable(&why))?;
    if response.status() == reqwest::StatusCode::NOT_MODIFIED
        && let Some(held) = held
    {
        return Ok(held.jws().to_owned());
    }
    if !response.status().is_success() {
        return Err(unreachable(&response.status()));
    }
    let mut bytes = vec![];
    while let Some(chunk) = response.chunk().await.map_err(|why| unreachable(&why))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > jws::BYTES_MAX {
            return Err(unreachable(&"it is too large"));
        }
    }
    String::from_utf8(bytes).map_err(|_| unreachable(&"it is not text"))
}

fn read(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)?
        .take(jws::BYTES_MAX as u64)
        .read_to_string(&mut text)?;
    Ok(text)
}

/// Whole or not at all: written beside and moved into place.
fn keep_copy(path: &Path, jws: &str) -> std::io::Result<()> {
    if read(path).is_ok_and(|kept| kept == jws) {
        return Ok(());
    }
    let beside = path.with_extension("jws.new");
    std::fs::write(&beside, jws)?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::node::tests::{CONFIG, a_node};
    use crate::trust::federation::sign;
    use crate::trust::federation::tests::{World, at, now, world};

    fn node_of(world: &World) -> (tempfile::TempDir, Arc<Node>, crate::clock::Settable) {
        let (clock, hand) = Clock::settable(now());
        let key = samverk_wire::jwk::write(world.anchor.signing().public());
        let config = format!(
            "{CONFIG}\n[federation]\nfile = \"published.jws\"\nanchor_key = {{ kty = \"OKP\", crv = \"Ed25519\", x = {} }}\n",
            key["x"]
        );
        let (dir, node) = a_node(&config, clock);
        (dir, node, hand)
    }

    #[tokio::test]
    async fn a_statement_is_used_until_it_expires_and_kept_for_evidence() {
        let mut world = world();
        let (dir, node, hand) = node_of(&world);
        assert_eq!(node.federation.view(now()).err(), Some(NoFederation::NotYet));
        assert!(refresh(&node).await.is_err(), "nothing is published yet");

        let published = dir.path().join("published.jws");
        std::fs::write(&published, sign(&world.federation, &world.anchor).unwrap()).unwrap();
        refresh(&node).await.unwrap();
        assert_eq!(node.federation.view(now()).unwrap().federation(), &world.federation);

        // A newer one replaces it; the older one does not come back.
        let older = sign(&world.federation, &world.anchor).unwrap();
        world.federation.issued_at = at("2026-06-15T09:00:00Z");
        world.federation.bodies.pop();
        world.federation.adoptions.clear();
        std::fs::write(&published, sign(&world.federation, &world.anchor).unwrap()).unwrap();
        refresh(&node).await.unwrap();
        std::fs::write(&published, older.clone()).unwrap();
        refresh(&node).await.unwrap();
        assert_eq!(node.federation.view(now()).unwrap().federation().bodies.len(), 2);

        let then = at("2026-06-15T08:00:00Z");
        let kept = node.store.read("test", move |tx| terms::statement_at(tx, then)).await;
        assert_eq!(kept.map_err(|e: StoreError| e).unwrap(), Some(older));

        // The anchor is gone, the copy goes on, and ends.
        std::fs::remove_file(&published).unwrap();
        let again = Current::open(dir.path(), &node.config, now()).unwrap();
        assert_eq!(again.view(now()).unwrap().federation().bodies.len(), 2);
        hand.set(at("2026-06-23T00:00:00Z"));
        assert!(matches!(
            node.federation.view(node.clock.now()),
            Err(NoFederation::Expired(_))
        ));
    }

    #[tokio::test]
    async fn another_anchors_statement_is_not_used() {
        let world = world();
        let (dir, node, _hand) = node_of(&world);
        let mut other = world.federation.clone();
        other.anchor = world.provider.body().clone();
        std::fs::write(dir.path().join("published.jws"), sign(&other, &world.provider).unwrap()).unwrap();
        assert!(matches!(
            refresh(&node).await,
            Err(NotRefreshed::Untrusted(Untrusted::AnotherAnchor { .. }))
        ));
        assert_eq!(node.federation.view(now()).err(), Some(NoFederation::NotYet));
    }
}
