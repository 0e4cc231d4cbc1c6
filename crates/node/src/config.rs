//! `node.toml`: who runs this node, for which bodies, and whom it trusts.
//!
//! Parsed once at start into a value that cannot be wrong: every error is found at once and says which key to mend.
//! Secrets are not here; they are in `keys/`, readable by the node's own user only.
//!
//! ```toml
//! name = "exempelkommun-b"                 # the node, also in cookies
//! base_url = "http://127.0.0.1:7108"       # as people and nodes reach it, without a slash at the end
//! listen = "127.0.0.1:7108"
//! packs = "packs"                          # folder with services, relative to this file
//! made_up = true                           # a demonstration: every page says that people and numbers are invented
//!
//! [eid]                                    # without it nobody can log in here
//! issuer = "http://127.0.0.1:7199"
//! client_id = "exempelkommun-b"
//!
//! [federation]                             # without it the node knows no other body
//! url = "http://127.0.0.1:7101/federation" # or file = "federation.jws"
//! anchor_key = { kty = "OKP", crv = "Ed25519", x = "…" }
//!
//! [portal]                                 # people may start these services here
//! packs = ["starta-restaurang"]
//!
//! [[bodies]]
//! id = "exempelkommun-b.miljonamnden"
//! name = "Miljönämnden"
//! name_en = "The Environmental Committee"
//! part_of = "Exempelkommun B"
//! kind = "municipal_board"                 # municipal_association, agency, private
//! theme = "exempelkommun-b"
//! [[bodies.staff]]
//! person = "19…"                           # 12 digits
//! name = "Johan Berg"
//! roles = ["handläggare"]
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use samverk_domain::fact::Name;
use samverk_domain::terms::{BodyId, BodyKind};
use samverk_domain::words::ids::PersonId;
use serde::{Deserialize, Serialize};

/// A larger file is not a configuration.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Bodies on one node. A county's municipalities with all their boards fit.
pub const BODIES_MAX: usize = 500;
/// People with a role in one body.
pub const STAFF_MAX: usize = 5_000;

#[derive(Clone, Debug)]
pub struct Config {
    pub name: String,
    /// Without a slash at the end.
    pub base_url: String,
    pub listen: SocketAddr,
    /// Absolute, or relative to the working directory.
    pub packs_dir: PathBuf,
    pub eid: Option<Eid>,
    pub federation: Option<FederationSource>,
    pub portal: Option<Portal>,
    /// Everything on this node is invented: every page says so. For demonstrations.
    pub made_up: bool,
    /// The first one is whose page the node's start page is.
    pub bodies: Vec<BodyConfig>,
}

/// The e-legitimation provider that logins go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Eid {
    pub issuer: String,
    pub client_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FederationSource {
    pub from: FederationFrom,
    /// The anchor's public key as JWK.
    pub anchor_key: serde_json::Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FederationFrom {
    /// Fetched at start and again before it expires; the last good one is kept in `federation.jws`.
    Url(String),
    File(PathBuf),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Portal {
    /// Slugs of the services that people may start here.
    pub packs: BTreeSet<Name>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyConfig {
    pub id: BodyId,
    pub name: String,
    pub name_en: String,
    #[serde(default)]
    pub part_of: String,
    #[serde(default = "agency")]
    pub kind: BodyKind,
    #[serde(default)]
    pub theme: String,
    /// Hosted for someone who has no node: own key, diary and staff.
    #[serde(default)]
    pub guest: bool,
    /// What stands before the number in the diary: `SN`.
    #[serde(default)]
    pub diary_prefix: String,
    /// Where a person reaches someone by telephone; shown in the footer and on error pages.
    #[serde(default)]
    pub telephone: String,
    #[serde(default)]
    pub staff: Vec<Staff>,
}

fn agency() -> BodyKind {
    BodyKind::Agency
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Staff {
    /// 12 digits.
    pub person: PersonId,
    pub name: String,
    pub roles: BTreeSet<Role>,
}

impl fmt::Debug for Staff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Staff({:?})", self.roles)
    }
}

/// What someone is in a body. Permissions follow from these in `login::permissions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Role {
    #[serde(rename = "registrator")]
    Registrar,
    #[serde(rename = "handläggare")]
    CaseWorker,
    /// In a state agency one may write what it is called there.
    #[serde(rename = "delegat", alias = "beslutsfattare")]
    Delegate,
    #[serde(rename = "nämndsekreterare")]
    Secretary,
    #[serde(rename = "operatör")]
    Operator,
}

impl Role {
    pub const ALL: [Self; 5] = [
        Self::Registrar,
        Self::CaseWorker,
        Self::Delegate,
        Self::Secretary,
        Self::Operator,
    ];

    /// Which one is shown when somebody has several.
    pub fn rank(self) -> u8 {
        match self {
            Self::Operator => 0,
            Self::Registrar => 1,
            Self::CaseWorker => 2,
            Self::Secretary => 3,
            Self::Delegate => 4,
        }
    }

    /// What one is called in a body of this kind: only nämnder and associations of municipalities have delegates.
    pub fn word_in(self, kind: BodyKind) -> &'static str {
        match (self, kind) {
            (Self::Delegate, BodyKind::Agency) => "beslutsfattare",
            (Self::Delegate, BodyKind::Private) => "avtalsansvarig",
            _ => self.word(),
        }
    }

    /// The Swedish word, as in `node.toml`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Registrar => "registrator",
            Self::CaseWorker => "handläggare",
            Self::Delegate => "delegat",
            Self::Secretary => "nämndsekreterare",
            Self::Operator => "operatör",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Why the node cannot start with this file.
#[derive(Debug, thiserror::Error)]
pub enum BadConfig {
    #[error("{path} could not be read: {why}")]
    Unreadable { path: PathBuf, why: std::io::Error },
    #[error("{path} is larger than {FILE_BYTES_MAX} bytes")]
    TooLarge { path: PathBuf },
    /// Without the line's text, which may hold an identity number.
    #[error("{path}, line {line}: {why}")]
    Syntax { path: PathBuf, line: usize, why: String },
    /// All that is wrong, one a line.
    #[error("{path}: {}", .faults.join("\n  "))]
    Values { path: PathBuf, faults: Vec<String> },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    base_url: String,
    listen: String,
    #[serde(default = "default_packs")]
    packs: PathBuf,
    eid: Option<Eid>,
    federation: Option<FederationTable>,
    portal: Option<Portal>,
    #[serde(default)]
    made_up: bool,
    #[serde(default)]
    bodies: Vec<BodyConfig>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FederationTable {
    url: Option<String>,
    file: Option<PathBuf>,
    anchor_key: serde_json::Value,
}

fn default_packs() -> PathBuf {
    PathBuf::from("packs")
}

impl Config {
    /// Reads `{dir}/node.toml`. Relative paths in it start at `dir`.
    pub fn read(dir: &Path) -> Result<Self, BadConfig> {
        let path = dir.join("node.toml");
        let unreadable = |why| BadConfig::Unreadable {
            path: path.clone(),
            why,
        };
        if std::fs::metadata(&path).map_err(unreadable)?.len() > FILE_BYTES_MAX {
            return Err(BadConfig::TooLarge { path });
        }
        let text = std::fs::read_to_string(&path).map_err(unreadable)?;
        Self::parse(&text, dir)
    }

    /// As [`Config::read`], from a text.
    pub fn parse(text: &str, dir: &Path) -> Result<Self, BadConfig> {
        let path = dir.join("node.toml");
        let file: File = toml::from_str(text).map_err(|why| BadConfig::Syntax {
            path: path.clone(),
            line: why.span().map_or(1, |span| {
                text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1
            }),
            why: why.message().to_owned(),
        })?;
        let mut faults = Vec::new();

        if file.name.is_empty()
            || file.name.len() > 60
            || !file.name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        {
            faults.push("name: write 1–60 of a–z, 0–9 and hyphen".to_owned());
        }
        let base_url = file.base_url.trim_end_matches('/').to_owned();
        web_address("base_url", &base_url, &mut faults);
        if base_url.splitn(4, '/').nth(3).is_some() {
            faults.push("base_url: a node has its own host; leave out the path".to_owned());
        }
        let listen = file.listen.parse().unwrap_or_else(|_| {
            faults.push(format!(
                "listen: `{}` is not an address with a port; write 127.0.0.1:7100",
                file.listen
            ));
            SocketAddr::from(([127, 0, 0, 1], 0))
        });
        if let Some(eid) = &file.eid {
            web_address("eid.issuer", &eid.issuer, &mut faults);
            if eid.client_id.is_empty() {
                faults.push("eid.client_id: missing".to_owned());
            }
        }
        let federation = file.federation.map(|table| {
            let from = match (table.url, table.file) {
                (Some(url), None) => {
                    web_address("federation.url", &url, &mut faults);
                    FederationFrom::Url(url)
                }
                (None, Some(file)) => FederationFrom::File(dir.join(file)),
                (url, _) => {
                    faults.push("federation: write either url or file".to_owned());
                    FederationFrom::Url(url.unwrap_or_default())
                }
            };
            if table.anchor_key.get("kty").is_none() {
                faults.push("federation.anchor_key: write the anchor's public key as a JWK".to_owned());
            }
            FederationSource {
                from,
                anchor_key: table.anchor_key,
            }
        });
        check_bodies(&file.bodies, &mut faults);

        if !faults.is_empty() {
            return Err(BadConfig::Values { path, faults });
        }
        Ok(Self {
            name: file.name,
            base_url,
            listen,
            packs_dir: dir.join(file.packs),
            eid: file.eid,
            federation,
            portal: file.portal,
            made_up: file.made_up,
            bodies: file.bodies,
        })
    }

    /// The body whose page the node's start page is.
    pub fn host(&self) -> &BodyConfig {
        // `check_bodies` refuses a node without bodies.
        &self.bodies[0]
    }

    pub fn body(&self, id: &BodyId) -> Option<&BodyConfig> {
        self.bodies.iter().find(|body| body.id == *id)
    }

    /// The bodies on this node in which the person has roles. The host's staff have none in a guest unless named there.
    pub fn roles_of(&self, person: &PersonId) -> BTreeMap<BodyId, BTreeSet<Role>> {
        self.bodies
            .iter()
            .filter_map(|body| {
                let staff = body.staff.iter().find(|staff| staff.person == *person)?;
                Some((body.id.clone(), staff.roles.clone()))
            })
            .collect()
    }

    pub fn is_https(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}

fn web_address(key: &str, value: &str, faults: &mut Vec<String>) {
    match value.parse::<http::Uri>() {
        Ok(uri) if matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() => {
            // Personal data must not travel in the clear; a test on one machine may.
            let loopback = matches!(uri.host(), Some("127.0.0.1" | "localhost" | "[::1]"));
            if uri.scheme_str() == Some("http") && !loopback {
                faults.push(format!("{key}: use https; http is for 127.0.0.1 and localhost only"));
            }
        }
        _ => faults.push(format!(
            "{key}: `{value}` is not a web address; write https://name.example"
        )),
    }
}

fn check_bodies(bodies: &[BodyConfig], faults: &mut Vec<String>) {
    if bodies.is_empty() || bodies.len() > BODIES_MAX {
        faults.push(format!(
            "bodies: a node has 1–{BODIES_MAX} bodies; add a [[bodies]] table"
        ));
    }
    let mut seen = BTreeSet::new();
    for body in bodies {
        if !seen.insert(&body.id) {
            faults.push(format!("bodies: {} stands twice", body.id));
        }
        if body.name.trim().is_empty() || body.name_en.trim().is_empty() {
            faults.push(format!("bodies.{}: name and name_en are missing", body.id));
        }
        if !body.theme.is_empty() && !crate::web::assets::themes().any(|theme| theme == body.theme) {
            faults.push(format!(
                "bodies.{}.theme: there is no theme `{}`; leave it out for the neutral one",
                body.id, body.theme
            ));
        }
        if body.staff.len() > STAFF_MAX {
            faults.push(format!("bodies.{}.staff: at most {STAFF_MAX} people", body.id));
        }
        let mut people = BTreeSet::new();
        for (index, staff) in body.staff.iter().enumerate() {
            // The number itself is never written in an error.
            let place = format!("bodies.{}.staff, number {}", body.id, index + 1);
            if !people.insert(&staff.person) {
                faults.push(format!("{place}: the person stands twice; put all roles in one entry"));
            }
            if staff.roles.is_empty() {
                faults.push(format!("{place}: roles are missing"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        name = "exempelkommun-b"
        base_url = "http://127.0.0.1:7108/"
        listen = "127.0.0.1:7108"
        [eid]
        issuer = "http://127.0.0.1:7199"
        client_id = "exempelkommun-b"
        [[bodies]]
        id = "exempelkommun-b.miljonamnden"
        name = "Miljönämnden"
        name_en = "The Environmental Committee"
        part_of = "Exempelkommun B"
        kind = "municipal_board"
        [[bodies.staff]]
        person = "189001019802"
        name = "Johan Berg"
        roles = ["handläggare", "delegat"]
        [[bodies]]
        id = "raddningsforbundet"
        name = "Räddningsförbundet Exempelbygden"
        name_en = "Exempelbygden Fire and Rescue Association"
        guest = true
    "#;

    fn faults(text: &str) -> String {
        Config::parse(text, Path::new("node")).unwrap_err().to_string()
    }

    #[test]
    fn reads_a_node_with_a_guest_and_gives_its_staff_no_role_there() {
        let config = Config::parse(GOOD, Path::new("node")).unwrap();
        assert_eq!(config.base_url, "http://127.0.0.1:7108");
        assert_eq!(config.packs_dir, Path::new("node/packs"));
        let roles = config.roles_of(&PersonId::parse("189001019802").unwrap());
        assert_eq!(roles.len(), 1);
        assert_eq!(roles[&config.host().id].len(), 2);
    }

    #[test]
    fn says_everything_that_is_wrong_at_once() {
        let text = GOOD
            .replace("name = \"exempelkommun-b\"", "name = \"Exempelkommun B\"")
            .replace("http://127.0.0.1:7199", "http://eid.example");
        let faults = faults(&text);
        assert!(faults.contains("name: write"), "{faults}");
        assert!(faults.contains("eid.issuer: use https"), "{faults}");
    }

    #[test]
    fn a_wrong_identity_number_is_refused_and_never_shown() {
        let faults = faults(&GOOD.replace("189001019802", "189001019803"));
        assert!(faults.contains("line"), "{faults}");
        assert!(!faults.contains("9803"), "{faults}");
    }

    #[test]
    fn refuses_a_key_it_does_not_know_and_says_the_line() {
        let message = faults(&GOOD.replace("listen =", "lissen = 1\nlisten ="));
        assert!(message.contains("lissen"), "{message}");
        assert!(message.contains("line"), "{message}");
    }

    #[test]
    fn refuses_a_node_without_bodies() {
        let text = "name = \"a\"\nbase_url = \"https://a.example\"\nlisten = \"127.0.0.1:1\"";
        assert!(faults(text).contains("add a [[bodies]] table"));
    }
}
