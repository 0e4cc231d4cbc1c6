//! Which agreements a service needs between which bodies: derived from the document and the federation, never listed by hand.
//!
//! Always true: an agreement covers what some step or the reception needs and nothing more; each register fact stands on the
//! grounds that its own row in the document names. A paper has no request of the person's behind its readings, so what is disclosed
//! on another ground than consent is agreed on body to body too; what rests on consent is asked of the paper.

use std::collections::{BTreeMap, BTreeSet};

use samverk_domain::check;
use samverk_domain::fact::Name;
use samverk_domain::pack::{self, Area, Pack, Source, WhenDown};
use samverk_domain::terms::{BodyId, Federation, MessageKind, Mode, Offered};

use super::data::{Grounds, Representation};

/// One contract to be: who asks or sends, whom, what, on which grounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    pub consumer: BodyId,
    pub provider: BodyId,
    pub what: Offered,
    /// Pack slug.
    pub purpose: String,
    pub disclosure_ground: String,
    pub processing_ground: String,
}

/// A register field in one mode: what a scenario may want to stand on a contract of its own, so that it can be ended alone.
pub type Field = (Name, Name, Mode);

/// Consent (OSL 12 kap. 2 §): what is disclosed on it is disclosed at the person's own request and in no other way.
const CONSENT: &str = "2009:400 12 kap. 2 §";

/// Service and body → further hosts that the body has named as its reception, beside the service's own.
pub type Receptions = BTreeMap<(Name, BodyId), BTreeSet<BodyId>>;

/// What the services need with these hosts as their receptions.
pub fn needed(
    packs: &[&Pack],
    federation: &Federation,
    (hosts, others): (&BTreeMap<Name, BodyId>, &Receptions),
    representation: &Representation,
    messages: &Grounds,
    alone: &BTreeSet<Field>,
) -> Vec<Agreement> {
    let mut needs = Needs {
        federation,
        others,
        messages,
        alone,
        registers: BTreeMap::new(),
        receptions: BTreeMap::new(),
    };
    for pack in packs {
        if let Some(host) = hosts.get(&pack.meta.slug.it) {
            needs.service(pack, host, representation);
        }
    }
    needs.agreements()
}

/// Contracts that differ in this cannot be one.
type RegisterKey = (BodyId, BodyId, Name, Mode, String, String, String, Option<Name>);
/// Consumer, provider, purpose, grounds.
type ReceptionKey = (BodyId, BodyId, String, String, String);

struct Needs<'a> {
    federation: &'a Federation,
    others: &'a Receptions,
    messages: &'a Grounds,
    alone: &'a BTreeSet<Field>,
    registers: BTreeMap<RegisterKey, BTreeSet<Name>>,
    receptions: BTreeMap<ReceptionKey, BTreeSet<MessageKind>>,
}

impl Needs<'_> {
    fn service(&mut self, pack: &Pack, host: &BodyId, representation: &Representation) {
        let purpose = pack.meta.slug.as_str();
        for field in &representation.fields {
            let grounds = (&*representation.disclosure_ground, &*representation.processing_ground);
            self.field(
                host,
                (&representation.register, field, Mode::ViaApplicant),
                purpose,
                grounds,
            );
        }
        for fact in pack
            .facts
            .iter()
            .chain(pack.lists.iter().flat_map(|list| &list.columns))
        {
            if let Source::Register(register) = &fact.source.it
                && register.mode == pack::Mode::ViaApplicant
            {
                self.fact(host, fact, register, purpose);
            }
        }
        for step in &pack.steps {
            let reads = check::read_by_step(pack, &step.name.it);
            for body in responsible(pack, &step.role.it, self.federation) {
                self.step(pack, &step.name.it, host, &body, &reads);
            }
        }
    }

    /// What the body that decides a step needs: its facts, the reception's messages, opinions.
    fn step(&mut self, pack: &Pack, step: &Name, host: &BodyId, body: &BodyId, reads: &BTreeSet<Name>) {
        use MessageKind as K;
        let purpose = pack.meta.slug.as_str();
        let grounds = (
            self.messages.disclosure_ground.clone(),
            self.messages.processing_ground.clone(),
        );
        let grounds = (&*grounds.0, &*grounds.1);
        let to_body = [K::Application, K::Completion, K::HearingAnswer, K::LetterOpened];
        let to_host = [K::Status, K::CompletionRequest, K::Hearing, K::LetterNotice];
        let others = self.others;
        let further = others.get(&(pack.meta.slug.it.clone(), body.clone()));
        for host in [host].into_iter().chain(further.into_iter().flatten()) {
            self.reception(host, body, &to_body, purpose, grounds);
            self.reception(body, host, &to_host, purpose, grounds);
        }
        for fact in reads.iter().filter_map(|name| pack.fact(name)) {
            match &fact.source.it {
                Source::Register(register) => {
                    // What the host could not fetch, the body that waits for it fetches later.
                    if register.mode == pack::Mode::Direct || register.when_down == WhenDown::Wait {
                        self.fact(body, fact, register, purpose);
                    }
                    let on_consent = fact
                        .disclosure
                        .as_ref()
                        .is_some_and(|law| law.it.to_string() == CONSENT);
                    if register.mode == pack::Mode::ViaApplicant && !on_consent {
                        let direct = pack::RegisterSource {
                            mode: pack::Mode::Direct,
                            ..register.clone()
                        };
                        self.fact(body, fact, &direct, purpose);
                    }
                }
                Source::Referral(referral) => {
                    let disclosure = fact
                        .disclosure
                        .as_ref()
                        .map_or(grounds.0.to_owned(), |law| law.it.to_string());
                    let processing = fact
                        .processing
                        .as_ref()
                        .map_or(grounds.1.to_owned(), |law| law.it.to_string());
                    for asked in responsible(pack, &referral.role, self.federation) {
                        self.reception(body, &asked, &[K::Referral], purpose, (&disclosure, &processing));
                        self.reception(&asked, body, &[K::Opinion], purpose, (&disclosure, &processing));
                    }
                }
                _ => {}
            }
        }
        for copy in pack.outcomes_of(step).flat_map(|outcome| &outcome.copies_to) {
            let receiver = self.federation.bodies.iter().find(|known| known.name == copy.it);
            if let Some(receiver) = receiver.map(|known| known.id.clone()) {
                self.reception(body, &receiver, &[K::DecisionCopy], purpose, grounds);
            }
        }
    }

    fn fact(&mut self, consumer: &BodyId, fact: &pack::Fact, register: &pack::RegisterSource, purpose: &str) {
        let mode = match register.mode {
            pack::Mode::ViaApplicant => Mode::ViaApplicant,
            pack::Mode::Direct => Mode::Direct,
        };
        let (Some(disclosure), Some(processing)) = (&fact.disclosure, &fact.processing) else {
            return;
        };
        let grounds = (&*disclosure.it.to_string(), &*processing.it.to_string());
        self.field(consumer, (&register.register, &register.field, mode), purpose, grounds);
    }

    fn field(
        &mut self,
        consumer: &BodyId,
        (register, field, mode): (&Name, &Name, Mode),
        purpose: &str,
        (disclosure, processing): (&str, &str),
    ) {
        let Some(keeper) = self.federation.keeper(register) else {
            return;
        };
        if keeper.id == *consumer {
            return;
        }
        let alone = self.alone.contains(&(register.clone(), field.clone(), mode));
        let key = (
            consumer.clone(),
            keeper.id.clone(),
            register.clone(),
            mode,
            purpose.to_owned(),
            disclosure.to_owned(),
            processing.to_owned(),
            alone.then(|| field.clone()),
        );
        self.registers.entry(key).or_default().insert(field.clone());
    }

    fn reception(
        &mut self,
        consumer: &BodyId,
        provider: &BodyId,
        messages: &[MessageKind],
        purpose: &str,
        (disclosure, processing): (&str, &str),
    ) {
        if consumer == provider {
            return;
        }
        let key = (
            consumer.clone(),
            provider.clone(),
            purpose.to_owned(),
            disclosure.to_owned(),
            processing.to_owned(),
        );
        self.receptions.entry(key).or_default().extend(messages);
    }

    fn agreements(self) -> Vec<Agreement> {
        let registers = self.registers.into_iter().map(|(key, fields)| {
            let (consumer, provider, register, mode, purpose, disclosure_ground, processing_ground, _) = key;
            Agreement {
                consumer,
                provider,
                what: Offered::Register {
                    register,
                    fields,
                    modes: [mode].into(),
                },
                purpose,
                disclosure_ground,
                processing_ground,
            }
        });
        let receptions = self.receptions.into_iter().map(|(key, messages)| {
            let (consumer, provider, purpose, disclosure_ground, processing_ground) = key;
            Agreement {
                consumer,
                provider,
                what: Offered::Reception { messages },
                purpose,
                disclosure_ground,
                processing_ground,
            }
        });
        registers.chain(receptions).collect()
    }
}

/// Every body that may have the role: one for the country, or one in each municipality that the federation names.
pub fn responsible(pack: &Pack, role: &Name, federation: &Federation) -> BTreeSet<BodyId> {
    let Some(role) = pack.role(role) else {
        return BTreeSet::new();
    };
    let places: BTreeSet<Option<&str>> = match role.area.it {
        Area::Country => [None].into(),
        Area::MunicipalityOf(_) => {
            let tasks = federation.bodies.iter().flat_map(|body| &body.tasks);
            tasks
                .flat_map(|task| &task.municipalities)
                .map(|code| Some(code.as_str()))
                .collect()
        }
    };
    places
        .into_iter()
        .filter_map(|place| federation.responsible(&role.task.it, place).ok())
        .map(|body| body.id.clone())
        .collect()
}
