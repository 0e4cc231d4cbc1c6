//! What is kept of a paper while it is entered: the answers, how it arrived, what it applies for, what it leaves open.
//!
//! Always true: an entry is closed under its body's own content key and opens for that body only; the answers are kept in the
//! same form as a person's draft, so that the same code decides what is asked and what is a value; nothing is ever removed
//! because it was left for long, since a paper that has come in has come in.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use samverk_domain::case::assisted::Entered;
use samverk_domain::check;
use samverk_domain::fact::{Attachment, Name};
use samverk_domain::pack::{Area, Pack, Step};
use samverk_domain::rules::Question;
use samverk_domain::terms::BodyId;
use samverk_store::Tx;
use samverk_store::assisted::{self as table, Closed};
use serde::{Deserialize, Serialize};

use crate::cases::file::{Stopped, close, json, open_box};
use crate::ctx::Ctx;
use crate::node::Node;
use crate::services::draft::Draft;
use crate::services::prepare::municipality_fact;
use crate::services::vault::CONTENTS_BYTES_MAX;

/// Entries under way in one body. More are papers that should have become cases.
pub const ENTRIES_MAX: usize = 200;

#[derive(Clone, Serialize, Deserialize)]
pub struct Entry {
    /// As a person's draft, but nobody's session opens it.
    pub draft: Draft,
    /// How it came. Who finishes the entry, and when, is set then.
    pub entered: Entered,
    /// The steps that the paper applies for.
    pub steps: BTreeSet<Name>,
    pub paper: Option<Attachment>,
    /// Facts and lists that the paper does not answer.
    pub left_open: BTreeSet<Name>,
}

impl Entry {
    /// Everything that those of the chosen steps read, and what decides whose they are.
    pub fn reads(&self, pack: &Pack, of: impl Fn(&Name) -> bool) -> BTreeSet<Name> {
        let mut reads = BTreeSet::new();
        let chosen = |step: &&Step| self.steps.contains(&step.name.it) && of(&step.name.it);
        for step in pack.steps.iter().filter(chosen) {
            reads.extend(check::read_by_step(pack, &step.name.it));
            reads.extend(pack.underlag(step));
            if let Some(role) = pack.role(&step.role.it)
                && let Area::MunicipalityOf(property) = &role.area.it
            {
                reads.insert(property.clone());
                reads.extend(municipality_fact(pack, property).map(|fact| fact.name.it.clone()));
            }
        }
        reads
    }

    /// Of the questions that remain, those that the chosen steps have use for. `true`: the paper leaves it open.
    pub fn questions(&self, pack: &Pack, all: &[Question]) -> Vec<(Name, bool)> {
        let reads = self.reads(pack, |_| true);
        let is_read = |name: &Name| match pack.list(name) {
            Some(list) => list.columns.iter().any(|column| reads.contains(&column.name.it)),
            None => reads.contains(name),
        };
        all.iter()
            .map(|(Question::Fact(name) | Question::List(name))| name)
            .filter(|name| is_read(name))
            .map(|name| (name.clone(), self.left_open.contains(name)))
            .collect()
    }

    /// SHA-256 of every file that is kept with it.
    pub fn files(&self) -> Vec<String> {
        let mut files = self.draft.files();
        files.extend(self.paper.iter().map(|paper| paper.sha256.clone()));
        files
    }
}

/// An entry, opened.
pub struct Opened {
    pub entry: Entry,
    pub body: BodyId,
    pub saved_at: Timestamp,
    pub revision: u64,
}

/// Begins an entry; gives its id.
pub fn begin(ctx: &Ctx, tx: &mut Tx, node: &Node, entry: &Entry) -> Result<(), Stopped> {
    if table::of_body(tx, &ctx.body)?.len() >= ENTRIES_MAX {
        return Err(Stopped::Input(format!(
            "Det finns redan {ENTRIES_MAX} påbörjade registreringar. Gör klart eller ta bort någon av dem först."
        )));
    }
    let id = &entry.draft.id;
    table::begin(
        tx,
        &Closed {
            id: id.clone(),
            body: ctx.body.clone(),
            contents: closed(node, &ctx.body, entry)?,
            revision: 1,
            begun_at: ctx.at.instant,
            saved_at: ctx.at.instant,
        },
    )?;
    Ok(())
}

fn closed(node: &Node, body: &BodyId, entry: &Entry) -> Result<Vec<u8>, Stopped> {
    let plain = json(entry)?;
    if plain.len() > CONTENTS_BYTES_MAX {
        return Err(Stopped::Input(
            "Registreringen har blivit för stor. Korta texterna.".to_owned(),
        ));
    }
    close(node, body, &entry.draft.id, "entry", &plain)
}

/// The entry by id; who asks must then be found to have the permission in its body.
pub fn read(tx: &mut Tx, node: &Node, id: &str) -> Result<Option<Opened>, Stopped> {
    table::by_id(tx, id)?.map(|row| opened(node, row)).transpose()
}

/// The body's entries, oldest first.
pub fn all(tx: &mut Tx, node: &Node, body: &BodyId) -> Result<Vec<Opened>, Stopped> {
    table::of_body(tx, body)?
        .into_iter()
        .map(|row| opened(node, row))
        .collect()
}

fn opened(node: &Node, row: Closed) -> Result<Opened, Stopped> {
    Ok(Opened {
        entry: open_box(node, &row.body, &row.id, "entry", &row.contents)?,
        body: row.body,
        saved_at: row.saved_at,
        revision: row.revision,
    })
}

/// Saves what has been changed since it was opened.
pub fn save(ctx: &Ctx, tx: &mut Tx, node: &Node, it: &Opened) -> Result<(), Stopped> {
    let contents = closed(node, &it.body, &it.entry)?;
    match table::save(tx, &it.entry.draft.id, it.revision, &contents, ctx.at.instant)? {
        true => Ok(()),
        false => Err(Stopped::Stale),
    }
}

/// Keeps a file's bytes with the entry.
pub fn keep_file(tx: &mut Tx, node: &Node, body: &BodyId, id: &str, sha256: &str, bytes: &[u8]) -> Result<(), Stopped> {
    let closed = close(node, body, id, &format!("file/{sha256}"), bytes)?;
    table::keep_file(tx, id, sha256, &closed)?;
    Ok(())
}

/// A file's bytes.
pub fn file(tx: &mut Tx, node: &Node, it: &Opened, sha256: &str) -> Result<Option<Vec<u8>>, Stopped> {
    let id = &it.entry.draft.id;
    let Some(closed) = table::file(tx, id, sha256)? else {
        return Ok(None);
    };
    let key = crate::cases::file::content_key(node, &it.body, id)?;
    let plain = key
        .open(format!("file/{sha256}").as_bytes(), &closed)
        .map_err(|_| Stopped::Ours("an entry's file does not open; was the body's content key replaced?".to_owned()))?;
    Ok(Some(plain))
}

/// Reads an entry in a transaction of its own.
pub async fn find(node: &Arc<Node>, id: &str) -> Result<Option<Opened>, Stopped> {
    let (own, id) = (Arc::clone(node), id.to_owned());
    node.store.read("assisted.read", move |tx| read(tx, &own, &id)).await
}
