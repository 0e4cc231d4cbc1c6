//! The demonstration's data, inside the binary: services, registers, adoptions, staff, scenarios.
//!
//! Always true: what is listed here is what lies in `packs/` and `crates/node/demo/` (a test compares), so that an installed
//! binary plays the same journey as one in its source tree. All people are Skatteverket's test numbers, all bodies made up.

use std::collections::BTreeMap;

use jiff::civil::Date;
use samverk_domain::fact::Name;
use samverk_domain::rules::Delegation;
use samverk_domain::terms::{BodyId, BodyKind, Task};
use serde::Deserialize;

/// A file by its path in the folder that it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Embedded {
    pub path: &'static str,
    pub text: &'static str,
}

/// Paths need to be literals for `include_str!`, which no function can give it.
macro_rules! embedded {
    ($folder:literal: $($path:literal),+ $(,)?) => {
        &[$(Embedded { path: $path, text: include_str!(concat!($folder, $path)) }),+]
    };
}

/// Every service in `packs/`, file by file: `build.rs` lists them.
pub const PACKS: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/packs.rs"));

/// The service whose scenario is played when none is named.
pub const FIRST_SERVICE: &str = "starta-restaurang";

/// Base registers, named as the register.
pub const REGISTERS: &[Embedded] = embedded!("../../demo/registers/":
    "bolag.csv", "fastighet.csv", "folkbokföring.csv", "indrivning.csv", "konkurs.csv", "näringsförbud.csv", "revisorer.csv",
    "skatt.csv",
);

pub const SCENARIOS: &[Embedded] = embedded!("../../demo/scenarios/":
    "full.md", "kafe.md", "allt.md", "bilda-aktiebolag.md", "parkeringstillstand.md",
);

const FEDERATION: &str = include_str!("../../demo/federation.toml");
const ADOPTIONS: &str = include_str!("../../demo/adoptions.toml");
const STAFF: &str = include_str!("../../demo/staff.csv");

/// What `demo` plays when no file is named.
pub const FIRST_SCENARIO: Embedded = SCENARIOS[0];

/// The list cannot be read: a fault in the build, not in what anyone did.
#[derive(Debug, thiserror::Error)]
#[error("the demonstration's {file} is not understood: {why}")]
pub struct BadData {
    pub file: &'static str,
    pub why: String,
}

/// `federation.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FederationData {
    pub name: String,
    pub anchor: BodyId,
    pub nodes: Vec<NodeData>,
    pub representation: Representation,
    pub messages: Grounds,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeData {
    pub name: String,
    /// Services that people may start here.
    #[serde(default)]
    pub portal: Vec<Name>,
    pub bodies: Vec<BodyData>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyData {
    pub id: BodyId,
    pub name: String,
    pub name_en: String,
    pub part_of: String,
    pub kind: BodyKind,
    pub orgnr: String,
    #[serde(default)]
    pub theme: String,
    #[serde(default)]
    pub guest: bool,
    pub diary_prefix: String,
    pub telephone: String,
    #[serde(default)]
    pub registers: Vec<Name>,
    #[serde(default)]
    pub tasks: Vec<Task>,
    /// Takes tasks of services that nobody in the federation has: for these municipality codes, or, if there are none, for
    /// the whole country.
    #[serde(default)]
    pub other_tasks: Option<Vec<String>>,
}

/// What a portal asks to know whom a person may act for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Representation {
    pub register: Name,
    pub fields: Vec<Name>,
    pub disclosure_ground: String,
    pub processing_ground: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grounds {
    pub disclosure_ground: String,
    pub processing_ground: String,
}

/// One `[[adoption]]` of `adoptions.toml`; values are written as in the document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdoptionData {
    pub body: BodyId,
    pub pack: Name,
    pub version: u32,
    pub steps: Vec<Name>,
    pub decided: String,
    pub receptions: Vec<BodyId>,
    #[serde(default)]
    pub parameters: BTreeMap<Name, Vec<Dated>>,
    /// The decisions that set them, where it is another body's than the one that adopts.
    #[serde(default)]
    pub parameter_decisions: BTreeMap<Name, String>,
    #[serde(default)]
    pub delegations: BTreeMap<Name, DelegationData>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dated {
    pub from: Option<Date>,
    pub value: String,
}

/// As [`Delegation`], refusing keys that it does not know.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DelegationData {
    decided_by: String,
    decided_on: Date,
    paragraph: String,
    scope: String,
    to: String,
}

impl From<DelegationData> for Delegation {
    fn from(it: DelegationData) -> Self {
        Self {
            decided_by: it.decided_by,
            decided_on: it.decided_on,
            paragraph: it.paragraph,
            scope: it.scope,
            to: it.to,
        }
    }
}

/// One row of `staff.csv`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffData {
    /// 12 digits.
    pub pnr: String,
    pub namn: String,
    pub organ: BodyId,
    /// Parted by semicolons.
    pub roller: String,
    pub titel: String,
}

impl StaffData {
    pub fn has_role(&self, role: crate::config::Role) -> bool {
        self.roles().any(|own| own == role.word())
    }

    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roller.split(';').map(str::trim)
    }
}

pub fn federation() -> Result<FederationData, BadData> {
    toml::from_str(FEDERATION).map_err(|why| BadData {
        file: "federation.toml",
        why: why.to_string(),
    })
}

pub fn adoptions() -> Result<Vec<AdoptionData>, BadData> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        adoption: Vec<AdoptionData>,
    }
    let file: File = toml::from_str(ADOPTIONS).map_err(|why| BadData {
        file: "adoptions.toml",
        why: why.to_string(),
    })?;
    Ok(file.adoption)
}

pub fn staff() -> Result<Vec<StaffData>, BadData> {
    csv::Reader::from_reader(STAFF.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(|why| BadData {
            file: "staff.csv",
            why: why.to_string(),
        })
}

/// A register's rows: header first.
pub fn register(name: &Name) -> Option<&'static str> {
    let wanted = format!("{name}.csv");
    REGISTERS.iter().find(|file| file.path == wanted).map(|file| file.text)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn listed(folder: &Path, beneath: &str, extension: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder.join(beneath)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                listed(folder, &name, extension, found);
            } else if name.ends_with(extension) {
                found.push(name);
            }
        }
        found.sort();
    }

    #[test]
    fn everything_in_the_folders_is_inside_the_binary() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = |path: &str, extension: &str| {
            let mut found = Vec::new();
            listed(&root.join(path), "", extension, &mut found);
            found.retain(|name| name != "README.md");
            found
        };
        let embedded = |files: &[Embedded]| {
            let mut paths: Vec<String> = files.iter().map(|file| file.path.to_owned()).collect();
            paths.sort();
            paths
        };
        assert_eq!(embedded(PACKS), folder("../../packs", ".md"));
        assert_eq!(embedded(REGISTERS), folder("demo/registers", ".csv"));
        assert_eq!(embedded(SCENARIOS), folder("demo/scenarios", ".md"));
    }

    #[test]
    fn the_data_is_understood_and_fits_together() {
        let federation = federation().unwrap();
        let bodies: Vec<&BodyId> = federation
            .nodes
            .iter()
            .flat_map(|node| &node.bodies)
            .map(|body| &body.id)
            .collect();
        assert!(federation.nodes.len() >= 8);
        for adoption in adoptions().unwrap() {
            assert!(bodies.contains(&&adoption.body));
            assert!(adoption.receptions.iter().all(|host| bodies.contains(&host)));
        }
        for staff in staff().unwrap() {
            assert!(bodies.contains(&&staff.organ), "{}", staff.organ);
            assert!(
                staff
                    .roles()
                    .all(|role| crate::config::Role::ALL.iter().any(|known| known.word() == role))
            );
        }
        for register in federation
            .nodes
            .iter()
            .flat_map(|node| &node.bodies)
            .flat_map(|body| &body.registers)
        {
            assert!(super::register(register).is_some(), "{register}");
        }
    }
}
