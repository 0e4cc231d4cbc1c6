//! Offers, contracts and their ends: what two bodies have agreed, signed by both.
//!
//! A provider signs an offer; a consumer's acceptance within it, signed, and the provider's countersignature make the contract.
//! Each signature is a compact JWS over the contract's canonical JSON, so all sign the same bytes, and SHA-256 of those bytes
//! is how messages cite it. Always true here: a contract never goes beyond its offer, whoever has signed it; whoever acts on
//! behalf of another body shows that body's signature; either party can end it alone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use samverk_domain::fact::Name;
use samverk_domain::terms::{Adoption, BodyId, Contract, Offer, Offered, Revocation, SignedContract};
use samverk_domain::words::law::Lagrum;
use samverk_wire::jws::JwsError;

use super::federation::Statement;
use super::keys::BodyKeys;
use super::{hash, read_statement, sign_statement};

pub const TYP_OFFER: &str = "samverk-offer+jwt";
pub const TYP_CONTRACT: &str = "samverk-contract+jwt";
pub const TYP_REVOCATION: &str = "samverk-revocation+jwt";
pub const TYP_ADOPTION: &str = "samverk-adoption+jwt";

/// Why a contract does not come about or does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoContract {
    #[error("the contract goes beyond its offer: {0}")]
    BeyondOffer(String),
    #[error("the contract's hash is not that of its text")]
    Hash,
    #[error("{0}'s signature on the contract is missing")]
    Unsigned(BodyId),
    #[error("{0}'s signature on the contract does not hold: {1}")]
    Signature(BodyId, JwsError),
    #[error("somebody who is not a party has signed the contract: {0}")]
    Stranger(BodyId),
    #[error("{0} is not the party that this step is for")]
    NotTheParty(BodyId),
    #[error("the offer is not one that this body has signed: {0}")]
    NotOurOffer(JwsError),
    #[error("the contract or revocation cannot be signed: {0}")]
    NotSigned(JwsError),
    #[error("the revocation is not signed by a party of the contract that it names")]
    Revocation,
}

pub fn sign_offer(offer: &Offer, provider: &BodyKeys) -> Result<String, NoContract> {
    if offer.provider != *provider.body() {
        return Err(NoContract::NotTheParty(provider.body().clone()));
    }
    sign_statement(provider.signing(), TYP_OFFER, offer).map_err(NoContract::NotSigned)
}

pub fn sign_adoption(adoption: &Adoption, body: &BodyKeys) -> Result<String, NoContract> {
    if adoption.body != *body.body() {
        return Err(NoContract::NotTheParty(body.body().clone()));
    }
    sign_statement(body.signing(), TYP_ADOPTION, adoption).map_err(NoContract::NotSigned)
}

/// What a consumer wants out of an offer.
#[derive(Clone, Debug)]
pub struct Acceptance {
    /// UUIDv7.
    pub id: String,
    /// Empty for a reception.
    pub fields: BTreeSet<Name>,
    pub purpose: String,
    /// Lagrum.
    pub processing_ground: String,
    pub valid_from: Timestamp,
    pub valid_to: Timestamp,
    pub on_behalf_of: Option<BodyId>,
}

/// The consumer's half: a contract within the offer with the consumer's signature.
pub fn accept(offer: &Offer, acceptance: Acceptance, consumer: &BodyKeys) -> Result<SignedContract, NoContract> {
    let contract = Contract {
        id: acceptance.id,
        offer_hash: hash(offer).map_err(NoContract::NotSigned)?,
        offer: offer.clone(),
        consumer: consumer.body().clone(),
        fields: acceptance.fields,
        purpose: acceptance.purpose,
        processing_ground: acceptance.processing_ground,
        valid_from: acceptance.valid_from,
        valid_to: acceptance.valid_to,
        on_behalf_of: acceptance.on_behalf_of,
    };
    within_offer(&contract)?;
    let hash = hash(&contract).map_err(NoContract::NotSigned)?;
    let signature = sign_statement(consumer.signing(), TYP_CONTRACT, &contract).map_err(NoContract::NotSigned)?;
    Ok(SignedContract {
        contract,
        hash,
        signatures: BTreeMap::from([(consumer.body().clone(), signature)]),
    })
}

/// The signature of the body in whose name the consumer acts.
pub fn consent(mut signed: SignedContract, principal: &BodyKeys) -> Result<SignedContract, NoContract> {
    if signed.contract.on_behalf_of.as_ref() != Some(principal.body()) {
        return Err(NoContract::NotTheParty(principal.body().clone()));
    }
    check_text(&signed)?;
    let signature =
        sign_statement(principal.signing(), TYP_CONTRACT, &signed.contract).map_err(NoContract::NotSigned)?;
    signed.signatures.insert(principal.body().clone(), signature);
    Ok(signed)
}

/// The provider's half: checks that the offer is its own (`offer` is the JWS that it once signed) and that everyone else has
/// signed, and completes the contract.
pub fn countersign(
    mut signed: SignedContract,
    offer: &str,
    provider: &BodyKeys,
    federation: &Statement,
) -> Result<VerifiedContract, NoContract> {
    let own = provider.signing().public();
    let made = read_statement::<Offer>(offer, TYP_OFFER, [own]).map_err(NoContract::NotOurOffer)?;
    if *made != signed.contract.offer {
        return Err(NoContract::NotOurOffer(JwsError::AnotherKey));
    }
    if signed.contract.offer.provider != *provider.body() {
        return Err(NoContract::NotTheParty(provider.body().clone()));
    }
    let signature =
        sign_statement(provider.signing(), TYP_CONTRACT, &signed.contract).map_err(NoContract::NotSigned)?;
    signed.signatures.insert(provider.body().clone(), signature);
    verify(signed, federation)
}

/// A contract whose text, hash and signatures were checked. Whether it holds at an instant and was not revoked is asked
/// where it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedContract(SignedContract);

impl VerifiedContract {
    pub fn contract(&self) -> &Contract {
        &self.0.contract
    }

    pub fn hash(&self) -> &str {
        &self.0.hash
    }

    pub fn signed(&self) -> &SignedContract {
        &self.0
    }

    pub fn provider(&self) -> &BodyId {
        &self.0.contract.offer.provider
    }

    pub fn consumer(&self) -> &BodyId {
        &self.0.contract.consumer
    }

    pub fn holds_at(&self, at: Timestamp) -> bool {
        self.0.contract.valid_from <= at && at <= self.0.contract.valid_to
    }
}

/// Checks text, hash and every signature with the keys that the federation names.
pub fn verify(signed: SignedContract, federation: &Statement) -> Result<VerifiedContract, NoContract> {
    check_text(&signed)?;
    let contract = &signed.contract;
    let mut parties: BTreeSet<&BodyId> = BTreeSet::from([&contract.consumer, &contract.offer.provider]);
    parties.extend(&contract.on_behalf_of);
    if let Some(stranger) = signed.signatures.keys().find(|body| !parties.contains(body)) {
        return Err(NoContract::Stranger(stranger.clone()));
    }
    for party in parties {
        let signature = signed
            .signatures
            .get(party)
            .ok_or_else(|| NoContract::Unsigned(party.clone()))?;
        let read = read_statement::<Contract>(signature, TYP_CONTRACT, federation.keys_of(party))
            .map_err(|why| NoContract::Signature(party.clone(), why))?;
        if *read != *contract {
            return Err(NoContract::Hash);
        }
    }
    Ok(VerifiedContract(signed))
}

/// Ends a contract as one of its parties. Gives the revocation and its JWS.
pub fn revoke(
    contract: &VerifiedContract,
    party: &BodyKeys,
    at: Timestamp,
    reason: &str,
) -> Result<(Revocation, String), NoContract> {
    if !contract.signed().signatures.contains_key(party.body()) {
        return Err(NoContract::NotTheParty(party.body().clone()));
    }
    let revocation = Revocation {
        contract_hash: contract.hash().to_owned(),
        by: party.body().clone(),
        at,
        reason: reason.to_owned(),
    };
    let jws = sign_statement(party.signing(), TYP_REVOCATION, &revocation).map_err(NoContract::NotSigned)?;
    Ok((revocation, jws))
}

/// Reads a revocation of this contract by one of its parties.
pub fn verify_revocation(
    compact: &str,
    contract: &VerifiedContract,
    federation: &Statement,
) -> Result<Revocation, NoContract> {
    for party in contract.signed().signatures.keys() {
        let Ok(read) = read_statement::<Revocation>(compact, TYP_REVOCATION, federation.keys_of(party)) else {
            continue;
        };
        if read.by == *party && read.contract_hash == contract.hash() {
            return Ok(read.into_inner());
        }
    }
    Err(NoContract::Revocation)
}

fn check_text(signed: &SignedContract) -> Result<(), NoContract> {
    within_offer(&signed.contract)?;
    if hash(&signed.contract).ok().as_ref() != Some(&signed.hash) {
        return Err(NoContract::Hash);
    }
    Ok(())
}

fn within_offer(contract: &Contract) -> Result<(), NoContract> {
    let offer = &contract.offer;
    let beyond = |why: &str| Err(NoContract::BeyondOffer(why.to_owned()));
    if hash(offer).ok().as_ref() != Some(&contract.offer_hash) {
        return beyond("it names another offer than it holds");
    }
    match &offer.what {
        Offered::Register { fields, .. } => {
            if contract.fields.is_empty() {
                return beyond("it names no field");
            }
            if let Some(field) = contract.fields.difference(fields).next() {
                return beyond(&format!("the field {field} is not offered"));
            }
        }
        Offered::Reception { .. } if !contract.fields.is_empty() => return beyond("a reception has no fields"),
        Offered::Reception { .. } => {}
    }
    if contract.purpose.is_empty() || !offer.purposes.iter().any(|p| p == "*" || *p == contract.purpose) {
        return beyond("the purpose is not offered");
    }
    if Lagrum::parse(&contract.processing_ground).is_err() {
        return beyond("its ground for the processing is no lagrum");
    }
    if Lagrum::parse(&offer.disclosure_ground).is_err() {
        return beyond("its ground for the disclosure is no lagrum");
    }
    if contract.valid_from < offer.valid_from
        || contract.valid_to > offer.valid_to
        || contract.valid_from >= contract.valid_to
    {
        return beyond("its time is not within the offer's");
    }
    if contract.consumer == offer.provider {
        return beyond("nobody makes a contract with themselves");
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::trust::federation::tests::{World, at, id, keys, name, now, offer, world};

    pub(crate) fn acceptance() -> Acceptance {
        Acceptance {
            id: "018f0000-0000-7000-8000-000000000002".to_owned(),
            fields: [name("f-skatt")].into(),
            purpose: "starta-restaurang".to_owned(),
            processing_ground: "2006:804 22 §".to_owned(),
            valid_from: at("2026-02-01T00:00:00Z"),
            valid_to: at("2026-12-31T00:00:00Z"),
            on_behalf_of: None,
        }
    }

    pub(crate) fn contract_in(world: &World) -> VerifiedContract {
        let accepted = accept(&offer(), acceptance(), &world.consumer).unwrap();
        let offer = sign_offer(&offer(), &world.provider).unwrap();
        countersign(accepted, &offer, &world.provider, &world.view()).unwrap()
    }

    #[test]
    fn both_signatures_make_a_contract() {
        let world = world();
        let contract = contract_in(&world);
        assert_eq!(contract.signed().signatures.len(), 2);
        assert!(contract.holds_at(now()) && !contract.holds_at(at("2027-01-02T00:00:00Z")));
        assert_eq!(verify(contract.signed().clone(), &world.view()), Ok(contract));
    }

    #[test]
    fn an_acceptance_beyond_the_offer_is_refused() {
        let world = world();
        let why = |change: &dyn Fn(&mut Acceptance)| {
            let mut wish = acceptance();
            change(&mut wish);
            accept(&offer(), wish, &world.consumer).unwrap_err().to_string()
        };
        assert!(why(&|a| a.fields.extend([name("skuld")])).contains("skuld is not offered"));
        assert!(why(&|a| a.fields.clear()).contains("no field"));
        assert!(why(&|a| a.purpose = "bygglov".to_owned()).contains("purpose"));
        assert!(why(&|a| a.valid_to = at("2027-02-01T00:00:00Z")).contains("time"));
        assert!(why(&|a| a.valid_from = at("2025-12-31T00:00:00Z")).contains("time"));
        assert!(why(&|a| a.valid_from = a.valid_to).contains("time"));
        assert!(why(&|a| a.processing_ground = " ".to_owned()).contains("ground"));
        assert!(
            accept(&offer(), acceptance(), &world.provider)
                .unwrap_err()
                .to_string()
                .contains("themselves")
        );
    }

    #[test]
    fn a_provider_signs_only_its_own_offer() {
        let world = world();
        let view = world.view();
        let mut generous = offer();
        generous.rate_per_minute = 1_000_000;
        let accepted = accept(&generous, acceptance(), &world.consumer).unwrap();
        let own = sign_offer(&offer(), &world.provider).unwrap();
        assert!(matches!(
            countersign(accepted, &own, &world.provider, &view),
            Err(NoContract::NotOurOffer(_))
        ));
        let forged = sign_statement(world.consumer.signing(), TYP_OFFER, &offer()).unwrap();
        let accepted = accept(&offer(), acceptance(), &world.consumer).unwrap();
        assert!(matches!(
            countersign(accepted, &forged, &world.provider, &view),
            Err(NoContract::NotOurOffer(_))
        ));
        assert!(sign_offer(&offer(), &world.consumer).is_err());
    }

    #[test]
    fn a_contract_that_one_has_not_signed_or_that_was_changed_does_not_hold() {
        let world = world();
        let view = world.view();
        let whole = contract_in(&world).signed().clone();
        let half = accept(&offer(), acceptance(), &world.consumer).unwrap();
        assert_eq!(verify(half, &view), Err(NoContract::Unsigned(id("skatteregistret"))));

        let mut wider = whole.clone();
        wider.contract.fields.insert(name("moms"));
        assert_eq!(verify(wider.clone(), &view), Err(NoContract::Hash));
        wider.hash = hash(&wider.contract).unwrap();
        assert_eq!(
            verify(wider, &view),
            Err(NoContract::Hash),
            "the signatures are over another text"
        );

        let mut forged = whole.clone();
        let by_stranger = sign_statement(keys("x", 9).signing(), TYP_CONTRACT, &whole.contract).unwrap();
        forged.signatures.insert(id("skatteregistret"), by_stranger.clone());
        assert!(matches!(verify(forged, &view), Err(NoContract::Signature(..))));

        let mut crowded = whole;
        crowded.signatures.insert(id("ankaret"), by_stranger);
        assert_eq!(verify(crowded, &view), Err(NoContract::Stranger(id("ankaret"))));
    }

    #[test]
    fn who_acts_for_another_shows_that_ones_signature() {
        let world = world();
        let view = world.view();
        let own = sign_offer(&offer(), &world.provider).unwrap();
        let wish = Acceptance {
            on_behalf_of: Some(id("ankaret")),
            ..acceptance()
        };
        let accepted = accept(&offer(), wish, &world.consumer).unwrap();
        assert_eq!(
            countersign(accepted.clone(), &own, &world.provider, &view),
            Err(NoContract::Unsigned(id("ankaret")))
        );
        assert!(consent(accepted.clone(), &world.provider).is_err());
        let accepted = consent(accepted, &world.anchor).unwrap();
        let whole = countersign(accepted, &own, &world.provider, &view).unwrap();
        assert_eq!(whole.signed().signatures.len(), 3);
    }

    #[test]
    fn either_party_can_end_it_and_nobody_else() {
        let world = world();
        let view = world.view();
        let contract = contract_in(&world);
        for party in [&world.provider, &world.consumer] {
            let (revocation, jws) = revoke(&contract, party, now(), "Ny lag.").unwrap();
            assert_eq!(verify_revocation(&jws, &contract, &view), Ok(revocation));
        }
        assert!(revoke(&contract, &world.anchor, now(), "").is_err());
        let forged = Revocation {
            contract_hash: contract.hash().to_owned(),
            by: id("skatteregistret"),
            at: now(),
            reason: String::new(),
        };
        let forged = sign_statement(world.consumer.signing(), TYP_REVOCATION, &forged).unwrap();
        assert_eq!(
            verify_revocation(&forged, &contract, &view),
            Err(NoContract::Revocation)
        );
        assert_eq!(verify_revocation("x", &contract, &view), Err(NoContract::Revocation));
    }
}
