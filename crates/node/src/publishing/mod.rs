//! Service documents given out, taken in and adopted: one signed content for each name and number, for ever.
//!
//! Always true: a version is signed by its publisher over its whole content, and a node that has it once takes no other
//! content under its name and number; a body adopts by reference (publisher, name, number, hash) and sets only what the document
//! lets it set; an adoption counts only for the very content that it names; drafts and cases stay in the version that they were
//! started in. Reading order: [`version`] (signed and verified), [`publish`], [`fetch`] (from another node or a file),
//! [`adopt`], [`http`] (the public addresses), [`pages`] (the catalogue).

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use samverk_domain::fact::Name;
use samverk_domain::terms::{Adoption, BodyId, adopting, version_to_run};

use crate::library::Known;
use crate::node::Node;
use crate::trust::federation::FederationView;

pub mod adopt;
pub mod fetch;
pub mod http;
pub mod pages;
pub mod publish;
pub mod version;

/// What follows from a renewed statement: versions that are needed here are fetched, and cases that a newer version concerns are
/// looked at again. What fails is tried at the next renewal.
pub async fn take_in(node: &Arc<Node>, view: &FederationView) {
    fetch::missing(node, view).await;
    if let Err(why) = crate::cases::newer::look(node, view).await {
        tracing::error!(%why, "could not look for cases that a newer version concerns");
    }
}

/// The body's adoption of exactly this document, if it holds to what the document lets it set.
pub fn adoption_that_counts<'v>(view: &'v FederationView, body: &BodyId, known: &Known) -> Option<&'v Adoption> {
    let meta = &known.pack.meta;
    let adoption = &view.adoption(body, &meta.slug.it, meta.version.it)?.it;
    if adoption.pack_sha256 != known.sha256 {
        return None;
    }
    let kind = view.body(body)?.kind;
    let faults = adopting::faults(&known.pack, &known.settable, adoption, kind);
    for why in &faults {
        tracing::warn!(body = %body, pack = %meta.slug.it, version = meta.version.it, why, "an adoption does not count");
    }
    faults.is_empty().then_some(adoption)
}

/// Every adoption of exactly this document that counts.
pub fn adoptions_that_count(view: &FederationView, known: &Known) -> Vec<Adoption> {
    let meta = &known.pack.meta;
    let of_version = view
        .adoptions()
        .filter(|published| published.it.pack == meta.slug.it && published.it.version == meta.version.it);
    of_version
        .filter_map(|published| adoption_that_counts(view, &published.it.body, known))
        .cloned()
        .collect()
}

/// The version in which a service is started here on the day: the newest that all bodies that may answer for its steps have
/// adopted ([`version_to_run`]).
pub fn running(node: &Node, slug: &Name, day: Date) -> Option<Arc<Known>> {
    let valid = node.library.valid(slug, day);
    let Ok(view) = node.federation.view(node.clock.now()) else {
        return valid.into_iter().next_back();
    };
    if valid.len() < 2 {
        return valid.into_iter().next_back();
    }
    let tasks: BTreeSet<&str> = valid
        .iter()
        .flat_map(|known| &known.pack.roles)
        .map(|role| role.task.it.as_str())
        .collect();
    let bodies: BTreeSet<BodyId> = view
        .federation()
        .bodies
        .iter()
        .filter(|body| body.tasks.iter().any(|task| tasks.contains(task.task.as_str())))
        .map(|body| body.id.clone())
        .collect();
    let mut adopted = BTreeSet::new();
    for known in &valid {
        for adoption in adoptions_that_count(&view, known) {
            adopted.insert((adoption.body, adoption.version));
        }
    }
    let versions: BTreeSet<u32> = valid.iter().map(|known| known.pack.meta.version.it).collect();
    let chosen = version_to_run(&versions, &bodies, &adopted)?;
    valid.into_iter().find(|known| known.pack.meta.version.it == chosen)
}
