//! Who is in the federation: one statement, signed by the anchor, and what bodies have published in it.
//!
//! Always true here: no key is believed that the anchor's statement does not name; the anchor's own key is pinned by who runs
//! the node; a statement that says two things (two bodies with one id, one key for two bodies, two bodies for one task or
//! register) is refused whole; an offer or adoption counts only if its own body has signed it, and a bad one is left out
//! without harm to the others.
//!
//! Seam: OpenID Federation 1.0 replaces how a [`Statement`] comes about. Its users ask only [`Statement::federation`],
//! [`Statement::keys_of`] and [`Statement::jws`] (for evidence: then a list of chains instead of one statement).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Deref;

use jiff::{SignedDuration, Timestamp};
use samverk_domain::fact::Name;
use samverk_domain::terms::{Adoption, Body, BodyId, Federation, Offer};
use samverk_wire::jws::{self, JwsError};
use samverk_wire::key::{Algorithm, PublicKey};
use samverk_wire::{base64, jwk};

use super::keys::BodyKeys;
use super::{contract, read_payload, read_statement, sign_statement};

pub const TYP: &str = "samverk-federation+jwt";
/// Every municipality's boards, the regions and the agencies are about 3,000.
pub const BODIES_MAX: usize = 10_000;
pub const KEYS_MAX: usize = 10;
pub const PUBLISHED_MAX: usize = 50_000;
/// A statement may be this much newer than our clock.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Why a statement is not believed.
#[derive(Debug, thiserror::Error)]
pub enum Untrusted {
    #[error("the federation's statement is not signed by the anchor whose key is pinned here: {0}")]
    Signature(#[from] JwsError),
    #[error("the federation's statement is signed with the key {found}, but {pinned} is pinned")]
    AnotherAnchor { found: String, pinned: String },
    #[error("the federation's statement does not hold yet (issued {0}); check the clock")]
    NotYet(Timestamp),
    #[error("the federation's statement expired {0}; fetch a new one from the anchor")]
    Expired(Timestamp),
    #[error("the federation's statement contradicts itself: {0}; the anchor must mend it")]
    Ambiguous(String),
    #[error("the key given as the anchor's is neither a JWK nor a thumbprint")]
    NotAnAnchor,
}

/// How the anchor's key is known beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anchor {
    Key(PublicKey),
    /// RFC 7638, base64url.
    Thumbprint(String),
}

impl Anchor {
    /// A JWK as JSON text, or an RFC 7638 thumbprint.
    pub fn parse(text: &str) -> Result<Self, Untrusted> {
        let text = text.trim();
        if text.starts_with('{') {
            let value = serde_json::from_str(text).map_err(|_| Untrusted::NotAnAnchor)?;
            return jwk::read(&value).map(Self::Key).map_err(|_| Untrusted::NotAnAnchor);
        }
        base64::array_from_url::<32>(text).map_err(|_| Untrusted::NotAnAnchor)?;
        Ok(Self::Thumbprint(text.to_owned()))
    }

    fn kid(&self) -> &str {
        match self {
            Self::Key(key) => key.kid(),
            Self::Thumbprint(kid) => kid,
        }
    }
}

/// Signs the statement as the anchor.
pub fn sign(federation: &Federation, anchor: &BodyKeys) -> Result<String, Untrusted> {
    if federation.anchor != *anchor.body() {
        return Err(Untrusted::Ambiguous("another body than its anchor signs it".to_owned()));
    }
    check(federation)?;
    Ok(sign_statement(anchor.signing(), TYP, federation)?)
}

/// The anchor's verified statement: who is in, with which keys.
#[derive(Clone, Debug)]
pub struct Statement {
    federation: Federation,
    keys: HashMap<BodyId, Vec<PublicKey>>,
    anchor_kid: String,
    jws: String,
}

impl Statement {
    /// Verifies a statement with the pinned anchor key, as of an instant.
    pub fn verify(compact: &str, anchor: &Anchor, at: Timestamp) -> Result<Self, Untrusted> {
        let statement = Self::of_unpinned(compact, at)?;
        if statement.anchor_kid != anchor.kid() {
            return Err(Untrusted::AnotherAnchor {
                found: statement.anchor_kid,
                pinned: anchor.kid().to_owned(),
            });
        }
        Ok(statement)
    }

    /// Verifies a statement with the key that it names for its own anchor. That proves nothing until somebody compares
    /// [`Self::anchor_kid`] with what they know; only for reading evidence.
    pub(super) fn of_unpinned(compact: &str, at: Timestamp) -> Result<Self, Untrusted> {
        let unverified = jws::Unverified::parse(compact)?;
        let said: Federation = read_payload(unverified.unverified_payload())?;
        let own_key = said
            .body(&said.anchor)
            .and_then(|body| {
                let mut keys = body.keys.iter().take(KEYS_MAX).filter_map(|key| jwk::read(key).ok());
                keys.find(|key| key.kid() == unverified.kid())
            })
            .ok_or(JwsError::AnotherKey)?;
        let federation: Federation = unverified
            .verify(TYP, &own_key)?
            .read(|payload| read_payload::<Federation>(&payload))?
            .into_inner();
        if federation.issued_at > at.saturating_add(SKEW).unwrap_or(Timestamp::MAX) {
            return Err(Untrusted::NotYet(federation.issued_at));
        }
        if federation.expires_at <= at {
            return Err(Untrusted::Expired(federation.expires_at));
        }
        let keys = check(&federation)?;
        Ok(Self {
            anchor_kid: own_key.kid().to_owned(),
            federation,
            keys,
            jws: compact.to_owned(),
        })
    }

    pub fn federation(&self) -> &Federation {
        &self.federation
    }

    pub fn body(&self, id: &BodyId) -> Option<&Body> {
        self.federation.body(id)
    }

    /// The keys that the anchor vouches for; none for a body that is not in.
    pub fn keys_of(&self, body: &BodyId) -> &[PublicKey] {
        self.keys.get(body).map_or(&[], Vec::as_slice)
    }

    /// The key that a `keyid` (`<body>#<kid>`) names, and whose it is.
    pub fn key(&self, keyid: &str) -> Option<(&BodyId, &PublicKey)> {
        let (body, kid) = keyid.split_once('#')?;
        let (body, keys) = self.keys.get_key_value(&BodyId::parse(body).ok()?)?;
        Some((body, keys.iter().find(|key| key.kid() == kid)?))
    }

    /// Ed25519 keys that may sign the body's checkpoints.
    pub fn log_keys_of(&self, body: &BodyId) -> impl Iterator<Item = &PublicKey> {
        self.keys_of(body)
            .iter()
            .filter(|key| key.algorithm() == Algorithm::Ed25519)
    }

    /// RFC 7638 thumbprint of the key that signed.
    pub fn anchor_kid(&self) -> &str {
        &self.anchor_kid
    }

    /// The statement as it was signed, for evidence.
    pub fn jws(&self) -> &str {
        &self.jws
    }
}

/// Address of a body's machine endpoint, `{node}/utbyte/{id}`.
pub fn endpoint(body: &Body) -> String {
    format!("{}/utbyte/{}", body.node, body.id)
}

/// The origin of a body's sealed log.
pub fn log_origin(body: &Body) -> String {
    format!("{}/logg", endpoint(body))
}

/// Something that a body has published, with its signature.
#[derive(Clone, Debug)]
pub struct Published<T> {
    pub it: T,
    /// Compact JWS by the body.
    pub jws: String,
}

/// The statement with the verified offers and adoptions in it.
#[derive(Clone, Debug)]
pub struct FederationView {
    statement: Statement,
    offers: BTreeMap<String, Published<Offer>>,
    adoptions: BTreeMap<(BodyId, Name, u32), Published<Adoption>>,
    refused: Vec<String>,
}

impl Deref for FederationView {
    type Target = Statement;
    fn deref(&self) -> &Statement {
        &self.statement
    }
}

impl FederationView {
    pub fn verify(compact: &str, anchor: &Anchor, at: Timestamp) -> Result<Self, Untrusted> {
        Ok(Self::of(Statement::verify(compact, anchor, at)?))
    }

    /// A statement in a file of one's own, verified with the key that it names for its anchor. Nothing may be sent or
    /// decided on it: only for looking at a document in a federation (`samverk check --federation`).
    pub fn unpinned(compact: &str, at: Timestamp) -> Result<Self, Untrusted> {
        Ok(Self::of(Statement::of_unpinned(compact, at)?))
    }

    fn of(statement: Statement) -> Self {
        let mut view = Self {
            offers: BTreeMap::new(),
            adoptions: BTreeMap::new(),
            refused: vec![],
            statement,
        };
        for jws in view.statement.federation.offers.clone() {
            match view.read_by_own_body(&jws, contract::TYP_OFFER, |offer: &Offer| &offer.provider) {
                Ok(published) => match super::hash(&published.it) {
                    Ok(hash) => drop(view.offers.insert(hash, published)),
                    Err(why) => view.refused.push(format!("an offer: {why}")),
                },
                Err(why) => view.refused.push(format!("an offer: {why}")),
            }
        }
        let mut twice = BTreeSet::new();
        for jws in view.statement.federation.adoptions.clone() {
            match view.read_by_own_body(&jws, contract::TYP_ADOPTION, |adoption: &Adoption| &adoption.body) {
                Ok(published) => {
                    let it = &published.it;
                    let place = (it.body.clone(), it.pack.clone(), it.version);
                    match view.adoptions.get(&place) {
                        Some(other) if other.it.adopted_at > it.adopted_at || other.jws == published.jws => {}
                        Some(other) if other.it.adopted_at == it.adopted_at => drop(twice.insert(place)),
                        _ => {
                            twice.remove(&place);
                            view.adoptions.insert(place, published);
                        }
                    }
                }
                Err(why) => view.refused.push(format!("an adoption: {why}")),
            }
        }
        // The later one counts. Which of two at once the body meant is not ours to guess.
        for place in twice {
            view.adoptions.remove(&place);
            view.refused
                .push(format!("{} has adopted {} {} twice at once", place.0, place.1, place.2));
        }
        view
    }

    fn read_by_own_body<T: serde::de::DeserializeOwned>(
        &self,
        compact: &str,
        typ: &str,
        body: impl Fn(&T) -> &BodyId,
    ) -> Result<Published<T>, JwsError> {
        let said: T = read_payload(jws::Unverified::parse(compact)?.unverified_payload())?;
        let it = read_statement::<T>(compact, typ, self.keys_of(body(&said)))?.into_inner();
        Ok(Published {
            it,
            jws: compact.to_owned(),
        })
    }

    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Offers by their hash.
    pub fn offers(&self) -> impl Iterator<Item = (&str, &Published<Offer>)> {
        self.offers.iter().map(|(hash, offer)| (hash.as_str(), offer))
    }

    pub fn offer(&self, hash: &str) -> Option<&Published<Offer>> {
        self.offers.get(hash)
    }

    pub fn offers_by<'a>(&'a self, provider: &'a BodyId) -> impl Iterator<Item = (&'a str, &'a Published<Offer>)> {
        self.offers().filter(move |(_, offer)| offer.it.provider == *provider)
    }

    pub fn adoptions(&self) -> impl Iterator<Item = &Published<Adoption>> {
        self.adoptions.values()
    }

    /// The body's adoption of one version.
    pub fn adoption(&self, body: &BodyId, pack: &Name, version: u32) -> Option<&Published<Adoption>> {
        self.adoptions.get(&(body.clone(), pack.clone(), version))
    }

    /// The body's adoption of the highest version that it has adopted.
    pub fn newest_adoption(&self, body: &BodyId, pack: &Name) -> Option<&Published<Adoption>> {
        let versions = (body.clone(), pack.clone(), 0)..=(body.clone(), pack.clone(), u32::MAX);
        self.adoptions
            .range(versions)
            .next_back()
            .map(|(_, published)| published)
    }

    /// What stood in the statement and does not count, with the reason: for who operates the node.
    pub fn refused(&self) -> &[String] {
        &self.refused
    }
}

/// That a statement says one thing; gives the keys.
fn check(federation: &Federation) -> Result<HashMap<BodyId, Vec<PublicKey>>, Untrusted> {
    let no = |why: String| Err(Untrusted::Ambiguous(why));
    if federation.bodies.len() > BODIES_MAX || federation.offers.len() + federation.adoptions.len() > PUBLISHED_MAX {
        return no("it holds too many bodies, offers or adoptions".to_owned());
    }
    if federation.body(&federation.anchor).is_none() {
        return no("its anchor is not among its bodies".to_owned());
    }
    if federation.expires_at <= federation.issued_at {
        return no("it expires before it is issued".to_owned());
    }
    let mut keys: HashMap<BodyId, Vec<PublicKey>> = HashMap::new();
    let mut owner: HashMap<String, &BodyId> = HashMap::new();
    let mut registers: BTreeMap<&Name, &BodyId> = BTreeMap::new();
    let mut tasks: BTreeMap<&str, Vec<(&BodyId, &[String])>> = BTreeMap::new();
    for body in &federation.bodies {
        let id = &body.id;
        if !good_node_address(&body.node) {
            return no(format!(
                "{id}'s node is not an http or https address without a slash at its end"
            ));
        }
        if body.keys.is_empty() || body.keys.len() > KEYS_MAX {
            return no(format!("{id} has no key or too many"));
        }
        if let Some(host) = &body.hosted_by
            && federation.body(host).is_none_or(|host| host.node != body.node)
        {
            return no(format!("{id} is hosted by a body that does not run its node"));
        }
        let mut own = vec![];
        for value in &body.keys {
            let key = match jwk::read(value) {
                Ok(key) => key,
                Err(why) => return no(format!("{id}: {why}")),
            };
            if let Some(other) = owner.insert(key.kid().to_owned(), id) {
                return no(format!("{id} and {other} have the same key"));
            }
            own.push(key);
        }
        if keys.insert(id.clone(), own).is_some() {
            return no(format!("{id} stands twice"));
        }
        for register in &body.registers {
            if let Some(other) = registers.insert(register, id) {
                return no(format!("{id} and {other} both keep the register {register}"));
            }
        }
        for task in &body.tasks {
            let holders = tasks.entry(&task.task).or_default();
            // An empty list is the whole country.
            let overlap = holders.iter().find(|(other, there)| {
                *other != id
                    && (there.is_empty()
                        || task.municipalities.is_empty()
                        || there.iter().any(|m| task.municipalities.contains(m)))
            });
            if let Some((other, _)) = overlap {
                return no(format!(
                    "{id} and {other} both have the task {} in the same place",
                    task.task
                ));
            }
            holders.push((id, &task.municipalities));
        }
    }
    Ok(keys)
}

fn good_node_address(node: &str) -> bool {
    let rest = node.strip_prefix("https://").or_else(|| node.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.ends_with('/')
            && rest.bytes().all(|b| matches!(b, b'!'..=b'~') && b != b'+' && b != b'@')
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;

    use samverk_domain::terms::{BodyKind, Mode, Offered, Task};

    use super::*;

    pub(crate) fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    pub(crate) fn now() -> Timestamp {
        at("2026-06-15T10:00:00Z")
    }

    pub(crate) fn id(text: &str) -> BodyId {
        BodyId::parse(text).unwrap()
    }

    pub(crate) fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    pub(crate) fn keys(body: &str, number: u8) -> BodyKeys {
        BodyKeys::generate(&id(body), Algorithm::Ed25519, |bytes| bytes.fill(number)).unwrap()
    }

    fn body(keys: &BodyKeys, name: &str) -> Body {
        Body {
            id: keys.body().clone(),
            name: name.to_owned(),
            name_en: name.to_owned(),
            part_of: "Exempel".to_owned(),
            kind: BodyKind::Agency,
            orgnr: "2021005448".to_owned(),
            node: format!("https://{}.example", keys.body()),
            hosted_by: None,
            keys: keys.public_jwks(),
            tasks: vec![],
            registers: vec![],
            theme: "exempel".to_owned(),
        }
    }

    /// One small world: an anchor, a keeper of the register `skatt`, and a municipal board that asks it.
    pub(crate) struct World {
        pub(crate) anchor: BodyKeys,
        pub(crate) provider: BodyKeys,
        pub(crate) consumer: BodyKeys,
        pub(crate) federation: Federation,
    }

    pub(crate) fn offer() -> Offer {
        Offer {
            id: "018f0000-0000-7000-8000-000000000001".to_owned(),
            provider: id("skatteregistret"),
            what: Offered::Register {
                register: name("skatt"),
                fields: [name("f-skatt"), name("moms")].into(),
                modes: BTreeSet::from([Mode::ViaApplicant, Mode::Direct]),
            },
            purposes: vec!["starta-restaurang".to_owned()],
            disclosure_ground: "2009:400 10 kap. 28 §".to_owned(),
            valid_from: at("2026-01-01T00:00:00Z"),
            valid_to: at("2027-01-01T00:00:00Z"),
            retention_days: 365,
            rate_per_minute: 600,
            conditions: "Endast i det ärende som frågan gäller.".to_owned(),
        }
    }

    pub(crate) fn adoption() -> Adoption {
        Adoption {
            body: id("miljonamnden"),
            publisher: id("skatteregistret"),
            pack: name("starta-restaurang"),
            version: 1,
            pack_sha256: "00".repeat(32),
            steps: vec![name("livsmedel")],
            parameters: BTreeMap::new(),
            parameter_decisions: BTreeMap::new(),
            delegations: BTreeMap::new(),
            receptions: BTreeSet::new(),
            decided: "2026-03-10, § 27".to_owned(),
            adopted_at: at("2026-03-10T12:00:00Z"),
        }
    }

    pub(crate) fn world() -> World {
        let (anchor, provider, consumer) = (keys("ankaret", 1), keys("skatteregistret", 2), keys("miljonamnden", 3));
        let mut keeper = body(&provider, "Skattemyndigheten");
        keeper.registers = vec![name("skatt")];
        let mut board = body(&consumer, "Miljönämnden");
        board.tasks = vec![Task {
            task: "livsmedelskontroll".to_owned(),
            municipalities: vec!["0001".to_owned()],
        }];
        let federation = Federation {
            name: "Exempelfederationen".to_owned(),
            anchor: anchor.body().clone(),
            issued_at: at("2026-06-15T00:00:00Z"),
            expires_at: at("2026-06-22T00:00:00Z"),
            bodies: vec![body(&anchor, "Ankaret"), keeper, board],
            adoptions: vec![sign_statement(consumer.signing(), contract::TYP_ADOPTION, &adoption()).unwrap()],
            offers: vec![sign_statement(provider.signing(), contract::TYP_OFFER, &offer()).unwrap()],
        };
        World {
            anchor,
            provider,
            consumer,
            federation,
        }
    }

    impl World {
        pub(crate) fn pinned(&self) -> Anchor {
            Anchor::Key(self.anchor.signing().public().clone())
        }

        pub(crate) fn view(&self) -> FederationView {
            let jws = sign(&self.federation, &self.anchor).unwrap();
            FederationView::verify(&jws, &self.pinned(), now()).unwrap()
        }
    }

    #[test]
    fn a_statement_by_the_pinned_anchor_gives_keys_offers_and_adoptions() {
        let world = world();
        let view = world.view();
        assert_eq!(
            view.keys_of(&id("miljonamnden")),
            [world.consumer.signing().public().clone()]
        );
        assert_eq!(view.key(&world.provider.keyid()).unwrap().0, &id("skatteregistret"));
        assert_eq!(view.offers_by(&id("skatteregistret")).count(), 1);
        assert_eq!(
            view.adoption(&id("miljonamnden"), &name("starta-restaurang"), 1)
                .unwrap()
                .it,
            adoption()
        );
        assert!(view.refused().is_empty());
        assert_eq!(view.keys_of(&id("okand")), []);
        assert!(view.key("okand#x").is_none() && view.key("").is_none());
    }

    #[test]
    fn another_anchor_or_a_changed_statement_is_refused() {
        let world = world();
        let jws = sign(&world.federation, &world.anchor).unwrap();
        let stranger = Anchor::Key(world.provider.signing().public().clone());
        assert!(matches!(
            Statement::verify(&jws, &stranger, now()),
            Err(Untrusted::AnotherAnchor { .. })
        ));
        let thumbprint = Anchor::parse(world.anchor.signing().public().kid()).unwrap();
        assert!(Statement::verify(&jws, &thumbprint, now()).is_ok());
        let signed_by_another = sign_statement(world.provider.signing(), TYP, &world.federation).unwrap();
        assert!(matches!(
            Statement::verify(&signed_by_another, &world.pinned(), now()),
            Err(Untrusted::Signature(_))
        ));
        let (head, tail) = jws.split_at(jws.len() / 2);
        let changed = format!("{head}A{}", &tail[1..]);
        assert!(changed == jws || Statement::verify(&changed, &world.pinned(), now()).is_err());
    }

    #[test]
    fn a_statement_holds_only_in_its_time() {
        let world = world();
        let jws = sign(&world.federation, &world.anchor).unwrap();
        let when = |text| Statement::verify(&jws, &world.pinned(), at(text));
        assert!(matches!(when("2026-06-22T00:00:00Z"), Err(Untrusted::Expired(_))));
        assert!(matches!(when("2026-06-14T23:00:00Z"), Err(Untrusted::NotYet(_))));
        assert!(when("2026-06-14T23:58:00Z").is_ok(), "clocks differ a little");
    }

    #[test]
    fn a_statement_that_says_two_things_is_refused_whole() {
        let reason = |change: &dyn Fn(&mut Federation)| {
            let mut world = world();
            change(&mut world.federation);
            sign(&world.federation, &world.anchor).unwrap_err().to_string()
        };
        assert!(reason(&|f| f.bodies.push(f.bodies[1].clone())).contains("same key"));
        assert!(
            reason(&|f| {
                let other = keys("x", 9).public_jwks();
                let copy = Body {
                    keys: other,
                    registers: vec![],
                    ..f.bodies[1].clone()
                };
                f.bodies.push(copy);
            })
            .contains("stands twice")
        );
        assert!(reason(&|f| f.bodies[2].registers = vec![name("skatt")]).contains("register skatt"));
        let task = |municipalities: &[&str]| Task {
            task: "livsmedelskontroll".to_owned(),
            municipalities: municipalities.iter().map(|m| (*m).to_owned()).collect(),
        };
        assert!(reason(&|f| f.bodies[1].tasks = vec![task(&["0002", "0001"])]).contains("livsmedelskontroll"));
        assert!(reason(&|f| f.bodies[1].tasks = vec![task(&[])]).contains("livsmedelskontroll"));
        assert!(reason(&|f| f.bodies[1].keys.clear()).contains("no key"));
        assert!(reason(&|f| f.bodies[1].node.push('/')).contains("slash"));
        assert!(reason(&|f| f.bodies[1].hosted_by = Some(id("ankaret"))).contains("hosted"));
        assert!(reason(&|f| drop(f.bodies.remove(0))).contains("anchor"));
        assert!(reason(&|f| f.expires_at = f.issued_at).contains("expires"));
        assert!(reason(&|f| f.anchor = id("skatteregistret")).contains("another body"));
    }

    #[test]
    fn an_offer_or_adoption_by_another_body_does_not_count_and_harms_nobody_else() {
        let mut world = world();
        world
            .federation
            .offers
            .push(sign_statement(world.consumer.signing(), contract::TYP_OFFER, &offer()).unwrap());
        world.federation.offers.push("nonsense".to_owned());
        let other = Adoption {
            decided: "2026-03-10, § 28".to_owned(),
            ..adoption()
        };
        world
            .federation
            .adoptions
            .push(sign_statement(world.consumer.signing(), contract::TYP_ADOPTION, &other).unwrap());
        let view = world.view();
        assert_eq!(view.offers().count(), 1);
        assert_eq!(view.adoptions().count(), 0, "two adoptions of one version at once");
        assert_eq!(view.refused().len(), 3);
    }

    #[test]
    fn a_body_may_have_adopted_several_versions_and_of_one_the_later_adoption_counts() {
        let mut world = world();
        let mut publish = |adoption: Adoption| {
            let jws = sign_statement(world.consumer.signing(), contract::TYP_ADOPTION, &adoption).unwrap();
            world.federation.adoptions.insert(0, jws);
        };
        publish(Adoption {
            version: 2,
            ..adoption()
        });
        publish(Adoption {
            decided: "2026-05-12, § 40".to_owned(),
            adopted_at: at("2026-05-12T12:00:00Z"),
            ..adoption()
        });
        let view = world.view();
        let (body, pack) = (id("miljonamnden"), name("starta-restaurang"));
        assert_eq!(view.adoptions().count(), 2);
        assert_eq!(view.adoption(&body, &pack, 1).unwrap().it.decided, "2026-05-12, § 40");
        assert_eq!(view.newest_adoption(&body, &pack).unwrap().it.version, 2);
        assert!(view.refused().is_empty());
    }
}
