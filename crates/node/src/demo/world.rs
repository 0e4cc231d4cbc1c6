//! The made-up federation in a folder: every node with its configuration, keys, services, registers and contracts.
//!
//! One folder for each node and nothing between them but addresses: a node is started from its folder as anybody's would be
//! (`samverk serve --dir`). Always true: offers, adoptions and contracts are signed with their own bodies' keys and the
//! federation's statement with the anchor's; which contracts there are follows from the services ([`super::agreements`]); a
//! second laying in the same folder keeps keys, stores and contracts, and renews only addresses, statement and registers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use samverk_author::folder;
use samverk_domain::fact::{Name, Value};
use samverk_domain::finding::SourceFile;
use samverk_domain::pack::{Area, Pack, ParameterDefault, ParameterType, RoleKind, Type, parse};
use samverk_domain::rules::Delegation;
use samverk_domain::terms::adopting::{self, Settable};
use samverk_domain::terms::{Adoption, Body, BodyId, BodyKind, Federation, Offer, Offered, SignedContract, Task};
use samverk_domain::words::ids::PersonId;
use samverk_store::{Store, StoreError, terms, versions};
use serde::{Deserialize, Serialize};

use super::agreements::{self, Agreement, Field};
use super::data::{self, AdoptionData, BadData, BodyData, FederationData, NodeData, StaffData};
use crate::chance::Chance;
use crate::config::{BodyConfig, Eid, Portal, Role, Staff};
use crate::library::Known;
use crate::publishing::version;
use crate::registers::import::{self, NotImported, Order};
use crate::seal;
use crate::test_eid::{EidConfig, Registered};
use crate::trust::contract::{self, Acceptance, NoContract};
use crate::trust::federation::{self, Anchor, FederationView, Statement, Untrusted};
use crate::trust::keys::{BodyKeys, KeyFileError};

/// The e-legitimation provider's name among the nodes. It has no part in the exchange.
pub const EID: &str = "test-eid";
/// How long the demonstration's statement, offers and contracts hold.
const HOLDS: SignedDuration = SignedDuration::from_hours(24 * 365);
/// Offers hold since some time back, so that no clock is too early.
const SINCE: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Ports that are tried before one is taken wherever it is free.
const PORTS_TRIED_MAX: u16 = 200;
/// What every offer of the demonstration says beside what is offered.
const CONDITIONS: &str = "Endast i det ärende som frågan gäller. Uppgifterna gallras när tiden har gått.";
const RETENTION_DAYS: u32 = 365;
const RATE_PER_MINUTE: u32 = 600;

/// What a scenario changes in the world before anybody begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Register → subject → field → what the register holds; empty: nothing.
    pub held: BTreeMap<Name, BTreeMap<String, BTreeMap<Name, String>>>,
    /// Fields that their register cannot answer.
    pub unavailable: BTreeSet<(Name, Name)>,
    /// Contracts that their providers have ended.
    pub revoked: BTreeSet<Field>,
}

/// Why there is no world.
#[derive(Debug, thiserror::Error)]
pub enum NoWorld {
    #[error(transparent)]
    Data(#[from] BadData),
    #[error("{path}: {why}")]
    Folder { path: PathBuf, why: std::io::Error },
    #[error("the service {0} has an error: {1}")]
    Pack(String, String),
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    #[error(transparent)]
    Contract(#[from] NoContract),
    #[error(transparent)]
    Statement(#[from] Untrusted),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Import(#[from] NotImported),
    #[error("{register}: {why}; see the rows that the scenario writes into it")]
    Row { register: Name, why: String },
    #[error("{what}")]
    NotAgain { what: String },
}

/// The world in its folder.
#[derive(Debug)]
pub struct World {
    pub dir: PathBuf,
    /// By node, [`EID`] too.
    pub addresses: BTreeMap<String, SocketAddr>,
    pub federation: Federation,
    pub packs: Vec<Pack>,
    pub staff: Vec<StaffData>,
    pub nodes: Vec<NodeData>,
    /// What was made up so that a service nobody had heard of could be played, one sentence each.
    pub made_up: Vec<String>,
    /// The folder had a world already.
    pub resumed: bool,
}

/// What a second start needs to know of the first: `{dir}/world.json`.
#[derive(Serialize, Deserialize)]
struct Kept {
    addresses: BTreeMap<String, SocketAddr>,
    offers: Vec<String>,
    adoptions: Vec<String>,
    /// Service → its document's SHA-256.
    #[serde(default)]
    packs: BTreeMap<Name, String>,
}

/// Everything that decides how a world becomes.
#[derive(Clone, Debug)]
pub struct Laying {
    /// The services: those of the binary, and an author's own.
    pub packs: Vec<Pack>,
    pub dir: PathBuf,
    pub addresses: BTreeMap<String, SocketAddr>,
    pub now: Timestamp,
    pub chance: Chance,
    pub changes: Changes,
}

/// Addresses on this machine: what was taken and what had to be given up because somebody else listens there.
#[derive(Debug)]
pub struct Places {
    pub addresses: BTreeMap<String, SocketAddr>,
    pub busy: Vec<SocketAddr>,
}

/// The names of all nodes in the order in which they are started: the e-legitimation and the anchor first.
pub fn names() -> Result<Vec<String>, BadData> {
    let federation = data::federation()?;
    let mut names: Vec<String> = federation.nodes.iter().map(|node| node.name.clone()).collect();
    names.push(EID.to_owned());
    Ok(names)
}

/// Finds a free port for each node: where the folder's world was last time, else from `base` and up.
pub fn places(dir: &Path, base: Option<u16>) -> Result<Places, NoWorld> {
    let before = match base {
        None => read_kept(dir)?.map(|kept| kept.addresses).unwrap_or_default(),
        Some(_) => BTreeMap::new(),
    };
    let io = |why| NoWorld::Folder {
        path: dir.to_owned(),
        why,
    };
    let mut places = Places {
        addresses: BTreeMap::new(),
        busy: Vec::new(),
    };
    let mut next = base.unwrap_or(super::PORT_BASE);
    let last = next.saturating_add(PORTS_TRIED_MAX);
    // Held until all are chosen, so that no port is given twice.
    let mut held = Vec::new();
    for name in names()? {
        let mut wanted = before.get(&name).copied();
        let address = loop {
            let port = match wanted.take() {
                Some(address) => address.port(),
                None if next < last => {
                    next += 1;
                    next - 1
                }
                None => 0,
            };
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            match TcpListener::bind(address) {
                Ok(listener) => {
                    let address = listener.local_addr().map_err(io)?;
                    held.push(listener);
                    break address;
                }
                Err(why) if port == 0 => return Err(io(why)),
                Err(_) => places.busy.push(address),
            }
        };
        places.addresses.insert(name, address);
    }
    Ok(places)
}

/// A contract as both sides keep it: with the offer it stands on, and the offer's signature (compact JWS).
type Signed = (SignedContract, Offer, String);

impl World {
    /// Lays the world out in its folder, or renews the one that is there. Blocks.
    pub fn lay(order: &Laying) -> Result<Self, NoWorld> {
        let mut data = data::federation()?;
        let packs = order.packs.clone();
        let made_up = suit(&mut data, &packs);
        let kept = read_kept(&order.dir)?;
        let resumed = kept.is_some();
        let known: BTreeMap<Name, String> = packs
            .iter()
            .map(|pack| (pack.meta.slug.it.clone(), pack.sha256()))
            .collect();
        if let Some(kept) = &kept
            && kept.packs != known
        {
            return Err(NoWorld::NotAgain {
                what: format!(
                    "{} holds a world with other services; choose a new folder",
                    order.dir.display()
                ),
            });
        }
        if resumed && !(order.changes.unavailable.is_empty() && order.changes.revoked.is_empty()) {
            return Err(NoWorld::NotAgain {
                what: format!(
                    "{} holds a world already, and this scenario changes its registers' contracts; choose a new folder",
                    order.dir.display()
                ),
            });
        }
        let keys = keys_of(order, &data)?;
        let bodies = bodies(order, &data, &keys);
        let federation = Federation {
            name: data.name.clone(),
            anchor: data.anchor.clone(),
            issued_at: whole_seconds(order.now),
            expires_at: whole_seconds(order.now) + HOLDS,
            bodies,
            adoptions: Vec::new(),
            offers: Vec::new(),
        };
        let mut world = Self {
            dir: order.dir.clone(),
            addresses: order.addresses.clone(),
            federation,
            packs,
            staff: data::staff()?,
            nodes: data.nodes.clone(),
            made_up,
            resumed,
        };
        let mut agreed = Agreed::default();
        match kept {
            Some(kept) => {
                world.federation.offers = kept.offers;
                world.federation.adoptions = world.published_adoptions(order.now).unwrap_or(kept.adoptions);
            }
            None => {
                agreed = world.offers(&data, &keys, &order.changes)?;
                world.federation.offers = agreed.offers.values().map(|(_, jws)| jws.clone()).collect();
                world.federation.adoptions = world.adoptions(&data, &keys)?;
            }
        }
        let statement = world.statement(&keys)?;
        world.configure(&statement)?;
        world.eid()?;
        let stores = world.stores()?;
        world.import(&stores, &order.changes, order.now)?;
        world.publish(&stores, &keys, order.now)?;
        world.contract(&stores, &keys, agreed, &statement, order)?;
        world.keep()?;
        Ok(world)
    }

    pub fn node_dir(&self, node: &str) -> PathBuf {
        self.dir.join(node)
    }

    /// `http://127.0.0.1:7100`
    pub fn url(&self, node: &str) -> String {
        self.addresses
            .get(node)
            .map(|address| format!("http://{address}"))
            .unwrap_or_default()
    }

    /// The node that runs a body.
    pub fn node_of(&self, body: &BodyId) -> Option<&NodeData> {
        self.nodes
            .iter()
            .find(|node| node.bodies.iter().any(|own| own.id == *body))
    }

    /// The node where people start a service.
    pub fn portal(&self, pack: &Name) -> Option<&NodeData> {
        self.nodes.iter().find(|node| node.portal.contains(pack))
    }

    /// Offers, one for each provider, kind, purpose and ground, with the agreements that are to lie within them.
    fn offers(&self, data: &FederationData, keys: &Keys, changes: &Changes) -> Result<Agreed, NoWorld> {
        let packs: Vec<&Pack> = self.packs.iter().collect();
        let mut hosts = BTreeMap::new();
        for node in &data.nodes {
            for pack in &node.portal {
                hosts.insert(pack.clone(), node.bodies[0].id.clone());
            }
        }
        let mut others = agreements::Receptions::new();
        for adopted in data::adoptions()? {
            let host = hosts.get(&adopted.pack);
            let further = adopted
                .receptions
                .into_iter()
                .filter(|reception| Some(reception) != host);
            others.entry((adopted.pack, adopted.body)).or_default().extend(further);
        }
        let needed = agreements::needed(
            &packs,
            &self.federation,
            (&hosts, &others),
            &data.representation,
            &data.messages,
            &changes.revoked,
        );
        let mut whole: BTreeMap<OfferKey, Offered> = BTreeMap::new();
        for agreement in &needed {
            let offered = whole
                .entry(offer_key(agreement))
                .or_insert_with(|| agreement.what.clone());
            match (offered, &agreement.what) {
                (Offered::Register { fields, .. }, Offered::Register { fields: more, .. }) => {
                    fields.extend(more.iter().cloned());
                }
                (Offered::Reception { messages }, Offered::Reception { messages: more }) => messages.extend(more),
                _ => {}
            }
        }
        let mut offers = BTreeMap::new();
        for (number, (key, what)) in whole.into_iter().enumerate() {
            let (provider, _, purpose, disclosure_ground) = key.clone();
            let offer = Offer {
                id: format!("{provider}/{}", number + 1),
                provider: provider.clone(),
                what,
                purposes: vec![purpose],
                disclosure_ground,
                valid_from: self.federation.issued_at - SINCE,
                valid_to: self.federation.expires_at,
                retention_days: RETENTION_DAYS,
                rate_per_minute: RATE_PER_MINUTE,
                conditions: CONDITIONS.to_owned(),
            };
            let jws = contract::sign_offer(&offer, &keys[&provider])?;
            offers.insert(key, (offer, jws));
        }
        Ok(Agreed { needed, offers })
    }

    /// What `adoptions.toml` says, and for a service of which it says nothing what each responsible body would need.
    fn adoptions(&mut self, data: &FederationData, keys: &Keys) -> Result<Vec<String>, NoWorld> {
        let mut signed = Vec::new();
        let mut adopted: BTreeSet<(Name, BodyId)> = BTreeSet::new();
        for listed in data::adoptions()? {
            let mut packs = self.packs.iter();
            // An author's own version takes the place of the binary's, and needs adoptions of its own.
            if packs.any(|pack| pack.meta.slug.it == listed.pack && pack.meta.version.it != listed.version) {
                continue;
            }
            adopted.insert((listed.pack.clone(), listed.body.clone()));
            let key = &keys[&listed.body];
            signed.push(contract::sign_adoption(&self.adoption(listed)?, key)?);
        }
        let mut made_up = Vec::new();
        for pack in &self.packs {
            let slug = &pack.meta.slug.it;
            let host = data.nodes.iter().find(|node| node.portal.contains(slug));
            let Some(host) = host.map(|node| node.bodies[0].id.clone()) else {
                continue;
            };
            let mut steps: BTreeMap<BodyId, Vec<Name>> = BTreeMap::new();
            for step in &pack.steps {
                for body in agreements::responsible(pack, &step.role.it, &self.federation) {
                    steps.entry(body).or_default().push(step.name.it.clone());
                }
            }
            for (body, steps) in steps {
                if adopted.contains(&(slug.clone(), body.clone())) {
                    continue;
                }
                let adoption = self.unheard_of(pack, body, steps, &host);
                for (parameter, values) in &adoption.parameters {
                    let values: Vec<String> = values.iter().map(|(_, value)| value.to_string()).collect();
                    made_up.push(format!(
                        "{} har för {slug} satt {parameter} till {}.",
                        adoption.body,
                        values.join(", ")
                    ));
                }
                signed.push(contract::sign_adoption(&adoption, &keys[&adoption.body])?);
            }
        }
        self.made_up.extend(made_up);
        Ok(signed)
    }

    /// What stands in the anchor's statement now: bodies may have adopted more since the world was laid out.
    fn published_adoptions(&self, now: Timestamp) -> Option<Vec<String>> {
        let anchor = self.node_of(&self.federation.anchor)?;
        let jws = std::fs::read_to_string(self.node_dir(&anchor.name).join("statement.jws")).ok()?;
        let view = FederationView::unpinned(jws.trim(), now).ok()?;
        Some(view.federation().adoptions.clone())
    }

    /// [`everything_set`], as far as it is the body's to set.
    fn unheard_of(&self, pack: &Pack, body: BodyId, steps: Vec<Name>, host: &BodyId) -> Adoption {
        let by = (self.publisher(pack), self.federation.issued_at);
        let kind = self.federation.body(&body).map_or(BodyKind::Agency, |body| body.kind);
        let mut adoption = everything_set(pack, body, steps, host, by);
        let settable = Settable::of(pack);
        let bare = Adoption {
            parameters: BTreeMap::new(),
            delegations: BTreeMap::new(),
            ..adoption.clone()
        };
        let may = |with: Adoption| adopting::faults(pack, &settable, &with, kind).is_empty();
        adoption.parameters.retain(|name, values| {
            may(Adoption {
                parameters: [(name.clone(), values.clone())].into(),
                ..bare.clone()
            })
        });
        adoption.delegations.retain(|name, delegation| {
            may(Adoption {
                delegations: [(name.clone(), delegation.clone())].into(),
                ..bare.clone()
            })
        });
        adoption
    }

    fn adoption(&self, adopted: AdoptionData) -> Result<Adoption, NoWorld> {
        let bad = |why: String| {
            NoWorld::Data(BadData {
                file: "adoptions.toml",
                why,
            })
        };
        let pack = self
            .packs
            .iter()
            .find(|pack| pack.meta.slug.it == adopted.pack && pack.meta.version.it == adopted.version)
            .ok_or_else(|| bad(format!("there is no {} {}", adopted.pack, adopted.version)))?;
        let mut parameters = BTreeMap::new();
        for (name, dated) in adopted.parameters {
            let ty = match pack.parameter(&name).map(|parameter| &parameter.ty.it) {
                Some(ParameterType::Value(ty)) => ty,
                _ => return Err(bad(format!("{name} is no parameter with a value"))),
            };
            let values = dated
                .into_iter()
                .map(|dated| match ty.value(&dated.value) {
                    Ok(value) => Ok((dated.from, value)),
                    Err(why) => Err(bad(format!("{name}: {why}"))),
                })
                .collect::<Result<_, _>>()?;
            parameters.insert(name, values);
        }
        Ok(Adoption {
            body: adopted.body,
            publisher: self.publisher(pack),
            pack: adopted.pack,
            version: adopted.version,
            pack_sha256: pack.sha256(),
            steps: adopted.steps,
            parameters,
            parameter_decisions: adopted.parameter_decisions,
            delegations: adopted
                .delegations
                .into_iter()
                .map(|(name, it)| (name, it.into()))
                .collect(),
            receptions: adopted.receptions.into_iter().collect(),
            decided: adopted.decided,
            adopted_at: self.federation.issued_at,
        })
    }

    /// Who gives a service out: the body that the document names, else the first body where people start it.
    pub fn publisher(&self, pack: &Pack) -> BodyId {
        let said = pack.meta.publisher.it.as_str();
        let bodies = &self.federation.bodies;
        let named = bodies
            .iter()
            .find(|body| [&body.name, &body.part_of].into_iter().any(|name| name == said));
        let portal = self.portal(&pack.meta.slug.it).map(|node| &node.bodies[0].id);
        named
            .map(|body| &body.id)
            .or(portal)
            .unwrap_or(&self.federation.anchor)
            .clone()
    }

    /// Each service as its publisher gives it out, in the publisher's own store.
    fn publish(&self, stores: &BTreeMap<String, Store>, keys: &Keys, now: Timestamp) -> Result<(), NoWorld> {
        for pack in &self.packs {
            let publisher = self.publisher(pack);
            let Some(node) = self.node_of(&publisher) else { continue };
            let meta = &pack.meta;
            let signed = version::sign(
                &pack.files,
                (meta.slug.it.clone(), meta.version.it),
                &keys[&publisher],
                now,
            )
            .map_err(Untrusted::from)?;
            let kept = Known::of(pack.files.clone(), Some(signed))
                .map_err(|why| NoWorld::Pack(meta.slug.it.to_string(), why))?
                .kept();
            let kept: Result<versions::Keeping, StoreError> =
                stores[&node.name].run_blocking("demo.publish", move |tx| versions::keep(tx, &kept, now));
            kept?;
        }
        Ok(())
    }

    /// Signs the statement and puts it where the anchor publishes it and where each node has its copy.
    fn statement(&self, keys: &Keys) -> Result<Statement, NoWorld> {
        let anchor = &keys[&self.federation.anchor];
        let jws = federation::sign(&self.federation, anchor)?;
        for node in &self.nodes {
            write(&self.node_dir(&node.name).join("federation.jws"), jws.as_bytes())?;
            if node.bodies.iter().any(|body| body.id == self.federation.anchor) {
                write(&self.node_dir(&node.name).join("statement.jws"), jws.as_bytes())?;
            }
        }
        let pinned = Anchor::Key(anchor.signing().public().clone());
        Ok(Statement::verify(&jws, &pinned, self.federation.issued_at)?)
    }

    /// `node.toml` and the services.
    fn configure(&self, statement: &Statement) -> Result<(), NoWorld> {
        let anchor_key = statement
            .body(&self.federation.anchor)
            .and_then(|anchor| anchor.keys.first().cloned())
            .unwrap_or_default();
        let anchor_node = self.node_of(&self.federation.anchor).map(|node| node.name.clone());
        for node in &self.nodes {
            let dir = self.node_dir(&node.name);
            let is_anchor = anchor_node.as_deref() == Some(&node.name);
            let url = anchor_node
                .as_ref()
                .map(|anchor| format!("{}/federation", self.url(anchor)));
            let config = NodeToml {
                name: &node.name,
                base_url: self.url(&node.name),
                listen: self
                    .addresses
                    .get(&node.name)
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                packs: "packs",
                made_up: true,
                eid: Eid {
                    issuer: self.url(EID),
                    client_id: node.name.clone(),
                },
                federation: FederationToml {
                    url: url.filter(|_| !is_anchor),
                    file: is_anchor.then_some("statement.jws"),
                    anchor_key: &anchor_key,
                },
                portal: (!node.portal.is_empty()).then(|| Portal {
                    packs: node.portal.iter().cloned().collect(),
                }),
                bodies: node
                    .bodies
                    .iter()
                    .map(|body| self.body_config(body))
                    .collect::<Result<_, _>>()?,
            };
            let text = toml::to_string(&config).map_err(|why| BadData {
                file: "federation.toml",
                why: why.to_string(),
            })?;
            write(&dir.join("node.toml"), text.as_bytes())?;
            if !self.resumed && !is_anchor {
                for pack in &self.packs {
                    let folder = dir.join("packs").join(pack.meta.slug.as_str());
                    for file in &pack.files {
                        write_open(&folder.join(&file.path), file.text.as_bytes())?;
                    }
                    let todays = format!("{}/{}", pack.meta.slug.it, samverk_author::forms::FILE);
                    if let Some(forms) = data::PACKS.iter().find(|file| file.path == todays) {
                        write_open(&folder.join(samverk_author::forms::FILE), forms.text.as_bytes())?;
                    }
                }
            }
        }
        Ok(())
    }

    fn body_config(&self, body: &BodyData) -> Result<BodyConfig, BadData> {
        let bad = |why: String| BadData { file: "staff.csv", why };
        let mut staff = Vec::new();
        for row in self.staff.iter().filter(|row| row.organ == body.id) {
            let roles = row
                .roles()
                .map(|word| {
                    let known = Role::ALL.into_iter().find(|role| role.word() == word);
                    known.ok_or_else(|| bad(format!("there is no role {word}")))
                })
                .collect::<Result<_, _>>()?;
            staff.push(Staff {
                person: PersonId::parse(&row.pnr).map_err(|_| bad(format!("{}'s number", row.namn)))?,
                name: row.namn.clone(),
                roles,
            });
        }
        Ok(BodyConfig {
            id: body.id.clone(),
            name: body.name.clone(),
            name_en: body.name_en.clone(),
            part_of: body.part_of.clone(),
            kind: body.kind,
            theme: body.theme.clone(),
            guest: body.guest,
            diary_prefix: body.diary_prefix.clone(),
            telephone: body.telephone.clone(),
            staff,
        })
    }

    fn eid(&self) -> Result<(), NoWorld> {
        let client = |node: &NodeData| Registered {
            id: node.name.clone(),
            name: node.bodies[0].name.clone(),
            redirect_uri: format!("{}/oidc/tillbaka", self.url(&node.name)),
        };
        let config = EidConfig {
            issuer: self.url(EID),
            listen: self
                .addresses
                .get(EID)
                .copied()
                .unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
            clients: self.nodes.iter().map(client).collect(),
        };
        let text = toml::to_string(&config).map_err(|why| BadData {
            file: "federation.toml",
            why: why.to_string(),
        })?;
        write(&self.node_dir(EID).join("test-eid.toml"), text.as_bytes())
    }

    /// Each node's store, opened here while no node runs.
    fn stores(&self) -> Result<BTreeMap<String, Store>, NoWorld> {
        let mut stores = BTreeMap::new();
        for node in &self.nodes {
            stores.insert(
                node.name.clone(),
                Store::open(&self.node_dir(&node.name).join("node.sqlite"))?,
            );
        }
        Ok(stores)
    }

    fn import(&self, stores: &BTreeMap<String, Store>, changes: &Changes, now: Timestamp) -> Result<(), NoWorld> {
        for node in &self.nodes {
            for body in &node.bodies {
                for register in &body.registers {
                    let text = rows(register, changes)?;
                    let file = self.node_dir(&node.name).join(format!("{register}.csv"));
                    write(&file, text.as_bytes())?;
                    let order = Order {
                        body: body.id.clone(),
                        register: register.clone(),
                        file,
                        now,
                    };
                    let report = import::import(&stores[&node.name], &order, &mut |_, _| {})?;
                    if let Some((line, why)) = report.shown.first() {
                        return Err(NoWorld::Row {
                            register: register.clone(),
                            why: format!("rad {line}: {why}"),
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// Both sign each contract and keep it.
    fn contract(
        &self,
        stores: &BTreeMap<String, Store>,
        keys: &Keys,
        agreed: Agreed,
        statement: &Statement,
        order: &Laying,
    ) -> Result<(), NoWorld> {
        let mut kept: BTreeMap<&str, Vec<Arc<Signed>>> = BTreeMap::new();
        let mut ended: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for agreement in agreed.needed {
            let (offer, jws) = &agreed.offers[&offer_key(&agreement)];
            let fields = match &agreement.what {
                Offered::Register { fields, .. } => fields.clone(),
                Offered::Reception { .. } => BTreeSet::new(),
            };
            let is_revoked = match &agreement.what {
                Offered::Register { register, modes, .. } => fields.iter().any(|field| {
                    let mut modes = modes.iter();
                    modes.any(|mode| {
                        order
                            .changes
                            .revoked
                            .contains(&(register.clone(), field.clone(), *mode))
                    })
                }),
                Offered::Reception { .. } => false,
            };
            let acceptance = Acceptance {
                id: order.chance.id(order.now).to_string(),
                fields,
                purpose: agreement.purpose,
                processing_ground: agreement.processing_ground,
                valid_from: offer.valid_from,
                valid_to: offer.valid_to,
                on_behalf_of: None,
            };
            let half = contract::accept(offer, acceptance, &keys[&agreement.consumer])?;
            let whole = contract::countersign(half, jws, &keys[&agreement.provider], statement)?;
            let row = Arc::new((whole.signed().clone(), offer.clone(), jws.clone()));
            let nodes = [&agreement.consumer, &agreement.provider].map(|body| self.node_of(body));
            for node in nodes.into_iter().flatten() {
                kept.entry(&node.name).or_default().push(Arc::clone(&row));
            }
            if is_revoked && let Some(node) = self.node_of(&agreement.provider) {
                let reason = "Avtalet är uppsagt av den som för registret.";
                let provider = &keys[&agreement.provider];
                let at = whole_seconds(order.now);
                ended
                    .entry(&node.name)
                    .or_default()
                    .push(contract::revoke(&whole, provider, at, reason)?);
            }
        }
        let now = order.now;
        for (node, contracts) in kept {
            let ended = ended.remove(node).unwrap_or_default();
            let done: Result<(), StoreError> = stores[node].run_blocking("demo.contracts", move |tx| {
                for row in &contracts {
                    let (signed, offer, jws) = &**row;
                    terms::keep_offer(tx, &signed.contract.offer_hash, offer, jws, now)?;
                    terms::keep_contract(tx, signed, now)?;
                }
                for (revocation, jws) in &ended {
                    terms::keep_revocation(tx, revocation, jws)?;
                }
                Ok(())
            });
            done?;
        }
        Ok(())
    }

    fn keep(&self) -> Result<(), NoWorld> {
        let kept = Kept {
            addresses: self.addresses.clone(),
            offers: self.federation.offers.clone(),
            adoptions: self.federation.adoptions.clone(),
            packs: self
                .packs
                .iter()
                .map(|pack| (pack.meta.slug.it.clone(), pack.sha256()))
                .collect(),
        };
        let text = serde_json::to_vec_pretty(&kept).expect("texts and addresses are always JSON");
        write(&self.dir.join("world.json"), &text)
    }
}

type Keys = BTreeMap<BodyId, BodyKeys>;
/// Provider, what (as text), purpose, ground of disclosure: one offer.
type OfferKey = (BodyId, String, String, String);

#[derive(Default)]
struct Agreed {
    needed: Vec<Agreement>,
    offers: BTreeMap<OfferKey, (Offer, String)>,
}

fn offer_key(agreement: &Agreement) -> OfferKey {
    let what = match &agreement.what {
        Offered::Register { register, modes, .. } => format!("{register} {modes:?}"),
        Offered::Reception { .. } => "reception".to_owned(),
    };
    (
        agreement.provider.clone(),
        what,
        agreement.purpose.clone(),
        agreement.disclosure_ground.clone(),
    )
}

#[derive(Serialize)]
struct NodeToml<'a> {
    name: &'a str,
    base_url: String,
    listen: String,
    packs: &'a str,
    made_up: bool,
    eid: Eid,
    federation: FederationToml<'a>,
    portal: Option<Portal>,
    bodies: Vec<BodyConfig>,
}

#[derive(Serialize)]
struct FederationToml<'a> {
    url: Option<String>,
    file: Option<&'a str>,
    anchor_key: &'a serde_json::Value,
}

/// Gives the services that no node starts to the first that starts any, and the tasks that nobody has to the bodies that take
/// such. Says what was made up.
fn suit(data: &mut FederationData, packs: &[Pack]) -> Vec<String> {
    let mut made_up = Vec::new();
    for pack in packs {
        let slug = &pack.meta.slug.it;
        if !data.nodes.iter().any(|node| node.portal.contains(slug))
            && let Some(portal) = data.nodes.iter_mut().find(|node| !node.portal.is_empty())
        {
            portal.portal.push(slug.clone());
        }
        for role in &pack.roles {
            let mut bodies = data.nodes.iter().flat_map(|node| &node.bodies);
            if bodies.any(|body| body.tasks.iter().any(|task| task.task == role.task.it)) {
                continue;
            }
            let is_local = matches!(role.area.it, Area::MunicipalityOf(_));
            let mut taken = Vec::new();
            for body in data.nodes.iter_mut().flat_map(|node| &mut node.bodies) {
                let Some(municipalities) = &body.other_tasks else {
                    continue;
                };
                if (body.kind == BodyKind::Private) != (role.kind.it == RoleKind::Private) {
                    continue;
                }
                // One body answers for a task in the whole country, and one in each municipality.
                if municipalities.is_empty() != is_local && (is_local || taken.is_empty()) {
                    body.tasks.push(Task {
                        task: role.task.it.clone(),
                        municipalities: municipalities.clone(),
                    });
                    taken.push(format!("{} ({})", body.name, body.part_of));
                }
            }
            made_up.push(format!(
                "Ingen i den påhittade federationen har uppdraget {}; det får {}.",
                role.task.it,
                taken.join(" och ")
            ));
        }
    }
    made_up
}

/// An adoption of a service of which the demonstration's data says nothing: every parameter without a standard gets a value
/// within its bounds, and every delegation is given.
fn everything_set(
    pack: &Pack,
    body: BodyId,
    steps: Vec<Name>,
    host: &BodyId,
    (publisher, adopted_at): (BodyId, Timestamp),
) -> Adoption {
    let decided_on = pack.meta.valid_from.it;
    let mut parameters = BTreeMap::new();
    let mut delegations = BTreeMap::new();
    for parameter in &pack.parameters {
        match (&parameter.ty.it, &parameter.default.it) {
            (ParameterType::Value(ty), ParameterDefault::None) => {
                if let Some(value) = some_value(ty, decided_on) {
                    parameters.insert(parameter.name.it.clone(), vec![(None, value)]);
                }
            }
            (ParameterType::Delegation, _) => {
                let delegation = Delegation {
                    decided_by: body.to_string(),
                    decided_on,
                    paragraph: "§ 1".to_owned(),
                    scope: format!("Beslut i tjänsten {}", pack.title.it),
                    to: "Handläggare, eller tjänstens automatiska beslutsfunktion".to_owned(),
                };
                delegations.insert(parameter.name.it.clone(), delegation);
            }
            _ => {}
        }
    }
    Adoption {
        body,
        publisher,
        pack: pack.meta.slug.it.clone(),
        version: pack.meta.version.it,
        pack_sha256: pack.sha256(),
        steps,
        parameters,
        parameter_decisions: BTreeMap::new(),
        delegations,
        receptions: [host.clone()].into(),
        decided: format!("{decided_on}, § 1"),
        adopted_at,
    }
}

/// A value that the type allows: of numbers one a tenth into the range.
fn some_value(ty: &Type, day: Date) -> Option<Value> {
    let tenth = |min: Decimal, max: Decimal| {
        let step = max.checked_sub(min)?.checked_div(Decimal::TEN)?.trunc();
        min.checked_add(step).map(Value::Number)
    };
    match ty {
        Type::YesNo => Some(Value::YesNo(true)),
        Type::Number { min, max, .. } | Type::Kronor { min, max } => tenth(*min, *max),
        Type::Choice(words) => words.first().cloned().map(Value::Choice),
        Type::Text { .. } => Some(Value::Text("Påhittat för demonstrationen".to_owned())),
        Type::Date => Some(Value::Date(day)),
        Type::Clock { from, .. } => Some(Value::Clock(*from)),
        Type::Several(words) => Some(Value::Set(words.first().cloned().into_iter().collect())),
        Type::Period => Some(Value::Period { from: day, to: day }),
        _ => None,
    }
}

/// The services inside the binary: the one that is played first, then the others by name.
pub fn embedded_packs() -> Result<Vec<Pack>, NoWorld> {
    let mut folders: BTreeMap<&str, Vec<SourceFile>> = BTreeMap::new();
    for file in data::PACKS {
        let (folder, path) = file.path.split_once('/').unwrap_or(("", file.path));
        if !folder::is_document(path) {
            continue;
        }
        folders.entry(folder).or_default().push(SourceFile {
            path: path.to_owned(),
            text: file.text.to_owned(),
        });
    }
    let mut packs = Vec::new();
    for (folder, mut files) in folders {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let (pack, findings) = parse::pack(files);
        let first = findings
            .first()
            .map(|finding| finding.message.clone())
            .unwrap_or_default();
        packs.push(pack.ok_or_else(|| NoWorld::Pack(folder.to_owned(), first))?);
    }
    packs.sort_by_key(|pack| pack.meta.slug.as_str() != data::FIRST_SERVICE);
    Ok(packs)
}

fn keys_of(order: &Laying, data: &FederationData) -> Result<Keys, NoWorld> {
    let mut keys = BTreeMap::new();
    for node in &data.nodes {
        let dir = order.dir.join(&node.name);
        make_folder(&dir)?;
        for body in &node.bodies {
            let own = BodyKeys::load_or_generate(&dir, &body.id, |bytes| order.chance.fill(bytes))?;
            keys.insert(body.id.clone(), own);
        }
    }
    Ok(keys)
}

fn bodies(order: &Laying, data: &FederationData, keys: &Keys) -> Vec<Body> {
    let mut bodies = Vec::new();
    for node in &data.nodes {
        let address = order
            .addresses
            .get(&node.name)
            .map(|address| format!("http://{address}"));
        for body in &node.bodies {
            bodies.push(Body {
                id: body.id.clone(),
                name: body.name.clone(),
                name_en: body.name_en.clone(),
                part_of: body.part_of.clone(),
                kind: body.kind,
                orgnr: body.orgnr.clone(),
                node: address.clone().unwrap_or_default(),
                hosted_by: body.guest.then(|| node.bodies[0].id.clone()),
                keys: keys[&body.id].public_jwks(),
                tasks: body.tasks.clone(),
                registers: body.registers.clone(),
                theme: body.theme.clone(),
            });
        }
    }
    bodies
}

/// A register's file with what the scenario says that it holds, and without the fields that it cannot answer.
fn rows(register: &Name, changes: &Changes) -> Result<String, NoWorld> {
    let bad = |why: String| NoWorld::Row {
        register: register.clone(),
        why,
    };
    let text =
        data::register(register).ok_or_else(|| bad("there is no such register in the demonstration".to_owned()))?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().cloned().map_err(|why| bad(why.to_string()))?;
    let mut held = changes.held.get(register).cloned().unwrap_or_default();
    let mut table: Vec<Vec<String>> = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|why| bad(why.to_string()))?;
        let mut cells: Vec<String> = row.iter().map(str::to_owned).collect();
        let same = held.keys().find(|subject| same_subject(subject, &cells[0])).cloned();
        if let Some(fields) = same.and_then(|subject| held.remove(&subject)) {
            change(&mut cells, &header, fields).map_err(bad)?;
        }
        table.push(cells);
    }
    for (subject, fields) in held {
        if fields.values().all(String::is_empty) {
            continue;
        }
        let mut cells = vec![String::new(); header.len()];
        cells[0] = subject;
        change(&mut cells, &header, fields).map_err(bad)?;
        table.push(cells);
    }
    let shown: Vec<usize> = (0..header.len())
        .filter(|at| {
            !changes
                .unavailable
                .iter()
                .any(|(of, field)| of == register && field.as_str() == field_of(&header[*at]))
        })
        .collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header: Vec<String> = header.iter().map(str::to_owned).collect();
    for row in std::iter::once(&header).chain(&table) {
        writer
            .write_record(shown.iter().map(|at| &row[*at]))
            .map_err(|why| bad(why.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|why| bad(why.to_string()))?;
    String::from_utf8(bytes).map_err(|why| bad(why.to_string()))
}

fn change(cells: &mut [String], header: &csv::StringRecord, fields: BTreeMap<Name, String>) -> Result<(), String> {
    for (field, value) in fields {
        let at = header.iter().position(|column| field_of(column) == field.as_str());
        cells[at.ok_or_else(|| format!("it has no field {field}"))?] = value;
    }
    Ok(())
}

/// The field in a column's heading, which may also state a type: `pågår (ja/nej)`.
pub fn field_of(heading: &str) -> &str {
    heading.split('(').next().unwrap_or(heading).trim()
}

/// Numbers are the same with or without a hyphen.
pub fn same_subject(a: &str, b: &str) -> bool {
    let plain = |text: &str| {
        text.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    plain(a) == plain(b)
}

fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn read_kept(dir: &Path) -> Result<Option<Kept>, NoWorld> {
    let path = dir.join("world.json");
    let io = |why| NoWorld::Folder {
        path: path.clone(),
        why,
    };
    match std::fs::read(&path) {
        Ok(bytes) => {
            let kept = serde_json::from_slice(&bytes).map_err(|why| io(std::io::Error::other(why)))?;
            Ok(Some(kept))
        }
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(io(why)),
    }
}

fn make_folder(path: &Path) -> Result<(), NoWorld> {
    std::fs::create_dir_all(path).map_err(|why| NoWorld::Folder {
        path: path.to_owned(),
        why,
    })
}

/// For what anyone may read, and what is made anew if it is lost.
fn write_open(path: &Path, bytes: &[u8]) -> Result<(), NoWorld> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    std::fs::write(path, bytes).map_err(|why| NoWorld::Folder {
        path: path.to_owned(),
        why,
    })
}

/// Staff's numbers are in some of these files: readable by their owner only.
fn write(path: &Path, bytes: &[u8]) -> Result<(), NoWorld> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    let io = |why| NoWorld::Folder {
        path: path.to_owned(),
        why,
    };
    match std::fs::remove_file(path) {
        Err(why) if why.kind() != std::io::ErrorKind::NotFound => return Err(io(why)),
        _ => {}
    }
    seal::write_private(path, bytes).map_err(io)
}

#[cfg(test)]
mod tests {
    use samverk_domain::check;
    use samverk_domain::finding::Severity;
    use samverk_domain::terms::Mode;

    use super::*;
    use crate::library::Library;
    use crate::node::{Node, Surroundings};

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn lay(dir: &Path, changes: &Changes) -> World {
        let places = places(dir, None).unwrap();
        let now = "2026-11-21T09:00:00Z".parse().unwrap();
        World::lay(&Laying {
            packs: embedded_packs().unwrap(),
            dir: dir.to_owned(),
            addresses: places.addresses,
            now,
            chance: Chance::seeded(1),
            changes: changes.clone(),
        })
        .unwrap()
    }

    fn contracts(world: &World, node: &str, body: &str) -> Vec<SignedContract> {
        let store = Store::open(&world.node_dir(node).join("node.sqlite")).unwrap();
        let body = BodyId::parse(body).unwrap();
        store
            .run_blocking("test", move |tx| terms::contracts_of(tx, &body))
            .unwrap_or_else(|why: StoreError| panic!("{why}"))
    }

    #[test]
    fn the_services_find_everything_that_they_need_in_the_federation() {
        let dir = tempfile::tempdir().unwrap();
        let world = lay(dir.path(), &Changes::default());
        let config = crate::config::Config::read(&world.node_dir("foretagsporten")).unwrap();
        let node = Node::open(&world.node_dir("foretagsporten"), config, Surroundings::default()).unwrap();
        let view = node.federation.view(world.federation.issued_at).unwrap();
        assert_eq!(view.refused(), [] as [String; 0]);
        let offers: Vec<Offer> = view.offers().map(|(_, published)| published.it.clone()).collect();
        let adoptions: Vec<Adoption> = view.adoptions().map(|published| published.it.clone()).collect();
        for pack in &world.packs {
            let joined = check::Joined {
                federation: view.federation(),
                offers: &offers,
                adoptions: &adoptions,
            };
            let mut found = check::check(pack, Some(joined));
            found.retain(|finding| finding.severity == Severity::Error);
            assert!(found.is_empty(), "{found:#?}");
            for adoption in adoptions.iter().filter(|adoption| adoption.pack == pack.meta.slug.it) {
                assert_eq!(adoption.pack_sha256, pack.sha256());
                let kind = view.body(&adoption.body).unwrap().kind;
                let faults = adopting::faults(pack, &Settable::of(pack), adoption, kind);
                assert_eq!(faults, [] as [String; 0], "{} {}", adoption.body, adoption.pack);
            }
        }
        let library = Library::open(&world.node_dir("exempelkommun-a").join("packs")).unwrap();
        assert_eq!(library.all().len(), world.packs.len());
    }

    /// A small service of the binary under another name, with a task that nobody has.
    fn unknown_service() -> Pack {
        let packs = embedded_packs().unwrap();
        let known = packs
            .iter()
            .find(|pack| pack.meta.slug.as_str() == "serveringsansvariga");
        let mut files = known.unwrap().files.clone();
        for file in &mut files {
            file.text = file
                .text
                .replace("tjänst: serveringsansvariga", "tjänst: helt-ny")
                .replace("| alkoholtillstånd |", "| tillsyn av något nytt |");
        }
        parse::pack(files).0.unwrap()
    }

    #[test]
    fn a_service_that_nobody_has_heard_of_gets_a_host_bodies_and_adoptions() {
        let dir = tempfile::tempdir().unwrap();
        let mut packs = embedded_packs().unwrap();
        packs.push(unknown_service());
        let pack = packs.last().unwrap().clone();
        let world = World::lay(&Laying {
            packs,
            dir: dir.path().to_owned(),
            addresses: places(dir.path(), None).unwrap().addresses,
            now: "2026-11-21T09:00:00Z".parse().unwrap(),
            chance: Chance::seeded(1),
            changes: Changes::default(),
        })
        .unwrap();
        assert_eq!(world.portal(&pack.meta.slug.it).unwrap().name, "foretagsporten");
        let body = world
            .federation
            .responsible("tillsyn av något nytt", Some("0002"))
            .unwrap();
        assert_eq!(body.id.as_str(), "exempelkommun-b.socialnamnden");
        assert!(world.made_up.iter().any(|said| said.contains("tillsyn av något nytt")));
        let config = crate::config::Config::read(&world.node_dir("foretagsporten")).unwrap();
        let node = Node::open(&world.node_dir("foretagsporten"), config, Surroundings::default()).unwrap();
        let view = node.federation.view(world.federation.issued_at).unwrap();
        let own = view
            .adoptions()
            .filter(|adoption| adoption.it.pack == pack.meta.slug.it);
        assert_eq!(own.count(), 2, "one in each municipality");
    }

    #[test]
    fn a_folder_keeps_to_the_services_that_it_began_with() {
        let dir = tempfile::tempdir().unwrap();
        lay(dir.path(), &Changes::default());
        let mut packs = embedded_packs().unwrap();
        packs.push(unknown_service());
        let again = World::lay(&Laying {
            packs,
            dir: dir.path().to_owned(),
            addresses: places(dir.path(), None).unwrap().addresses,
            now: "2026-11-21T09:00:00Z".parse().unwrap(),
            chance: Chance::seeded(1),
            changes: Changes::default(),
        });
        assert!(matches!(again, Err(NoWorld::NotAgain { .. })));
    }

    #[test]
    fn every_node_can_be_opened_and_holds_what_its_bodies_have_signed() {
        let dir = tempfile::tempdir().unwrap();
        let world = lay(dir.path(), &Changes::default());
        for node in &world.nodes {
            let config = crate::config::Config::read(&world.node_dir(&node.name)).unwrap();
            Node::open(&world.node_dir(&node.name), config, Surroundings::default()).unwrap();
        }
        // The owners' debts go to the committee that decides, and never to the portal.
        let direct = |node: &str, body: &str| {
            contracts(&world, node, body).into_iter().any(|it| {
                matches!(&it.contract.offer.what, Offered::Register { register, modes, .. }
                    if register.as_str() == "indrivning" && modes.contains(&Mode::Direct))
            })
        };
        assert!(!direct("foretagsporten", "foretagsporten"));
        assert!(direct("exempelkommun-a", "exempelkommun-a.socialnamnden"));
        assert!(direct("exempelkommun-b", "exempelkommun-b.socialnamnden"));
        assert!(!direct("exempelkommun-b", "raddningsforbundet"));
        // A referral and an opinion between the police and each committee that it is heard by, or hears.
        let police = contracts(&world, "polisdistriktet", "polisdistriktet");
        for municipality in ["exempelkommun-a", "exempelkommun-b"] {
            for committee in ["socialnamnden", "samhallsbyggnadsnamnden"] {
                let committee = format!("{municipality}.{committee}");
                let given = police.iter().filter(|it| it.contract.consumer.as_str() == committee);
                let taken = police
                    .iter()
                    .filter(|it| it.contract.offer.provider.as_str() == committee);
                assert!(given.count() >= 1 && taken.count() >= 1, "{committee}");
            }
        }
    }

    #[test]
    fn a_second_laying_keeps_keys_and_contracts() {
        let dir = tempfile::tempdir().unwrap();
        let first = lay(dir.path(), &Changes::default());
        let before = contracts(&first, "foretagsporten", "foretagsporten").len();
        let second = lay(dir.path(), &Changes::default());
        assert!(second.resumed && !first.resumed);
        assert_eq!(second.addresses, first.addresses);
        assert_eq!(second.federation.bodies, first.federation.bodies);
        assert_eq!(contracts(&second, "foretagsporten", "foretagsporten").len(), before);
    }

    #[test]
    fn a_scenario_changes_what_a_register_holds_and_can_answer() {
        let changes = Changes {
            held: BTreeMap::from([(
                name("skatt"),
                BTreeMap::from([
                    (
                        "5599000006".to_owned(),
                        BTreeMap::from([(name("moms"), "nej".to_owned())]),
                    ),
                    (
                        "559900-0113".to_owned(),
                        BTreeMap::from([(name("moms"), String::new())]),
                    ),
                ]),
            )]),
            unavailable: [(name("skatt"), name("arbetsgivare"))].into(),
            ..Changes::default()
        };
        let text = rows(&name("skatt"), &changes).unwrap();
        assert!(text.starts_with("ämne,f-skatt,moms,gäller_från\n"), "{text}");
        assert!(text.contains("\n559900-0006,ja,nej,"), "{text}");
        assert!(text.contains("\n559900-0113,ja,,"), "{text}");
    }

    #[test]
    fn a_contract_that_is_to_be_ended_is_one_for_that_field_alone() {
        let dir = tempfile::tempdir().unwrap();
        let field = (name("skatt"), name("moms"), Mode::ViaApplicant);
        let changes = Changes {
            revoked: [field].into(),
            ..Changes::default()
        };
        let world = lay(dir.path(), &changes);
        let store = Store::open(&world.node_dir("skatteregistret").join("node.sqlite")).unwrap();
        let ended: usize = contracts(&world, "skatteregistret", "skatteregistret")
            .into_iter()
            .filter(|it| {
                let hash = it.hash.clone();
                let end = store.run_blocking("test", move |tx| terms::revocation(tx, &hash));
                let end = end.unwrap_or_else(|why: StoreError| panic!("{why}"));
                assert!(end.is_none() || it.contract.fields == [name("moms")].into());
                end.is_some()
            })
            .count();
        assert_eq!(ended, 1);
    }
}
