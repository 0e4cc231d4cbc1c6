//! A body adopts a version by reference, sets what the document lets it set, and has it published.
//!
//! Always true: an adoption names publisher, name, number and hash of one content that was verified here; it sets nothing that
//! [`adopting::faults`] refuses; it is signed by its own body; the anchor publishes it only then, and never puts an older one
//! in place of a newer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use samverk_domain::fact::Name;
use samverk_domain::terms::adopting::{self, Set};
use samverk_domain::terms::{Adoption, Body, BodyId};
use samverk_store::{StoreError, terms};

use crate::config::FederationFrom;
use crate::library::Known;
use crate::node::Node;
use crate::trust::contract::{NoContract, TYP_ADOPTION, sign_adoption};
use crate::trust::current;
use crate::trust::federation::{self, FederationView, Untrusted};
use crate::trust::{read_payload, read_statement};

/// An adoption with fifty parameters is a few kilobytes.
pub const ADOPTION_BYTES_MAX: usize = 64 << 10;

/// What a body wants to adopt, as it was written.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Empty: the steps of the roles whose tasks the federation gives the body.
    pub steps: Vec<Name>,
    /// `taxa.lbe=3 900`
    pub set: Vec<String>,
    /// `delegation.lbe=Direktionen; 2026-05-28; § 20; …; …`
    pub delegations: Vec<String>,
    /// Empty: as in the version adopted before.
    pub receptions: Vec<BodyId>,
    /// `Miljönämnden, 2026-06-09, § 33`
    pub decided: String,
}

/// Why there is nothing to adopt. In Swedish: it is about the service.
#[derive(Debug, thiserror::Error)]
pub enum NotAdopted {
    #[error("{body} har inget steg i {slug}: federationen ger organet inget av uppdragen {tasks}")]
    NoSteps { body: BodyId, slug: Name, tasks: String },
    #[error("{0}")]
    Wrong(String),
    #[error("Beslutet skrivs ”nämnd, datum, §”, till exempel ”Miljönämnden, 2026-06-09, § 33”")]
    Decision,
}

/// An adoption that may be signed, and what stood before it.
#[derive(Clone, Debug)]
pub struct Proposed {
    pub adoption: Adoption,
    pub before: Option<Adoption>,
    /// Parameters that were carried over from the version before.
    pub carried: Vec<Name>,
    /// Parameters and delegations of the version before that this document does not have for the steps, and that fall away.
    pub dropped: Vec<Name>,
}

/// Works out the adoption. Nothing is signed. What the body has set in the version before is carried over where the new
/// document still allows it.
pub fn propose(
    view: &FederationView,
    known: &Known,
    publisher: &BodyId,
    body: &Body,
    wish: &Wish,
    now: Timestamp,
) -> Result<Proposed, NotAdopted> {
    let (pack, settable) = (&known.pack, &known.settable);
    let (slug, version) = (&pack.meta.slug.it, pack.meta.version.it);
    let before = view
        .newest_adoption(&body.id, slug)
        .map(|published| published.it.clone());
    let steps = match wish.steps.is_empty() {
        false => wish.steps.clone(),
        true => own_steps(known, body),
    };
    if steps.is_empty() {
        let tasks: Vec<&str> = pack.roles.iter().map(|role| role.task.it.as_str()).collect();
        return Err(NotAdopted::NoSteps {
            body: body.id.clone(),
            slug: slug.clone(),
            tasks: tasks.join(", "),
        });
    }
    let decided = wish.decided.trim();
    if decided.is_empty() || !decided.chars().any(|c| c.is_ascii_digit()) {
        return Err(NotAdopted::Decision);
    }
    let mut adoption = Adoption {
        body: body.id.clone(),
        publisher: publisher.clone(),
        pack: slug.clone(),
        version,
        pack_sha256: known.sha256.clone(),
        steps,
        parameters: BTreeMap::new(),
        parameter_decisions: BTreeMap::new(),
        delegations: BTreeMap::new(),
        receptions: wish.receptions.iter().cloned().collect(),
        decided: decided.to_owned(),
        adopted_at: Timestamp::from_second(now.as_second()).unwrap_or(now),
    };
    for text in &wish.set {
        let Set { name, values, decision } =
            adopting::read_set(pack, settable, &adoption.steps, text).map_err(NotAdopted::Wrong)?;
        if let Some(decision) = decision {
            adoption.parameter_decisions.insert(name.clone(), decision);
        }
        if adoption.parameters.insert(name.clone(), values).is_some() {
            return Err(NotAdopted::Wrong(format!("{name} är satt två gånger.")));
        }
    }
    for text in &wish.delegations {
        let (name, delegation) =
            adopting::read_delegation(pack, settable, &adoption.steps, text).map_err(NotAdopted::Wrong)?;
        adoption.delegations.insert(name, delegation);
    }
    let (mut carried, mut dropped) = (Vec::new(), Vec::new());
    if let Some(before) = &before {
        if adoption.receptions.is_empty() {
            adoption.receptions.clone_from(&before.receptions);
        }
        for (name, values) in &before.parameters {
            if adoption.parameters.contains_key(name) {
                continue;
            }
            let mut with = adoption.clone();
            with.parameters.insert(name.clone(), values.clone());
            if let Some(decision) = before.parameter_decisions.get(name) {
                with.parameter_decisions.insert(name.clone(), decision.clone());
            }
            take_if_allowed(known, body, with, &mut adoption, name, &mut carried, &mut dropped);
        }
        for (name, delegation) in &before.delegations {
            if adoption.delegations.contains_key(name) {
                continue;
            }
            let mut with = adoption.clone();
            with.delegations.insert(name.clone(), delegation.clone());
            take_if_allowed(known, body, with, &mut adoption, name, &mut carried, &mut dropped);
        }
    }
    let mut wrong = adopting::faults(pack, settable, &adoption, body.kind);
    wrong.extend(adopting::lacking(pack, settable, &adoption));
    if !wrong.is_empty() {
        return Err(NotAdopted::Wrong(wrong.join("\n")));
    }
    Ok(Proposed {
        adoption,
        before,
        carried,
        dropped,
    })
}

fn take_if_allowed(
    known: &Known,
    body: &Body,
    with: Adoption,
    adoption: &mut Adoption,
    name: &Name,
    carried: &mut Vec<Name>,
    dropped: &mut Vec<Name>,
) {
    let faults = |it: &Adoption| adopting::faults(&known.pack, &known.settable, it, body.kind).len();
    if faults(&with) <= faults(adoption) {
        *adoption = with;
        carried.push(name.clone());
    } else {
        dropped.push(name.clone());
    }
}

/// The steps whose task the federation gives the body.
fn own_steps(known: &Known, body: &Body) -> Vec<Name> {
    let steps = known.pack.steps.iter().filter(|step| {
        let role = known.pack.role(&step.role.it);
        role.is_some_and(|role| body.tasks.iter().any(|task| task.task == role.task.it))
    });
    steps.map(|step| step.name.it.clone()).collect()
}

/// Signs the adoption and keeps it in the node's store.
pub async fn sign_and_keep(node: &Node, adoption: &Adoption) -> Result<String, NotKept> {
    let keys = node
        .keys
        .get(&adoption.body)
        .ok_or_else(|| NotKept::NotHere(adoption.body.clone()))?;
    let jws = sign_adoption(adoption, keys)?;
    let (adoption, signed, now) = (adoption.clone(), jws.clone(), node.clock.now());
    let kept: Result<(), StoreError> = node
        .store
        .run("publishing.adopt", move |tx| {
            terms::keep_adoption(tx, &adoption, &signed, now)
        })
        .await;
    kept?;
    Ok(jws)
}

#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    #[error("{0} is not a body of this node")]
    NotHere(BodyId),
    #[error(transparent)]
    NotSigned(#[from] NoContract),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Hands a signed adoption to the anchor, which publishes it, and takes the new statement into use here.
pub async fn hand_in(node: &Node, view: &FederationView, jws: &str) -> Result<(), String> {
    let federation = view.federation();
    let anchor = federation
        .body(&federation.anchor)
        .ok_or_else(|| "the federation's anchor is not among its bodies".to_owned())?;
    if node.keys.contains_key(&anchor.id) {
        publish_in_federation(node, jws).await.map_err(|why| why.to_string())?;
    } else {
        let address = format!("{}/federation/antagande", anchor.node);
        let request = node.http.post(&address).body(jws.to_owned());
        let response = request.send().await.map_err(|why| why.without_url().to_string())?;
        let status = response.status();
        if !status.is_success() {
            let said: String = response.text().await.unwrap_or_default().chars().take(500).collect();
            return Err(format!("{address} answers {status} {said}"));
        }
    }
    current::refresh(node).await.map(drop).map_err(|why| why.to_string())
}

/// Why the anchor does not publish an adoption.
#[derive(Debug, thiserror::Error)]
pub enum NotPublic {
    #[error("this node does not publish the federation's statement")]
    NotTheAnchor,
    #[error("the adoption is not signed by its own body in this federation: {0}")]
    Refused(String),
    #[error("a newer adoption of this version by the body is published")]
    Older,
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    #[error("{0}")]
    File(String),
    #[error(transparent)]
    Refresh(#[from] current::NotRefreshed),
}

/// At the anchor: puts a body's adoption in the statement, in place of its older one of the same version, and signs the
/// statement anew. It expires when it did before: that the anchor still stands for its bodies is for people to say.
pub async fn publish_in_federation(node: &Node, jws: &str) -> Result<(), NotPublic> {
    let source = node.config.federation.as_ref().ok_or(NotPublic::NotTheAnchor)?;
    let FederationFrom::File(file) = &source.from else {
        return Err(NotPublic::NotTheAnchor);
    };
    let _one_at_a_time = node.publishing.lock().await;
    let view = current::refresh(node).await?;
    let mut statement = view.federation().clone();
    let keys = node.keys.get(&statement.anchor).ok_or(NotPublic::NotTheAnchor)?;
    let refused = |why: String| NotPublic::Refused(why);
    let unverified = samverk_wire::jws::Unverified::parse(jws).map_err(|why| refused(why.to_string()))?;
    let said: Adoption = read_payload(unverified.unverified_payload()).map_err(|why| refused(why.to_string()))?;
    let adoption = read_statement::<Adoption>(jws, TYP_ADOPTION, view.keys_of(&said.body))
        .map_err(|why| refused(why.to_string()))?
        .into_inner();
    let now = node.clock.now();
    if adoption.adopted_at > now.saturating_add(jiff::SignedDuration::from_mins(5)).unwrap_or(now) {
        return Err(refused("it is signed in the future; check the clock".to_owned()));
    }
    if let Some(before) = view.adoption(&adoption.body, &adoption.pack, adoption.version) {
        if before.jws == jws {
            return Ok(());
        }
        if before.it.adopted_at >= adoption.adopted_at {
            return Err(NotPublic::Older);
        }
        statement.adoptions.retain(|published| *published != before.jws);
    }
    statement.adoptions.push(jws.to_owned());
    // Two statements of one second could not be told apart in time; the issued instant only ever grows.
    let second = Timestamp::from_second(now.as_second()).unwrap_or(now);
    statement.issued_at = second.max(statement.issued_at + jiff::SignedDuration::from_secs(1));
    let signed = federation::sign(&statement, keys)?;
    let beside = file.with_extension("jws.new");
    let written = std::fs::write(&beside, signed).and_then(|()| std::fs::rename(&beside, file));
    written.map_err(|why| NotPublic::File(format!("{}: {why}", file.display())))?;
    current::refresh(node).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::version::tests::{SMALL, files, signed};
    use super::super::version::{self, VerifiedVersion};
    use super::super::{adoption_that_counts, adoptions_that_count};
    use super::*;
    use crate::trust::federation::tests::{World, now};
    use crate::trust::sign_statement;

    /// The world with a municipal board, so that fullmäktige is there to set its fees.
    fn world() -> World {
        let mut world = crate::trust::federation::tests::world();
        world.federation.bodies[2].kind = samverk_domain::terms::BodyKind::MunicipalBoard;
        world
    }

    const FEE: &str = "taxa.vatten=900 från 2026-06-01 (fullmäktige 2026-05-20, § 31)";

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn wish(set: &[&str]) -> Wish {
        Wish {
            set: set.iter().map(|text| (*text).to_owned()).collect(),
            decided: "Miljönämnden, 2026-06-09, § 33".to_owned(),
            ..Wish::default()
        }
    }

    fn known(world: &World) -> Known {
        VerifiedVersion::verify(signed(world), &world.view())
            .unwrap()
            .into_known()
    }

    fn proposed(world: &World, wish: &Wish) -> Result<Proposed, NotAdopted> {
        let view = world.view();
        let body = view.body(world.consumer.body()).unwrap();
        propose(&view, &known(world), world.provider.body(), body, wish, now())
    }

    fn published(world: &World, adoption: &Adoption) -> World {
        let mut with = crate::trust::federation::tests::world();
        with.federation.clone_from(&world.federation);
        let jws = sign_statement(world.consumer.signing(), TYP_ADOPTION, adoption).unwrap();
        with.federation.adoptions.push(jws);
        with
    }

    #[test]
    fn a_body_adopts_by_reference_and_sets_what_the_document_lets_it_set() {
        let world = world();
        let it = proposed(
            &world,
            &Wish {
                delegations: vec![
                    "delegation.vatten=Miljönämnden; 2026-06-09; § 34; Registrering; Beslutsfunktion 1".to_owned(),
                ],
                ..wish(&[FEE, "gräns.djup=80"])
            },
        )
        .unwrap()
        .adoption;
        let known = known(&world);
        assert_eq!((it.version, &it.pack_sha256), (1, &known.sha256));
        assert_eq!(it.steps, [name("prov")]);
        assert_eq!(
            it.parameter_decisions[&name("taxa.vatten")],
            "fullmäktige 2026-05-20, § 31"
        );
        assert_eq!(it.delegations[&name("delegation.vatten")].to, "Beslutsfunktion 1");
        let with = published(&world, &it);
        assert_eq!(adoptions_that_count(&with.view(), &known), [it]);
    }

    #[test]
    fn a_wrong_parameter_says_what_is_allowed() {
        let world = world();
        let why = |set: &[&str]| proposed(&world, &wish(set)).unwrap_err().to_string();
        let too_dear = why(&["taxa.vatten=6 000 (fullmäktige 2026-05-20, § 31)"]);
        assert!(too_dear.contains("000, sätts av fullmäktige"), "{too_dear}");
        assert!(why(&["taxa.vaten=900"]).contains("taxa.vatten: kr 0–5"));
        assert!(why(&["taxa.vatten=900"]).contains("Ange beslutet efter värdet"));
        assert!(why(&[]).contains("taxa.vatten har ingen standard"));
        assert!(why(&[FEE, FEE]).contains("två gånger"));
        assert!(why(&["taxa.vatten"]).contains("namn=värde"));
        let undecided = proposed(
            &world,
            &Wish {
                decided: "ja".to_owned(),
                ..wish(&[FEE])
            },
        );
        assert!(matches!(undecided, Err(NotAdopted::Decision)));
    }

    #[test]
    fn an_adoption_signed_by_hand_beyond_the_bounds_or_of_another_content_does_not_count() {
        use samverk_domain::fact::Value;
        let world = world();
        let known = known(&world);
        let good = proposed(&world, &wish(&[FEE])).unwrap().adoption;
        let counts = |change: &dyn Fn(&mut Adoption)| {
            let mut it = good.clone();
            change(&mut it);
            let with = published(&world, &it);
            adoption_that_counts(&with.view(), world.consumer.body(), &known).is_some()
        };
        assert!(counts(&|_| ()));
        assert!(!counts(&|it| {
            let dear = vec![(None, Value::Number(9_999.into()))];
            it.parameters.insert(name("taxa.vatten"), dear);
        }));
        assert!(!counts(&|it| it.pack_sha256 = "00".repeat(32)), "another hash");
        assert!(!counts(&|it| {
            it.parameters
                .insert(name("taxa.annan"), vec![(None, Value::Number(1.into()))]);
        }));
        // A parameter of a step that it has not adopted is not its own to set.
        assert!(!counts(&|it| it.steps.clear()));
    }

    #[test]
    fn what_was_set_before_is_carried_over_where_it_still_fits() {
        let world = world();
        let first = proposed(&world, &wish(&[FEE, "gräns.djup=80"])).unwrap().adoption;
        let with = published(&world, &first);
        let text = SMALL
            .replace("version: 1", "version: 2")
            .replace("gräns.djup | tal 0–500 meter", "gräns.djup | tal 100–500 meter");
        let signed = version::sign(&files(&text), (name("vattenprov"), 2), &world.provider, now()).unwrap();
        let view = with.view();
        let next = VerifiedVersion::verify(signed, &view).unwrap().into_known();
        let body = view.body(world.consumer.body()).unwrap();
        let it = propose(&view, &next, world.provider.body(), body, &wish(&[]), now()).unwrap();
        assert_eq!(it.carried, [name("taxa.vatten")]);
        assert_eq!(it.dropped, [name("gräns.djup")]);
        assert_eq!(
            it.adoption.parameters,
            BTreeMap::from([(name("taxa.vatten"), first.parameters[&name("taxa.vatten")].clone())])
        );
        assert_eq!(it.before.unwrap().version, 1);
    }

    #[tokio::test]
    async fn the_anchor_publishes_a_bodys_own_adoption_and_no_other() {
        use crate::clock::Clock;
        use crate::config::Config;
        use crate::node::{Node, Surroundings};
        let world = world();
        let dir = tempfile::tempdir().unwrap();
        world.anchor.save(dir.path()).unwrap();
        let key = samverk_wire::jwk::write(world.anchor.signing().public());
        let config = format!(
            "name = \"ankaret\"\nbase_url = \"https://ankaret.example\"\nlisten = \"127.0.0.1:0\"\n\
             [[bodies]]\nid = \"ankaret\"\nname = \"Ankaret\"\nname_en = \"The anchor\"\n\
             [federation]\nfile = \"published.jws\"\nanchor_key = {{ kty = \"OKP\", crv = \"Ed25519\", x = {} }}\n",
            key["x"]
        );
        let file = dir.path().join("published.jws");
        std::fs::write(&file, federation::sign(&world.federation, &world.anchor).unwrap()).unwrap();
        let (clock, _hand) = Clock::settable(now());
        let surroundings = Surroundings {
            clock,
            chance: crate::chance::Chance::seeded(1),
        };
        let node = Node::open(dir.path(), Config::parse(&config, dir.path()).unwrap(), surroundings).unwrap();

        let good = proposed(&world, &wish(&[FEE])).unwrap().adoption;
        let signed = |it: &Adoption| sign_adoption(it, &world.consumer).unwrap();
        publish_in_federation(&node, &signed(&good)).await.unwrap();
        let view = node.federation.view(now()).unwrap();
        assert_eq!(view.adoptions().count(), 2);
        assert_eq!(view.federation().expires_at, world.federation.expires_at);
        publish_in_federation(&node, &signed(&good)).await.unwrap();

        let later = Adoption {
            decided: "Miljönämnden, 2026-06-14, § 1".to_owned(),
            adopted_at: good.adopted_at + jiff::SignedDuration::from_secs(60),
            ..good.clone()
        };
        publish_in_federation(&node, &signed(&later)).await.unwrap();
        let older = publish_in_federation(&node, &signed(&good)).await;
        assert!(matches!(older, Err(NotPublic::Older)));
        let view = node.federation.view(now()).unwrap();
        assert_eq!(view.federation().adoptions.len(), 2, "the older one is replaced");
        let counts = view.adoption(world.consumer.body(), &name("vattenprov"), 1).unwrap();
        assert_eq!(counts.it, later);

        // Signed by another body in this one's name, or not signed at all.
        let forged = sign_statement(world.provider.signing(), TYP_ADOPTION, &later).unwrap();
        for jws in [forged.as_str(), "nonsense", ""] {
            assert!(matches!(
                publish_in_federation(&node, jws).await,
                Err(NotPublic::Refused(_))
            ));
        }
    }
}
