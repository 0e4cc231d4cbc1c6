//! Opening and closing drafts: the only way to a draft's contents goes through the person's own login.
//!
//! Decision 0004: a draft's random key is wrapped under a key made of the node's secret and the person's number, which the
//! store does not hold. [`Owner`] can be made only from a person in a session, so a job or a case worker's page cannot even
//! name a draft.

use jiff::{SignedDuration, Timestamp};
use samverk_domain::fact::Name;
use samverk_store::drafts::{self, Closed};
use samverk_store::signings;
use samverk_store::{StoreError, Tx};

use super::draft::{Draft, Principal};
use crate::chance::Chance;
use crate::ctx::{Ctx, PersonRef};
use crate::seal::{Key, NotOpened, Secret};

/// A draft that is not submitted is removed after this. Said on every page of it.
pub const DRAFT_LIFE: SignedDuration = SignedDuration::from_hours(24 * 90);
/// Drafts that one person may have at the same time.
pub const DRAFTS_MAX: usize = 20;
/// A draft's contents, before closing. Proofs of about fifty register answers fit many times.
pub const CONTENTS_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The person whose drafts and submissions these are: a keyed hash, and the key that wraps.
pub struct Owner {
    pub mark: String,
    wrapping: Key,
}

impl Owner {
    pub fn of(secret: &Secret, person: &PersonRef) -> Self {
        Self {
            mark: secret.mark("owner", person.number.digits().as_bytes()),
            wrapping: secret.key("draft-of", person.number.digits().as_bytes()),
        }
    }
}

/// A draft opened in its person's session.
pub struct Open {
    pub draft: Draft,
    pub saved_at: Timestamp,
    pub expires_at: Timestamp,
    pub revision: u64,
    key: Key,
}

#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// Wait, or remove a draft first.
    #[error("a person can have {DRAFTS_MAX} drafts at the same time")]
    TooMany,
    /// Remove an attachment or shorten a text.
    #[error("the draft is larger than {CONTENTS_BYTES_MAX} bytes")]
    TooLarge,
    /// It was saved from another page meanwhile: open it again.
    #[error("the draft was saved from another page meanwhile")]
    Stale,
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The box does not open: the database was tampered with, or the node's secret was replaced.
    #[error("a draft does not open; was keys/node.secret replaced?")]
    Broken,
}

impl From<NotOpened> for NotKept {
    fn from(_: NotOpened) -> Self {
        Self::Broken
    }
}

impl From<serde_json::Error> for NotKept {
    fn from(_: serde_json::Error) -> Self {
        Self::Broken
    }
}

/// What a new draft is about.
pub struct Beginning {
    pub pack: Name,
    pub version: u32,
    pub person: PersonRef,
    pub principal: Principal,
    pub language: String,
}

/// Begins a draft; it is kept from now on, and nothing is sent anywhere.
pub fn begin(
    ctx: &Ctx,
    tx: &mut Tx,
    secret: &Secret,
    chance: &Chance,
    beginning: &Beginning,
) -> Result<String, NotKept> {
    let owner = Owner::of(secret, &beginning.person);
    let now = ctx.at.instant;
    if drafts::all_of(tx, &owner.mark, now)?.len() >= DRAFTS_MAX {
        return Err(NotKept::TooMany);
    }
    let draft = Draft {
        id: chance.token(),
        pack: beginning.pack.clone(),
        version: beginning.version,
        person: beginning.person.number.digits().to_owned(),
        person_name: beginning.person.name.clone(),
        principal: beginning.principal.clone(),
        language: beginning.language.clone(),
        started_at: now,
        answers: Default::default(),
        items: Default::default(),
        fetched: Default::default(),
        approved: Default::default(),
        disputes: Default::default(),
    };
    let key = chance.bytes::<32>();
    let closed = Closed {
        wrapped_key: owner.wrapping.close(draft.id.as_bytes(), &key, chance),
        contents: Key::of(key).close(draft.id.as_bytes(), &serde_json::to_vec(&draft)?, chance),
        owner: owner.mark,
        pack: draft.pack.to_string(),
        revision: 1,
        started_at: now,
        saved_at: now,
        expires_at: now + DRAFT_LIFE,
        id: draft.id.clone(),
    };
    drafts::begin(tx, &closed)?;
    Ok(draft.id)
}

/// The person's own draft, opened. `None`: there is none by that id, or it is another's.
pub fn open(ctx: &Ctx, tx: &mut Tx, owner: &Owner, id: &str) -> Result<Option<Open>, NotKept> {
    drafts::of(tx, &owner.mark, id, ctx.at.instant)?
        .map(|closed| opened(owner, closed))
        .transpose()
}

/// All of the person's drafts.
pub fn all(ctx: &Ctx, tx: &mut Tx, owner: &Owner) -> Result<Vec<Open>, NotKept> {
    let closed = drafts::all_of(tx, &owner.mark, ctx.at.instant)?;
    closed.into_iter().map(|closed| opened(owner, closed)).collect()
}

fn opened(owner: &Owner, closed: Closed) -> Result<Open, NotKept> {
    let about = closed.id.as_bytes();
    let key = owner.wrapping.open(about, &closed.wrapped_key)?;
    let key = Key::of(key.try_into().map_err(|_| NotKept::Broken)?);
    let draft = serde_json::from_slice(&key.open(about, &closed.contents)?)?;
    Ok(Open {
        draft,
        saved_at: closed.saved_at,
        expires_at: closed.expires_at,
        revision: closed.revision,
        key,
    })
}

/// Saves what has been changed since it was opened.
pub fn save(ctx: &Ctx, tx: &mut Tx, chance: &Chance, open: &Open) -> Result<(), NotKept> {
    let plain = serde_json::to_vec(&open.draft)?;
    if plain.len() > CONTENTS_BYTES_MAX {
        return Err(NotKept::TooLarge);
    }
    // What others have been asked to sign stays as it was shown to them.
    if signings::of_draft(tx, &open.draft.id)?.is_some() {
        return Err(NotKept::Stale);
    }
    let contents = open.key.close(open.draft.id.as_bytes(), &plain, chance);
    match drafts::save(tx, &open.draft.id, open.revision, &contents, ctx.at.instant)? {
        true => Ok(()),
        false => Err(NotKept::Stale),
    }
}

/// Keeps an attachment's bytes with the draft.
pub fn keep_file(tx: &mut Tx, chance: &Chance, open: &Open, sha256: &str, bytes: &[u8]) -> Result<(), NotKept> {
    let about = format!("{}/{sha256}", open.draft.id);
    let closed = open.key.close(about.as_bytes(), bytes, chance);
    drafts::keep_file(tx, &open.draft.id, sha256, &closed)?;
    Ok(())
}

/// An attachment's bytes.
pub fn file(tx: &mut Tx, open: &Open, sha256: &str) -> Result<Option<Vec<u8>>, NotKept> {
    let about = format!("{}/{sha256}", open.draft.id);
    let closed = drafts::file(tx, &open.draft.id, sha256)?;
    Ok(closed
        .map(|closed| open.key.open(about.as_bytes(), &closed))
        .transpose()?)
}
