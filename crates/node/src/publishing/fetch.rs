//! Taking in a version that another body has given out: by reference, verified, kept.
//!
//! Always true: nothing is kept whose publisher has not signed it, and never another content under a number that is here. What
//! the federation's adoptions name and this node needs (its own bodies', and what people may start here) is fetched by itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use samverk_domain::fact::Name;
use samverk_domain::terms::BodyId;
use samverk_store::StoreError;
use samverk_store::versions::{self, Keeping};

use super::version::{NotBelieved, VERSION_BYTES_MAX, VerifiedVersion};
use crate::library::{self, Known};
use crate::node::Node;
use crate::trust::federation::FederationView;

/// Why a version was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    #[error("{0} is not in the federation")]
    NoBody(BodyId),
    #[error("{0}: {1}")]
    Unreachable(String, String),
    #[error("{0}: {1}")]
    NotBelieved(String, NotBelieved),
    #[error("{address} gives {found}, not {wanted}")]
    AnotherVersion {
        address: String,
        found: String,
        wanted: String,
    },
    #[error(
        "{slug} version {version} is here with another content ({kept}); a version never changes, so somebody has given out \
         two. Ask the publisher which counts, and adopt a new number"
    )]
    Changed { slug: Name, version: u32, kept: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// `{node}/tjanster/{slug}/versioner/{n}`
pub fn address(node: &str, slug: &Name, version: u32) -> String {
    format!(
        "{node}/tjanster/{}/versioner/{version}",
        crate::web::encoded(slug.as_str())
    )
}

/// Fetches a version from its publisher's node.
pub async fn from_publisher(
    node: &Node,
    view: &FederationView,
    publisher: &BodyId,
    (slug, version): (&Name, u32),
) -> Result<VerifiedVersion, NotTaken> {
    let body = view
        .body(publisher)
        .ok_or_else(|| NotTaken::NoBody(publisher.clone()))?;
    let address = address(&body.node, slug, version);
    let down = |why: String| NotTaken::Unreachable(address.clone(), why);
    let request = node.http.get(&address).header("accept", "application/json");
    // The library's own text would repeat the address.
    let words = |why: reqwest::Error| why.without_url().to_string();
    let mut response = request.send().await.map_err(|why| down(words(why)))?;
    if !response.status().is_success() {
        return Err(down(response.status().to_string()));
    }
    let mut bytes = vec![];
    while let Some(chunk) = response.chunk().await.map_err(|why| down(words(why)))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > 2 * VERSION_BYTES_MAX {
            return Err(down("it is too large".to_owned()));
        }
    }
    let read = VerifiedVersion::read(&bytes, view).map_err(|why| NotTaken::NotBelieved(address.clone(), why))?;
    let said = &read.signed().version;
    if said.publisher != *publisher || said.pack != *slug || said.version != version {
        return Err(NotTaken::AnotherVersion {
            found: format!("{} {} by {}", said.pack, said.version, said.publisher),
            wanted: format!("{slug} {version} by {publisher}"),
            address,
        });
    }
    Ok(read)
}

/// Keeps a verified version and puts it on the shelf.
pub async fn keep(node: &Node, version: VerifiedVersion) -> Result<Arc<Known>, NotTaken> {
    let kept = version.kept();
    let (slug, number, now) = (kept.pack.clone(), kept.version, node.clock.now());
    let kept: Result<Keeping, StoreError> = node
        .store
        .run("publishing.keep", move |tx| versions::keep(tx, &kept, now))
        .await;
    if let Keeping::Another { sha256 } = kept? {
        return Err(NotTaken::Changed {
            slug,
            version: number,
            kept: sha256,
        });
    }
    library::refresh(node).await?;
    Ok(node
        .library
        .version(&slug, number)
        .unwrap_or_else(|| Arc::new(version.into_known())))
}

/// Fetches what the federation's adoptions name and this node needs and does not have. What cannot be had now is tried at the
/// next renewal of the federation's statement.
pub async fn missing(node: &Node, view: &FederationView) {
    let mut wanted = BTreeSet::new();
    for published in view.adoptions() {
        let adoption = &published.it;
        let own = node.keys.contains_key(&adoption.body);
        let started_here = node
            .config
            .portal
            .as_ref()
            .is_some_and(|portal| portal.packs.contains(&adoption.pack));
        let has = node
            .library
            .version(&adoption.pack, adoption.version)
            .is_some_and(|known| known.sha256 == adoption.pack_sha256);
        if (own || started_here) && !has {
            wanted.insert((
                adoption.publisher.clone(),
                adoption.pack.clone(),
                adoption.version,
                adoption.pack_sha256.clone(),
            ));
        }
    }
    for (publisher, slug, version, sha256) in wanted {
        let taken = match from_publisher(node, view, &publisher, (&slug, version)).await {
            Ok(read) if read.signed().version.sha256 == sha256 => keep(node, read).await.map(drop),
            Ok(read) => Err(NotTaken::AnotherVersion {
                address: publisher.to_string(),
                found: read.signed().version.sha256.clone(),
                wanted: sha256,
            }),
            Err(why) => Err(why),
        };
        match taken {
            Ok(()) => tracing::info!(pack = %slug, version, "a version that was adopted is here"),
            Err(why) => tracing::warn!(pack = %slug, version, %why, "a version that was adopted could not be fetched"),
        }
    }
}
