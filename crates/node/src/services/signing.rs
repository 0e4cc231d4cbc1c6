//! When others than the applicant must sign: the applicant seals what is to be sent, the others sign or decline, and with the
//! last signature it is submitted as everything is ([`super::submit`]).
//!
//! Always true: everybody's login is bound to the same hash, the one of what is sent; what is sealed opens only in the
//! sessions of those in it (decision 0017): its random key is wrapped once for each of them under a key made of the node's
//! secret and their number, as a draft's is (0004); a sealed draft is not changed; who takes it back takes the signatures
//! away with it, and everybody is told; a person signs or declines once; nothing leaves the host before the last signature,
//! and that instant is when it is received. No number stands in an address, a log or the store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use samverk_domain::case::messages::{SentFact, Signature};
use samverk_domain::fact::{Known, Name, Slot, Value};
use samverk_domain::pack::{Pack, SignedBy, Source, Type};
use samverk_domain::rules::{self, Days, Needed, Who};
use samverk_domain::terms::Adoption;
use samverk_domain::words::ids::PersonId;
use samverk_domain::words::signing::Signing as Rule;
use samverk_store::signings::{self, Signer, Signing, Stand};
use samverk_store::{StoreError, Tx, drafts};
use serde::{Deserialize, Serialize};

use super::draft::{Draft, Principal};
use super::prepare::{InTheWay, Prepared, prepare};
use super::submit::{self, Covering, NotSubmitted, Sending};
use super::vault::{NotKept, Open};
use crate::clock::legal_day;
use crate::ctx::Ctx;
use crate::library::Known as KnownPack;
use crate::login::BoundLogin;
use crate::node::Node;
use crate::publishing;
use crate::seal::{Key, Secret};
use crate::trust::federation::FederationView;
use crate::web::Failure;

/// People in one sealing: a large board with its founders and auditors fits many times.
pub const PEOPLE_MAX: usize = 250;
/// A reason not to sign; longer ones belong in a conversation.
pub const REASON_CHARACTERS_MAX: usize = 2_000;
/// How often one tries again when others sign at the same instant.
const TRIES_MAX: usize = 10;

/// A person who signs, as the store knows them, and the keys that only somebody who knows their number can make.
pub struct Hand {
    pub mark: String,
    wrapping: Key,
    letters: Key,
}

impl Hand {
    pub fn of(secret: &Secret, number: &PersonId) -> Self {
        let digits = number.digits().as_bytes();
        Self {
            mark: secret.mark("signer", digits),
            wrapping: secret.key("signing-of", digits),
            letters: secret.key("signing-letter-to", digits),
        }
    }
}

// ---- Who must sign ---------------------------------------------------------------------------------------------------

/// What must be signed by others, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub needed: Vec<Needed>,
    /// Everybody whose signature can count, but the applicant: those in the answers in their order, then those who sign for
    /// the company.
    pub people: Vec<PersonId>,
}

/// Why it cannot be signed here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoSigners {
    /// These facts do not say who signs.
    Unknown(Vec<Name>),
    /// The company register does not say who signs for the company.
    NoRule,
    TooMany,
}

impl Wanted {
    /// Whether these people's signatures are enough.
    pub fn signed_by(&self, people: &BTreeSet<PersonId>) -> bool {
        self.needed.iter().all(|needed| needed.signed_by(people))
    }
}

/// Who signs besides the applicant; nothing when the applicant's own approval is enough.
pub fn wanted(pack: &Pack, draft: &Draft, prepared: &Prepared<'_>) -> Result<Option<Wanted>, NoSigners> {
    let applicant: BTreeSet<PersonId> = PersonId::parse(&draft.person).into_iter().collect();
    let rule = match &draft.principal {
        Principal::Oneself => None,
        Principal::Company {
            signing: Some(text), ..
        } => Some(Rule::parse(text).map_err(|_| NoSigners::NoRule)?),
        // Begun when only those who sign alone were let in.
        Principal::Company { signing: None, .. } => Rule::parse(&format!("ensam: {}", draft.person)).ok(),
    };
    let needed = rules::signers(pack, &draft.facts(pack), &prepared.setting, rule.as_ref());
    for one in &needed {
        if let Who::Unknown(names) = &one.who {
            return Err(match names.is_empty() {
                true => NoSigners::NoRule,
                false => NoSigners::Unknown(names.clone()),
            });
        }
    }
    let open = || needed.iter().filter(|needed| !needed.signed_by(&applicant));
    let people: BTreeSet<&PersonId> = open()
        .flat_map(Needed::people)
        .filter(|person| !applicant.contains(*person))
        .collect();
    let mut people: Vec<PersonId> = people.into_iter().cloned().collect();
    people.sort_by_key(|person| place(pack, draft, person).map_or((usize::MAX, None), |(row, slot)| (row, slot.item)));
    if people.len() > PEOPLE_MAX {
        return Err(NoSigners::TooMany);
    }
    let any = open().next().is_some();
    Ok(any.then_some(Wanted { needed, people }))
}

/// Where the answers name a person as one who signs: the row under `## Underskrifter`, and the answer.
pub fn place<'d>(pack: &Pack, draft: &'d Draft, person: &PersonId) -> Option<(usize, &'d Slot)> {
    let mut rows = pack.signatures.iter().enumerate();
    rows.find_map(|(at, row)| {
        let (SignedBy::Everyone(fact) | SignedBy::Person(fact)) = &row.by.it else {
            return None;
        };
        let mut answers = draft.answers.values();
        let named = answers.find(|answered| {
            answered.slot.fact == *fact
                && matches!(&answered.value, Value::PersonNr(digits) if digits == person.digits())
        });
        named.map(|answered| (at, &answered.slot))
    })
}

// ---- Sealing ---------------------------------------------------------------------------------------------------------

/// The company that it is for; nothing when the applicant acts for themselves.
pub fn about_whom(draft: &Draft) -> String {
    match &draft.principal {
        Principal::Oneself => String::new(),
        Principal::Company { name, .. } => name.clone(),
    }
}

/// What is kept closed while it waits for signatures.
#[derive(Serialize, Deserialize)]
struct Sealed {
    draft: Draft,
    /// The draft's revision when it was sealed.
    revision: u64,
    /// 12 digits each: those who were asked.
    people: Vec<String>,
}

/// Why somebody declined.
#[derive(Serialize, Deserialize)]
struct Declined {
    name: String,
    reason: String,
}

/// The context that a box of a sealing is bound to.
fn about(signing: &str, part: &str) -> Vec<u8> {
    format!("signing/{signing}/{part}").into_bytes()
}

fn close<T: Serialize>(node: &Node, key: &Key, about: &[u8], it: &T) -> Result<Vec<u8>, NotSubmitted> {
    let plain = serde_json::to_vec(it).map_err(|why| NotSubmitted::Unwritable(why.to_string()))?;
    Ok(key.close(about, &plain, &node.chance))
}

/// Seals what the applicant has approved, and asks the others. Gives the sealing's id.
pub async fn seal(
    ctx: &Ctx,
    node: &Arc<Node>,
    open: &Open,
    prepared: &Prepared<'_>,
    wanted: &Wanted,
    bound: &BoundLogin,
) -> Result<String, NotSubmitted> {
    let draft = &open.draft;
    submit::approved(draft, prepared, bound)?;
    let files = submit::files(ctx, node, open).await?;
    let id = node.chance.token();
    let bytes = node.chance.bytes::<32>();
    let key = Key::of(bytes);
    let sealed = Sealed {
        draft: draft.clone(),
        revision: open.revision,
        people: wanted.people.iter().map(|person| person.digits().to_owned()).collect(),
    };
    let at = ctx.at.instant;
    let row = Signing {
        id: id.clone(),
        draft: draft.id.clone(),
        pack: draft.pack.to_string(),
        version: draft.version,
        answers_sha256: prepared.sha256.clone(),
        contents: close(node, &key, &about(&id, "contents"), &sealed)?,
        revision: 1,
        sealed_at: at,
        expires_at: open.expires_at,
        sent_at: None,
    };
    let told = Told {
        about: about_whom(draft),
        by: draft.person_name.clone(),
        words: String::new(),
        last_day: Some(legal_day(open.expires_at)),
    };
    let mut people = Vec::new();
    let mut letters = Vec::new();
    for number in [&bound.person.number].into_iter().chain(&wanted.people) {
        let hand = Hand::of(&node.secret, number);
        let is_applicant = *number == bound.person.number;
        let contents = match is_applicant {
            true => Some(close(node, &key, &about(&id, &hand.mark), bound)?),
            false => None,
        };
        if !is_applicant {
            letters.push(letter(node, &hand, &row, LetterKind::Asked, at, &told)?);
        }
        people.push(Signer {
            signing: id.clone(),
            is_applicant,
            wrapped_key: hand.wrapping.close(&about(&id, "key"), &bytes, &node.chance),
            stand: if is_applicant { Stand::Signed } else { Stand::Waiting },
            at: is_applicant.then_some(at),
            contents,
            signer: hand.mark,
        });
    }
    let files: Vec<(String, Vec<u8>)> = files
        .iter()
        .map(|(sha256, bytes)| {
            let closed = key.close(&about(&id, sha256), bytes, &node.chance);
            (sha256.clone(), closed)
        })
        .collect();
    let owner = super::vault::Owner::of(&node.secret, &bound.person).mark;
    let revision = open.revision;
    node.store
        .run("signing.seal", move |tx| {
            let still = drafts::of(tx, &owner, &row.draft, at)?;
            if still.is_none_or(|draft| draft.revision != revision) || !signings::seal(tx, &row)? {
                return Err(NotSubmitted::Changed);
            }
            for person in &people {
                signings::add(tx, person)?;
            }
            for (sha256, closed) in &files {
                signings::keep_file(tx, &row.id, sha256, closed)?;
            }
            for letter in &letters {
                signings::write(tx, letter)?;
            }
            Ok(())
        })
        .await?;
    Ok(id)
}

// ---- Looking ---------------------------------------------------------------------------------------------------------

/// One person in a sealing, as those in it see them.
pub struct One {
    pub number: PersonId,
    pub mark: String,
    pub is_applicant: bool,
    pub stand: Stand,
    pub at: Option<Timestamp>,
    /// What they signed.
    pub bound: Option<BoundLogin>,
    /// Their name and reason, when they declined.
    pub declined: Option<(String, String)>,
}

impl One {
    /// The name from the person's own login; nobody else's word is taken for it.
    pub fn name(&self) -> Option<&str> {
        let signed = self.bound.as_ref().map(|bound| bound.person.name.as_str());
        signed.or(self.declined.as_ref().map(|(name, _)| name.as_str()))
    }
}

/// A sealing opened in the session of somebody in it.
pub struct Seen {
    pub ctx: Ctx,
    pub known: Arc<KnownPack>,
    pub view: Arc<FederationView>,
    pub adoptions: Vec<Adoption>,
    pub row: Signing,
    pub draft: Draft,
    pub people: Vec<One>,
    pub me: PersonId,
    revision: u64,
    key: Key,
}

/// What can be done with a sealing now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has been submitted.
    Sent(Timestamp),
    /// It waits for signatures.
    Waits,
    /// So many have declined that it cannot be signed any more.
    Declined,
    /// What would be sent, or who must sign, is not what was sealed: rules or parameters have changed.
    Changed,
    /// A body does not take it now.
    InTheWay(Vec<InTheWay>),
}

/// What the store has of one sealing, with its box opened.
struct Opened {
    row: Signing,
    sealed: Sealed,
    people: Vec<One>,
    key: Key,
}

fn opened(tx: &mut Tx, node: &Node, hand: &Hand, row: Signing) -> Result<Opened, NotKept> {
    let rows = signings::people(tx, &row.id)?;
    let own = rows.iter().find(|person| person.signer == hand.mark);
    let wrapped = &own.ok_or(NotKept::Broken)?.wrapped_key;
    let key = hand.wrapping.open(&about(&row.id, "key"), wrapped)?;
    let key = Key::of(key.try_into().map_err(|_| NotKept::Broken)?);
    let sealed: Sealed = serde_json::from_slice(&key.open(&about(&row.id, "contents"), &row.contents)?)?;
    let mut by_mark: BTreeMap<String, PersonId> = BTreeMap::new();
    for digits in sealed.people.iter().chain([&sealed.draft.person]) {
        let number = PersonId::parse(digits).map_err(|_| NotKept::Broken)?;
        by_mark.insert(node.secret.mark("signer", number.digits().as_bytes()), number);
    }
    let mut people = Vec::new();
    for person in rows {
        let number = by_mark.get(&person.signer).ok_or(NotKept::Broken)?.clone();
        let (mut bound, mut declined) = (None, None);
        if let Some(closed) = &person.contents {
            let plain = key.open(&about(&row.id, &person.signer), closed)?;
            if person.stand == Stand::Declined {
                let told: Declined = serde_json::from_slice(&plain)?;
                declined = Some((told.name, told.reason));
            } else {
                let login: BoundLogin = serde_json::from_slice(&plain)?;
                // A signature counts for its own person and for what is sealed here, whatever the table says.
                if login.person.number != number || submit::hash_text(&login.hash) != row.answers_sha256 {
                    return Err(NotKept::Broken);
                }
                bound = Some(login);
            }
        }
        people.push(One {
            number,
            mark: person.signer,
            is_applicant: person.is_applicant,
            stand: match (person.stand, &bound) {
                // Nobody has signed without a signature.
                (Stand::Signed, None) => return Err(NotKept::Broken),
                (stand, _) => stand,
            },
            at: person.at,
            bound,
            declined,
        });
    }
    // In the order of the answers, so that a page does not jump about.
    let place = |one: &One| sealed.people.iter().position(|digits| digits == one.number.digits());
    people.sort_by_key(|one| (!one.is_applicant, place(one)));
    Ok(Opened {
        row,
        sealed,
        people,
        key,
    })
}

/// Opens a sealing for one who is in it. Another's is not found, and nobody learns whether it exists.
pub async fn look(ctx: &Ctx, node: &Arc<Node>, me: &PersonId, id: &str) -> Result<Seen, Failure> {
    let (own, number, id, now) = (Arc::clone(node), me.clone(), id.to_owned(), ctx.at.instant);
    let found: Result<Option<Opened>, NotKept> = node
        .store
        .read("signing.look", move |tx| {
            let hand = Hand::of(&own.secret, &number);
            let row = signings::of(tx, &hand.mark, &id, now)?;
            row.map(|row| opened(tx, &own, &hand, row)).transpose()
        })
        .await;
    let Opened {
        row,
        sealed,
        people,
        key,
    } = found?.ok_or(Failure::NotFound)?;
    let known = node
        .library
        .version(&sealed.draft.pack, sealed.draft.version)
        .ok_or_else(|| Failure::ours("a sealing is of a version of its service that is not here any more"))?;
    let view = node.federation.view(node.clock.now()).map_err(Failure::later)?;
    let mut ctx = ctx.clone();
    ctx.ground.purpose = sealed.draft.pack.to_string();
    Ok(Seen {
        adoptions: publishing::adoptions_that_count(&view, &known),
        ctx,
        known,
        view,
        row,
        draft: sealed.draft,
        revision: sealed.revision,
        people,
        me: me.clone(),
        key,
    })
}

impl Seen {
    pub fn pack(&self) -> &Pack {
        &self.known.pack
    }

    pub fn prepared(&self) -> Result<Prepared<'_>, Failure> {
        let days = Days {
            application: self.ctx.at.day,
            decision: self.ctx.at.day,
        };
        prepare(self.pack(), &self.draft, self.view.federation(), &self.adoptions, days).map_err(Failure::ours)
    }

    pub fn is_applicant(&self) -> bool {
        self.me.digits() == self.draft.person
    }

    /// The one who looks.
    pub fn own(&self) -> Option<&One> {
        self.people.iter().find(|one| one.number == self.me)
    }

    fn signed(&self) -> BTreeSet<PersonId> {
        let signed = self.people.iter().filter(|one| one.stand == Stand::Signed);
        signed.map(|one| one.number.clone()).collect()
    }

    /// What must be signed, if that is still what was sealed.
    pub fn wanted(&self, prepared: &Prepared<'_>) -> Option<Wanted> {
        if prepared.sha256 != self.row.answers_sha256 {
            return None;
        }
        let asked: BTreeSet<&PersonId> = self
            .people
            .iter()
            .filter(|one| !one.is_applicant)
            .map(|one| &one.number)
            .collect();
        let wanted = wanted(self.pack(), &self.draft, prepared).ok()??;
        let same = wanted.people.iter().collect::<BTreeSet<_>>() == asked;
        same.then_some(wanted)
    }

    pub fn standing(&self, prepared: &Prepared<'_>) -> Standing {
        if let Some(at) = self.row.sent_at {
            return Standing::Sent(at);
        }
        let Some(wanted) = self.wanted(prepared) else {
            return Standing::Changed;
        };
        let in_the_way = prepared.in_the_way(&self.draft);
        if !in_the_way.is_empty() {
            return Standing::InTheWay(in_the_way);
        }
        let may_still = self.people.iter().filter(|one| one.stand != Stand::Declined);
        let may_still: BTreeSet<PersonId> = may_still.map(|one| one.number.clone()).collect();
        match wanted.signed_by(&may_still) {
            true => Standing::Waits,
            false => Standing::Declined,
        }
    }

    /// Whether what is to be sent shows this to the one who looks: what is another person's stays between the applicant and
    /// the body, but the signature holds for it too.
    pub fn shows(&self, sent: &SentFact) -> bool {
        if self.is_applicant() {
            return true;
        }
        let own = |value: Option<&Value>| matches!(value, Some(Value::PersonNr(digits)) if digits == self.me.digits());
        if let Known::Value(value @ Value::PersonNr(_)) = &sent.known {
            return own(Some(value));
        }
        let pack = self.pack();
        let Some(fact) = pack.fact(&sent.slot.fact) else {
            return false;
        };
        let facts = self.draft.facts(pack);
        let item = sent.slot.item.and_then(|item| {
            let list = pack.list_of_column(&sent.slot.fact)?;
            let row = facts.lists.get(&list.name.it)?.get(item as usize)?;
            Some((list, row))
        });
        if let Some((list, row)) = item {
            let mut numbers = list.columns.iter().filter(|column| column.ty.it == Type::PersonNr);
            if numbers.any(|column| own(row.get(&column.name.it).and_then(Known::value))) {
                return true;
            }
        }
        if fact.sensitive.is_some() {
            return false;
        }
        let Source::Register(register) = &fact.source.it else {
            return true;
        };
        let subject = item
            .and_then(|(_, row)| row.get(&register.subject).cloned())
            .unwrap_or_else(|| facts.of(&register.subject));
        match subject.value() {
            value @ Some(Value::PersonNr(_)) => own(value),
            Some(_) => true,
            None => false,
        }
    }

    /// The rows under `## Underskrifter` that a person signs; empty for those who sign for the company.
    pub fn rows_of(&self, wanted: &Wanted, number: &PersonId) -> Vec<Name> {
        let own = wanted.needed.iter().filter(|needed| needed.people().contains(number));
        own.filter_map(|needed| needed.signature.clone()).collect()
    }

    /// Everything that others have signed, in the order in which they did.
    fn signatures(&self, wanted: &Wanted, last: Option<(&PersonId, &BoundLogin)>) -> Vec<Covering> {
        let before = self
            .people
            .iter()
            .filter(|one| !one.is_applicant)
            .filter_map(|one| Some((&one.number, one.bound.as_ref()?)));
        let mut all: Vec<(&PersonId, &BoundLogin)> = before.chain(last).collect();
        all.sort_by_key(|(_, bound)| bound.at);
        let covering = all.into_iter().map(|(number, bound)| {
            let own = || wanted.needed.iter().filter(|needed| needed.people().contains(number));
            Covering {
                signature: Signature {
                    person: number.digits().to_owned(),
                    person_name: bound.person.name.clone(),
                    signs: own().filter_map(|needed| needed.signature.clone()).collect(),
                    at: bound.at,
                    signed_by_login: bound.id_token.clone(),
                },
                steps: own().flat_map(|needed| needed.steps.iter().cloned()).collect(),
            }
        });
        covering.collect()
    }
}

/// The bytes of an attachment that the one who looks may see.
pub async fn file(node: &Arc<Node>, seen: &Seen, sha256: &str) -> Result<Vec<u8>, Failure> {
    let all = files(node, seen).await.map_err(Failure::ours)?;
    all.into_iter()
        .find(|(own, _)| own == sha256)
        .map(|(_, bytes)| bytes)
        .ok_or(Failure::NotFound)
}

async fn files(node: &Arc<Node>, seen: &Seen) -> Result<BTreeMap<String, Vec<u8>>, NotSubmitted> {
    let id = seen.row.id.clone();
    let closed: Result<Vec<(String, Vec<u8>)>, StoreError> = node
        .store
        .read("signing.files", move |tx| signings::files(tx, &id))
        .await;
    let mut files = BTreeMap::new();
    for (sha256, closed) in closed? {
        let plain = seen.key.open(&about(&seen.row.id, &sha256), &closed);
        files.insert(sha256, plain.map_err(NotKept::from)?);
    }
    Ok(files)
}

// ---- Signing, declining, taking back ---------------------------------------------------------------------------------

/// What came of a signature or a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Noted; others are waited for.
    Waits,
    /// It was the last: it has been submitted.
    Sent,
    /// Nothing was noted: it cannot be signed as it stands, and the page says why.
    Not,
}

/// Signs with a login that was bound to the hash of what is sealed. With the last signature it is submitted.
pub async fn sign(ctx: &Ctx, node: &Arc<Node>, id: &str, bound: &BoundLogin) -> Result<After, Failure> {
    let me = &bound.person.number;
    for _ in 0..TRIES_MAX {
        let seen = look(ctx, node, me, id).await?;
        let prepared = seen.prepared()?;
        let waiting = seen.own().is_some_and(|own| own.stand == Stand::Waiting);
        let Some(wanted) = seen.wanted(&prepared) else {
            return Ok(After::Not);
        };
        if !waiting
            || seen.standing(&prepared) != Standing::Waits
            || submit::hash_text(&bound.hash) != seen.row.answers_sha256
        {
            return Ok(After::Not);
        }
        let mark = Hand::of(&node.secret, me).mark;
        let closed = close(node, &seen.key, &about(id, &mark), bound).map_err(Failure::ours)?;
        let (row, at) = (seen.row.clone(), ctx.at.instant);
        let mut signed = seen.signed();
        signed.insert(me.clone());
        let note =
            move |tx: &mut Tx| match signings::done(tx, &row.id, row.revision, &mark, Stand::Signed, &closed, at)? {
                true => Ok(()),
                false => Err(NotSubmitted::Overtaken),
            };
        let done = if wanted.signed_by(&signed) {
            send(node, &seen, &prepared, &wanted, bound, note)
                .await
                .map(|()| After::Sent)
        } else {
            node.store.run("signing.sign", note).await.map(|()| After::Waits)
        };
        match done {
            Ok(after) => return Ok(after),
            Err(NotSubmitted::Overtaken) => {}
            Err(NotSubmitted::Changed | NotSubmitted::NotReady(_)) => return Ok(After::Not),
            Err(why) => return Err(Failure::ours(why)),
        }
    }
    Err(Failure::later("others sign all the time"))
}

/// The last signature: submission, as for one who signs alone.
async fn send(
    node: &Arc<Node>,
    seen: &Seen,
    prepared: &Prepared<'_>,
    wanted: &Wanted,
    last: &BoundLogin,
    note: impl Fn(&mut Tx) -> Result<(), NotSubmitted> + Send + 'static,
) -> Result<(), NotSubmitted> {
    let applicant = seen.people.iter().find(|one| one.is_applicant);
    let bound = applicant.and_then(|one| one.bound.as_ref());
    let bound = bound.ok_or(NotSubmitted::NotKept(NotKept::Broken))?;
    let at = seen.ctx.at.instant;
    let told = Told {
        about: about_whom(&seen.draft),
        by: seen.draft.person_name.clone(),
        words: submit::reference(&seen.draft.id),
        last_day: None,
    };
    let letters = everybody(node, seen, LetterKind::Sent, &told, |_| true)?;
    let id = seen.row.id.clone();
    let sending = Sending {
        draft: &seen.draft,
        revision: seen.revision,
        files: files(node, seen).await?,
        bound,
        signed: seen.signatures(wanted, Some((&last.person.number, last))),
    };
    let settle = move |tx: &mut Tx| {
        note(tx)?;
        if !signings::sent(tx, &id, at)? {
            return Err(NotSubmitted::Overtaken);
        }
        for letter in &letters {
            signings::write(tx, letter)?;
        }
        Ok(())
    };
    submit::send(&seen.ctx, node, &seen.known, sending, prepared, settle).await?;
    Ok(())
}

/// Declines, with a reason that the applicant gets.
pub async fn decline(ctx: &Ctx, node: &Arc<Node>, seen: &Seen, name: &str, reason: &str) -> Result<After, Failure> {
    for _ in 0..TRIES_MAX {
        let seen = look(ctx, node, &seen.me, &seen.row.id).await?;
        let waiting = seen.own().is_some_and(|own| own.stand == Stand::Waiting);
        if !waiting || seen.row.sent_at.is_some() {
            return Ok(After::Not);
        }
        let why = Declined {
            name: name.to_owned(),
            reason: reason.to_owned(),
        };
        let mark = Hand::of(&node.secret, &seen.me).mark;
        let closed = close(node, &seen.key, &about(&seen.row.id, &mark), &why).map_err(Failure::ours)?;
        let told = Told {
            about: about_whom(&seen.draft),
            by: name.to_owned(),
            words: reason.to_owned(),
            last_day: Some(legal_day(seen.row.expires_at)),
        };
        let letters = everybody(node, &seen, LetterKind::Declined, &told, |one| one.is_applicant);
        let letters = letters.map_err(Failure::ours)?;
        let (row, at) = (seen.row.clone(), ctx.at.instant);
        let done: Result<bool, StoreError> = node
            .store
            .run("signing.decline", move |tx| {
                let done = signings::done(tx, &row.id, row.revision, &mark, Stand::Declined, &closed, at)?;
                if done {
                    for letter in &letters {
                        signings::write(tx, letter)?;
                    }
                }
                Ok(done)
            })
            .await;
        if done? {
            return Ok(After::Waits);
        }
    }
    Err(Failure::later("others sign all the time"))
}

/// The applicant takes it back: the signatures given count no more, everybody is told, and the draft can be changed again.
/// Gives the draft's id, or nothing if it has been submitted meanwhile.
pub async fn take_back(node: &Arc<Node>, seen: &Seen) -> Result<Option<String>, Failure> {
    if !seen.is_applicant() {
        return Err(Failure::NotFound);
    }
    let told = Told {
        about: about_whom(&seen.draft),
        by: seen.draft.person_name.clone(),
        words: String::new(),
        last_day: None,
    };
    let letters = everybody(node, seen, LetterKind::TakenBack, &told, |one| !one.is_applicant);
    let letters = letters.map_err(Failure::ours)?;
    let id = seen.row.id.clone();
    let done: Result<bool, StoreError> = node
        .store
        .run("signing.take_back", move |tx| {
            let done = signings::remove(tx, &id)?;
            if done {
                for letter in &letters {
                    signings::write(tx, letter)?;
                }
            }
            Ok(done)
        })
        .await;
    Ok(done?.then(|| seen.draft.id.clone()))
}

/// Removes drafts and sealings whose last day has passed; those who waited for one another are told.
pub fn expire(tx: &mut Tx, node: &Node, now: Timestamp) -> Result<(), StoreError> {
    for (row, marks) in signings::remove_expired(tx, now)? {
        for signer in marks {
            let letter = signings::Letter {
                id: node.chance.token(),
                signer,
                signing: row.id.clone(),
                kind: LetterKind::Expired.word().to_owned(),
                pack: row.pack.clone(),
                version: row.version,
                sent_at: now,
                opened_at: None,
                // A job has nobody's number at hand, so it can neither read what was sealed nor close a letter.
                contents: None,
            };
            signings::write(tx, &letter)?;
        }
    }
    drafts::remove_expired(tx, now)?;
    Ok(())
}

// ---- What a person has to sign ---------------------------------------------------------------------------------------

/// A sealing in a person's own list.
pub struct Line {
    pub id: String,
    pub draft: String,
    pub pack: Name,
    pub version: u32,
    pub is_applicant: bool,
    pub stand: Stand,
    pub company: String,
    pub by: String,
    pub signed: usize,
    pub people: usize,
    pub last_day: Date,
    pub is_sent: bool,
}

/// Everything that the person has sealed or is asked to sign, newest first.
pub fn mine(tx: &mut Tx, node: &Node, me: &PersonId, now: Timestamp) -> Result<Vec<Line>, NotKept> {
    let hand = Hand::of(&node.secret, me);
    let mut lines = Vec::new();
    for row in signings::all_of(tx, &hand.mark, now)? {
        let it = match opened(tx, node, &hand, row) {
            Err(NotKept::Broken) => {
                // Its own page says so; the others are none the worse for it.
                tracing::error!("a sealed submission does not open; was the database changed?");
                continue;
            }
            it => it?,
        };
        let own = it.people.iter().find(|one| one.number == *me).ok_or(NotKept::Broken)?;
        lines.push(Line {
            id: it.row.id.clone(),
            draft: it.row.draft.clone(),
            pack: it.sealed.draft.pack.clone(),
            version: it.row.version,
            is_applicant: own.is_applicant,
            stand: own.stand,
            company: it.sealed.draft.principal_name(),
            by: it.sealed.draft.person_name.clone(),
            signed: it.people.iter().filter(|one| one.stand == Stand::Signed).count(),
            people: it.people.len(),
            last_day: legal_day(it.row.expires_at),
            is_sent: it.row.sent_at.is_some(),
        });
    }
    Ok(lines)
}

// ---- Letters ---------------------------------------------------------------------------------------------------------

/// What a letter about a sealing says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterKind {
    Asked,
    Declined,
    TakenBack,
    Sent,
    Expired,
}

impl LetterKind {
    const ALL: [Self; 5] = [Self::Asked, Self::Declined, Self::TakenBack, Self::Sent, Self::Expired];

    fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Declined => "declined",
            Self::TakenBack => "taken_back",
            Self::Sent => "sent",
            Self::Expired => "expired",
        }
    }
}

/// What stands in a letter besides its kind and its service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The company that it is for; empty when the applicant acts for themselves.
    pub about: String,
    /// Who asks, declines or has taken back.
    pub by: String,
    /// A reason, or the receipt's number.
    pub words: String,
    pub last_day: Option<Date>,
}

/// A letter opened in its receiver's session.
pub struct Read {
    pub row: signings::Letter,
    pub kind: LetterKind,
    pub told: Told,
}

fn letter(
    node: &Node,
    to: &Hand,
    row: &Signing,
    kind: LetterKind,
    at: Timestamp,
    told: &Told,
) -> Result<signings::Letter, NotSubmitted> {
    let id = node.chance.token();
    Ok(signings::Letter {
        contents: Some(close(node, &to.letters, id.as_bytes(), told)?),
        id,
        signer: to.mark.clone(),
        signing: row.id.clone(),
        kind: kind.word().to_owned(),
        pack: row.pack.clone(),
        version: row.version,
        sent_at: at,
        opened_at: None,
    })
}

fn everybody(
    node: &Node,
    seen: &Seen,
    kind: LetterKind,
    told: &Told,
    is_told: impl Fn(&One) -> bool,
) -> Result<Vec<signings::Letter>, NotSubmitted> {
    let to = seen.people.iter().filter(|one| is_told(one));
    to.map(|one| {
        let hand = Hand::of(&node.secret, &one.number);
        letter(node, &hand, &seen.row, kind, seen.ctx.at.instant, told)
    })
    .collect()
}

fn read(hand: &Hand, row: signings::Letter) -> Result<Read, NotKept> {
    let kind = LetterKind::ALL.into_iter().find(|kind| kind.word() == row.kind);
    let told = match &row.contents {
        Some(closed) => serde_json::from_slice(&hand.letters.open(row.id.as_bytes(), closed)?)?,
        None => Told::default(),
    };
    Ok(Read {
        kind: kind.ok_or(NotKept::Broken)?,
        told,
        row,
    })
}

/// The person's letters about sealings, newest first.
pub fn letters(tx: &mut Tx, node: &Node, me: &PersonId) -> Result<Vec<Read>, NotKept> {
    let hand = Hand::of(&node.secret, me);
    let rows = signings::letters(tx, &hand.mark)?;
    rows.into_iter().map(|row| read(&hand, row)).collect()
}

/// Opens one of the person's letters; another's is not found.
pub fn open_letter(tx: &mut Tx, node: &Node, me: &PersonId, id: &str, at: Timestamp) -> Result<Option<Read>, NotKept> {
    let hand = Hand::of(&node.secret, me);
    let Some(row) = signings::letter_of(tx, &hand.mark, id)? else {
        return Ok(None);
    };
    signings::opened(tx, id, at)?;
    read(&hand, row).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::ctx::PersonRef;
    use crate::node::tests::a_node_with_clock;

    // Skatteverket's official test numbers.
    const APPLICANT: &str = "197808292390";
    const FOUNDER: &str = "197209239289";
    const AUDITOR: &str = "196612193273";
    const STRANGER: &str = "198404272380";
    const HASH: [u8; 32] = [7; 32];

    fn number(digits: &str) -> PersonId {
        PersonId::parse(digits).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn login(digits: &str, hash: [u8; 32]) -> BoundLogin {
        BoundLogin {
            person: PersonRef::of_digits(digits, "Namn").unwrap(),
            hash,
            id_token: "a.b.c".to_owned(),
            at: at("2026-11-22T10:00:00Z"),
        }
    }

    fn draft() -> Draft {
        Draft {
            id: "d1".to_owned(),
            pack: Name::parse("bilda-aktiebolag").unwrap(),
            version: 1,
            person: APPLICANT.to_owned(),
            person_name: "Viktor Dahl".to_owned(),
            principal: Principal::Oneself,
            language: "sv".to_owned(),
            started_at: at("2026-11-22T09:00:00Z"),
            answers: BTreeMap::new(),
            items: BTreeMap::new(),
            fetched: BTreeMap::new(),
            approved: BTreeSet::new(),
            disputes: BTreeMap::new(),
        }
    }

    /// Sealed by the applicant; the founder has what `founder` is, the auditor is waited for.
    async fn sealed(node: &Arc<Node>, founder: Option<BoundLogin>) {
        let bytes = [9_u8; 32];
        let key = Key::of(bytes);
        let it = Sealed {
            draft: draft(),
            revision: 1,
            people: vec![FOUNDER.to_owned(), AUDITOR.to_owned()],
        };
        let row = Signing {
            id: "s1".to_owned(),
            draft: "d1".to_owned(),
            pack: "bilda-aktiebolag".to_owned(),
            version: 1,
            answers_sha256: submit::hash_text(&HASH),
            contents: close(node, &key, &about("s1", "contents"), &it).unwrap(),
            revision: 1,
            sealed_at: at("2026-11-22T10:00:00Z"),
            expires_at: at("2027-02-20T10:00:00Z"),
            sent_at: None,
        };
        let mut people = Vec::new();
        for (digits, signed) in [
            (APPLICANT, Some(login(APPLICANT, HASH))),
            (FOUNDER, founder),
            (AUDITOR, None),
        ] {
            let hand = Hand::of(&node.secret, &number(digits));
            people.push(Signer {
                signing: "s1".to_owned(),
                is_applicant: digits == APPLICANT,
                wrapped_key: hand.wrapping.close(&about("s1", "key"), &bytes, &node.chance),
                stand: if signed.is_some() {
                    Stand::Signed
                } else {
                    Stand::Waiting
                },
                at: signed.as_ref().map(|bound| bound.at),
                contents: signed.map(|bound| close(node, &key, &about("s1", &hand.mark), &bound).unwrap()),
                signer: hand.mark,
            });
        }
        let kept: Result<(), StoreError> = node
            .store
            .run("test", move |tx| {
                assert!(signings::seal(tx, &row)?);
                people.iter().try_for_each(|person| signings::add(tx, person))
            })
            .await;
        kept.unwrap();
    }

    /// How many have signed, as one person finds it: `None` when there is nothing for them.
    async fn seen_by(node: &Arc<Node>, digits: &str) -> Result<Option<usize>, NotKept> {
        let (own, me) = (Arc::clone(node), number(digits));
        node.store
            .read("test", move |tx| {
                let hand = Hand::of(&own.secret, &me);
                let row = signings::of(tx, &hand.mark, "s1", at("2026-11-23T10:00:00Z"))?;
                let it = row.map(|row| opened(tx, &own, &hand, row)).transpose()?;
                Ok(it.map(|it| it.people.iter().filter(|one| one.bound.is_some()).count()))
            })
            .await
    }

    #[tokio::test]
    async fn a_sealing_opens_only_for_those_in_it_and_a_signature_counts_for_its_own_person_only() {
        let (dir, node) = a_node_with_clock(Clock::System);
        sealed(&node, Some(login(FOUNDER, HASH))).await;
        for digits in [APPLICANT, FOUNDER, AUDITOR] {
            assert_eq!(seen_by(&node, digits).await.unwrap(), Some(2));
            for file in ["node.sqlite", "node.sqlite-wal"] {
                let bytes = std::fs::read(dir.path().join(file)).unwrap_or_default();
                let mut windows = bytes.windows(digits.len());
                assert!(!windows.any(|window| window == digits.as_bytes()), "a number in {file}");
            }
        }
        assert_eq!(seen_by(&node, STRANGER).await.unwrap(), None);
        // Somebody who writes a stranger into the table gives them a box that they cannot open.
        let hand = Hand::of(&node.secret, &number(STRANGER));
        let other = Hand::of(&node.secret, &number(FOUNDER));
        let planted: Result<(), StoreError> = node
            .store
            .run("test", move |tx| {
                let rows = signings::people(tx, "s1")?;
                let founder = rows.into_iter().find(|row| row.signer == other.mark).unwrap();
                let row = Signer {
                    signer: hand.mark.clone(),
                    ..founder
                };
                signings::add(tx, &row)
            })
            .await;
        planted.unwrap();
        assert!(matches!(seen_by(&node, STRANGER).await, Err(NotKept::Broken)));

        // Another person's signature, or one that is bound to something else, counts for nobody.
        for wrong in [login(AUDITOR, HASH), login(FOUNDER, [8; 32])] {
            let (_dir, node) = a_node_with_clock(Clock::System);
            sealed(&node, Some(wrong)).await;
            assert!(matches!(seen_by(&node, APPLICANT).await, Err(NotKept::Broken)));
        }
    }

    #[tokio::test]
    async fn those_who_waited_are_told_when_the_last_day_has_passed_and_nothing_is_left() {
        let (_dir, node) = a_node_with_clock(Clock::System);
        sealed(&node, None).await;
        let own = Arc::clone(&node);
        let before: Result<(), StoreError> = node
            .store
            .run("test", move |tx| expire(tx, &own, at("2027-02-20T09:59:00Z")))
            .await;
        before.unwrap();
        assert_eq!(seen_by(&node, FOUNDER).await.unwrap(), Some(1));
        let own = Arc::clone(&node);
        let after: Result<(), StoreError> = node
            .store
            .run("test", move |tx| expire(tx, &own, at("2027-02-20T10:00:00Z")))
            .await;
        after.unwrap();
        assert_eq!(seen_by(&node, FOUNDER).await.unwrap(), None);
        for (digits, wanted) in [(APPLICANT, 1), (FOUNDER, 1), (AUDITOR, 1), (STRANGER, 0)] {
            let (own, me) = (Arc::clone(&node), number(digits));
            let told: Result<Vec<Read>, NotKept> = node.store.read("test", move |tx| letters(tx, &own, &me)).await;
            let told = told.unwrap();
            assert_eq!(told.len(), wanted);
            assert!(
                told.iter()
                    .all(|read| read.kind == LetterKind::Expired && read.told == Told::default())
            );
        }
    }
}
