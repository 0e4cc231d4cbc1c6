//! Giving out a version of a service document: checked, signed by its publisher, kept for ever.
//!
//! Always true: a document with an error is not given out; a number that stands for one content never stands for another; a
//! service that one body has given out is not given out by another on this node.

use samverk_domain::check;
use samverk_domain::finding::{Finding, Severity, SourceFile};
use samverk_domain::pack::parse;
use samverk_domain::terms::{BodyId, SignedVersion};
use samverk_store::versions::{self, Keeping};
use samverk_store::{Store, StoreError};
use samverk_wire::jws::JwsError;

use super::version::{self, VERSION_BYTES_MAX};
use crate::config::BodyConfig;
use crate::library::{Known, source_files};
use crate::trust::keys::BodyKeys;

/// Why a version is not given out. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum NotPublished {
    #[error("dokumentet har {errors} fel; det första är {first}. Kör `samverk check` och rätta dem")]
    Faulty { errors: usize, first: String },
    #[error("dokumentet är större än {VERSION_BYTES_MAX} byte")]
    TooLarge,
    #[error("dokumentet säger utgivare: {said}, men {body} heter {name}. Skriv utgivare: {name}")]
    Publisher { said: String, body: BodyId, name: String },
    #[error("{slug} ges ut av {by}, inte av {body}. Välj ett annat namn på tjänsten, eller låt {by} ge ut den")]
    Another { slug: String, by: BodyId, body: BodyId },
    #[error(
        "{slug} version {version} är redan utgiven eller använd med annat innehåll ({kept}). En version ändras aldrig: \
         höj version i tjanst.md och ge ut den nya"
    )]
    Changed { slug: String, version: u32, kept: String },
    #[error("{slug} version {version} är äldre än version {newest}, som redan är utgiven. Höj version i tjanst.md")]
    Older { slug: String, version: u32, newest: u32 },
    #[error("the version could not be signed: {0}")]
    NotSigned(#[from] JwsError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A version that is given out.
#[derive(Debug)]
pub struct Published {
    pub signed: SignedVersion,
    /// It was given out before, with the same content.
    pub again: bool,
    /// The version before it.
    pub before: Option<u32>,
}

/// What the checker says of the files: all findings, and the document if there is one.
pub fn checked(files: &[SourceFile]) -> (Option<samverk_domain::pack::Pack>, Vec<Finding>) {
    let (pack, mut found) = parse::pack(files.to_vec());
    let is_wrong = |found: &[Finding]| found.iter().any(|finding| finding.severity == Severity::Error);
    let readable = pack.filter(|_| !is_wrong(&found));
    if let Some(pack) = &readable {
        found.extend(check::check(pack, None));
    }
    found.sort_by_key(|finding| (finding.severity, finding.span));
    (readable, found)
}

/// Checks, signs and keeps a version. Blocks. The node may be running: it reads what is new within seconds.
pub fn publish(
    store: &Store,
    files: &[SourceFile],
    body: &BodyConfig,
    keys: &BodyKeys,
    now: jiff::Timestamp,
) -> Result<Published, NotPublished> {
    let (pack, found) = checked(files);
    let mut errors = found.iter().filter(|finding| finding.severity == Severity::Error);
    let first = errors
        .next()
        .map(|finding| format!("{} {}", finding.code, finding.message));
    let pack = match (pack, first) {
        (Some(pack), None) => pack,
        (_, first) => {
            return Err(NotPublished::Faulty {
                errors: errors.count() + 1,
                first: first.unwrap_or_default(),
            });
        }
    };
    if files
        .iter()
        .map(|file| file.path.len() + file.text.len())
        .sum::<usize>()
        > VERSION_BYTES_MAX
    {
        return Err(NotPublished::TooLarge);
    }
    let said = pack.meta.publisher.it.trim();
    if ![body.name.as_str(), body.part_of.as_str(), body.id.as_str()].contains(&said) {
        return Err(NotPublished::Publisher {
            said: said.to_owned(),
            body: body.id.clone(),
            name: if body.part_of.is_empty() {
                body.name.clone()
            } else {
                body.part_of.clone()
            },
        });
    }
    let (slug, number) = (pack.meta.slug.it.clone(), pack.meta.version.it);
    let signed = version::sign(files, (slug.clone(), number), keys, now)?;
    // Parsed again from what was signed: what is kept is what anyone will read.
    let known = Known::of(source_files(&signed.version.files), Some(signed.clone()))
        .map_err(|first| NotPublished::Faulty { errors: 1, first })?;
    let (kept, own) = (known.kept(), body.id.clone());
    store.run_blocking("publishing.publish", move |tx| {
        let before = versions::of_pack(tx, &slug)?;
        let publisher = |kept: &versions::Kept| kept.signed.as_ref().map(|signed| signed.version.publisher.clone());
        if let Some(by) = before.iter().filter_map(publisher).find(|by| *by != own) {
            return Err(NotPublished::Another {
                slug: slug.to_string(),
                by,
                body: own.clone(),
            });
        }
        let previous = before.iter().rev().find(|kept| kept.version != number);
        let already = before.iter().find(|kept| kept.version == number);
        if already.is_none()
            && let Some(newest) = before
                .iter()
                .filter(|kept| kept.signed.is_some())
                .map(|kept| kept.version)
                .max()
            && newest > number
        {
            return Err(NotPublished::Older {
                slug: slug.to_string(),
                version: number,
                newest,
            });
        }
        if let Keeping::Another { sha256 } = versions::keep(tx, &kept, now)? {
            return Err(NotPublished::Changed {
                slug: slug.to_string(),
                version: number,
                kept: sha256,
            });
        }
        let given = already.and_then(|kept| kept.signed.clone());
        Ok(Published {
            again: given.is_some(),
            signed: given.unwrap_or_else(|| signed.clone()),
            before: previous.map(|kept| kept.version).filter(|before| *before < number),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::version::tests::{SMALL, files};
    use super::*;
    use crate::trust::federation::tests::{now, world};

    fn body(name: &str) -> BodyConfig {
        let config = crate::node::tests::CONFIG.replace("Miljönämnden", name);
        let dir = tempfile::tempdir().unwrap();
        let mut body = crate::config::Config::parse(&config, dir.path()).unwrap().bodies[0].clone();
        body.id = BodyId::parse("skatteregistret").unwrap();
        body
    }

    #[test]
    fn a_version_is_given_out_once_and_never_with_another_content() {
        let world = world();
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("node.sqlite")).unwrap();
        let give = |text: &str| {
            publish(
                &store,
                &files(text),
                &body("Exempelmyndigheten"),
                &world.provider,
                now(),
            )
        };
        let first = give(SMALL).unwrap();
        assert!(!first.again && first.before.is_none());
        let again = give(SMALL).unwrap();
        assert!(again.again, "the same content again changes nothing");
        assert_eq!(again.signed, first.signed);
        let changed = SMALL
            .replace("| ≤ gräns.djup |", "| < gräns.djup |")
            .replace("| > gräns", "| ≥ gräns");
        assert!(matches!(give(&changed), Err(NotPublished::Changed { version: 1, .. })));
        let second = give(&changed.replace("version: 1", "version: 2")).unwrap();
        assert_eq!(second.before, Some(1));
        assert_eq!(
            give(SMALL).unwrap().signed,
            first.signed,
            "the older one is still what it was"
        );
    }

    #[test]
    fn a_document_with_an_error_or_another_publisher_is_not_given_out() {
        let world = world();
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("node.sqlite")).unwrap();
        let give =
            |text: &str, name: &str| publish(&store, &files(text), &body(name), &world.provider, now()).map(drop);
        let gap = SMALL.replace(
            "| u2 | > gräns.djup | handläggare | Brunnen är djup. | 2017:900 19 § |\n",
            "",
        );
        assert!(matches!(
            give(&gap, "Exempelmyndigheten"),
            Err(NotPublished::Faulty { .. })
        ));
        let other = give(SMALL, "En annan").unwrap_err().to_string();
        assert!(other.contains("Skriv utgivare: "), "{other}");
        // Somebody else's service is not ours to give out, even under a new number.
        give(SMALL, "Exempelmyndigheten").unwrap();
        let mut thief = body("Exempelmyndigheten");
        thief.id = BodyId::parse("miljonamnden").unwrap();
        let next = files(&SMALL.replace("version: 1", "version: 2"));
        let stolen = publish(&store, &next, &thief, &world.consumer, now());
        assert!(matches!(stolen, Err(NotPublished::Another { .. })));
    }
}
