//! Reads a service document strictly: what is not understood is a finding with place, reason and suggestion.
//!
//! Always true: no text makes it panic, every finding points into the files that were given, and reading goes on after a
//! fault, so that one run shows them all. Pure: the caller has read the files. What is well formed but wrong in substance
//! (gaps, cycles, missing grounds) is [`crate::check`]'s to find; names that refer to nothing are found here, since a
//! constant cannot be read without the fact that it is compared with.

mod document;
mod duties;
mod examples;
mod expressions;
mod letters;
mod markdown;
mod signatures;
mod source;
mod sources;
#[cfg(test)]
mod tests;
mod texts;
mod types;
mod uncertain;

use std::collections::BTreeMap;

use crate::finding::{FileId, Finding, SourceFile};

use super::{Example, Pack};

use document::Whole;
pub use document::{section_rank, section_words};
use expressions::Names;
pub(super) use expressions::is_keyword;
pub use source::{FINDINGS_MAX, fold};
use source::{Reader, Slice};
pub use types::NotAValue;

/// A board is to read it: 1 MB is some 400 pages.
pub const FILE_BYTES_MAX: usize = 1_000_000;
/// A document, its texts and its letters.
pub const FILES_MAX: usize = 200;

/// Every finding of the reader with one line of what it means.
pub const CODES: &[(&str, &str)] = &[
    ("S001", "tjanst.md saknas"),
    ("S002", "filen är för stor, eller filerna för många"),
    ("S003", "filen hör inte till en tjänst"),
    (
        "S004",
        "en kommentar eller ett block avslutas inte eller står inne i en rad",
    ),
    ("S005", "inledningen saknas eller avslutas inte"),
    ("S006", "en nyckel i inledningen finns inte"),
    ("S007", "en nyckel i inledningen saknas eller är tom"),
    ("S009", "ett värde i inledningen går inte att läsa"),
    ("S010", "tjänstens rubrik saknas eller finns två gånger"),
    ("S011", "ingressen saknas eller är fler än ett stycke"),
    ("S012", "avsnittet finns inte"),
    ("S013", "avsnittet står på fel plats"),
    ("S014", "ett avsnitt saknas"),
    ("S015", "avsnittet finns redan"),
    ("S016", "avsnittets rubrik är ofullständig"),
    ("S017", "avsnittet har ingen tabell"),
    ("S018", "tabellen hör inte hit"),
    ("S019", "tabellen är inte hel"),
    ("S020", "kolumnen finns inte"),
    ("S021", "en kolumn saknas"),
    ("S022", "kolumnen finns redan"),
    ("S023", "raden har fel antal celler"),
    ("S024", "en cell som ska fyllas i är tom"),
    ("S025", "en gräns är överskriden"),
    ("S026", "en tom cell skrivs med tankstreck"),
    ("S030", "namnet har otillåtna tecken"),
    ("S031", "namnet ska ha, eller inte ha, en punkt"),
    ("S032", "namnet eller värdet finns redan"),
    ("S033", "namnet syftar inte på något"),
    ("S034", "en listas kolumn står utanför sin lista"),
    ("S040", "typen finns inte"),
    ("S041", "typen är ofullständig"),
    ("S042", "källan finns inte"),
    ("S043", "en källa eller ett överklagande är ofullständigt"),
    ("S044", "lagrummet går inte att läsa"),
    ("S045", "talet eller intervallet går inte att läsa"),
    ("S046", "dagen finns inte"),
    ("S047", "tiden går inte att läsa"),
    ("S048", "ordet finns inte bland dem som kan stå här"),
    ("S050", "villkoret går inte att läsa"),
    ("S051", "villkoret är ofullständigt"),
    (
        "S052",
        "värdet finns inte bland uppgiftens val, eller går inte att läsa",
    ),
    ("S053", "olika slag jämförs, eller räknas med"),
    ("S054", "en uppgift ensam är inget villkor"),
    ("S055", "enheten är fel"),
    ("S060", "textens nyckel syftar inte på något"),
    ("S061", "texten står på fel ställe, är tom eller finns redan"),
    ("S062", "brevet har en otillåten del"),
    ("S063", "platshållaren går inte att läsa"),
    ("S070", "exemplet har inte sina två tabeller"),
    ("S071", "uppgiftens läge passar inte dess källa"),
    ("S072", "raden i listan är fel räknad"),
];

/// Reads a whole document. Spans' [`FileId`]s are positions in `files`.
///
/// There is a `Pack` also beside findings of severity error, as long as the main file has front matter, title and
/// sections: then rows that could not be read are missing in it, so callers look at the findings first.
pub fn pack(files: Vec<SourceFile>) -> (Option<Pack>, Vec<Finding>) {
    let mut reader = Reader::default();
    let is_main = |file: &SourceFile| matches!(part(&file.path), Some(Part::Main));
    let main = files
        .iter()
        .position(is_main)
        .map(|at| FileId(at.min(FILES_MAX) as u16));
    let mut pack = read(&mut reader, &files);
    if let Some(pack) = &mut pack {
        pack.files = files;
    }
    (pack, in_order(reader, main))
}

/// Reads a scenario file against a pack: one example. Its spans' [`FileId`] is the one after the pack's own files.
pub fn scenario(pack: &Pack, file: SourceFile) -> (Option<Example>, Vec<Finding>) {
    let mut reader = Reader::default();
    let id = FileId(pack.files.len().min(FILES_MAX) as u16);
    let example = fits(&mut reader, id, &file)
        .then(|| examples::scenario(&mut reader, pack, &Names::of(pack), Slice::of(id, &file.text)))
        .flatten();
    (example, in_order(reader, None))
}

/// As a reader meets them, the main file first. Of a row whose cells do not stand under their headings only that is said.
fn in_order(reader: Reader, main: Option<FileId>) -> Vec<Finding> {
    let Reader {
        mut findings,
        broken_rows,
        ..
    } = reader;
    let inside = |finding: &Finding| {
        broken_rows
            .iter()
            .any(|row| row.file == finding.span.file && row.start <= finding.span.start && finding.span.end <= row.end)
    };
    findings.retain(|finding| OF_FORM.contains(&finding.code) || !inside(finding));
    findings.sort_by_key(|finding| (Some(finding.span.file) != main, finding.span.file, finding.span.start));
    findings
}

/// What is found before the words in a row are looked at.
const OF_FORM: [&str; 5] = ["S004", "S019", "S023", "S025", "S026"];

/// Faults after which every name of the main file is still there, its row read with a stand-in at the fault.
const KEEPS_NAMES: [&str; 18] = [
    "S006", "S007", "S009", "S010", "S011", "S013", "S015", "S034", "S044", "S046", "S047", "S048", "S050", "S051",
    "S053", "S054", "S055", "S321",
];

fn fits(reader: &mut Reader, id: FileId, file: &SourceFile) -> bool {
    if file.text.len() <= FILE_BYTES_MAX {
        return true;
    }
    let at = Slice::of(id, "");
    reader.error(
        "S002",
        at,
        format!("Filen är större än {} kB och läses inte.", FILE_BYTES_MAX / 1_000),
        "för stor",
        "Dela upp tjänsten, eller korta texterna.",
    );
    false
}

/// What a file is by its path.
enum Part {
    Main,
    Examples,
    Texts(String),
    Letter(String),
}

fn part(path: &str) -> Option<Part> {
    let path = source::fold(path);
    if path == "tjanst.md" {
        return Some(Part::Main);
    }
    if path == "exempel.md" {
        return Some(Part::Examples);
    }
    if let Some(language) = path.strip_prefix("texter.").and_then(|rest| rest.strip_suffix(".md")) {
        let fits = language.len() == 2 && language.bytes().all(|b| b.is_ascii_lowercase());
        return fits.then(|| Part::Texts(language.to_owned()));
    }
    let letter = path.strip_prefix("brev/")?.strip_suffix(".md")?;
    let name = crate::fact::Name::parse(letter).ok()?;
    (!name.as_str().contains('.')).then(|| Part::Letter(name.as_str().to_owned()))
}

fn read(reader: &mut Reader, files: &[SourceFile]) -> Option<Pack> {
    if files.len() > FILES_MAX {
        let at = Slice::of(FileId(0), "");
        reader.error(
            "S002",
            at,
            format!("En tjänst har högst {FILES_MAX} filer."),
            format!("{} filer", files.len()),
            "Ta bort filer som inte hör till tjänsten.",
        );
        return None;
    }
    let mut main = None;
    let mut examples = None;
    let mut texts: BTreeMap<String, Slice<'_>> = BTreeMap::new();
    let mut letters: BTreeMap<String, Slice<'_>> = BTreeMap::new();
    for (index, file) in files.iter().enumerate() {
        let id = FileId(index as u16);
        let part = part(&file.path);
        if !fits(reader, id, file) {
            continue;
        }
        let all = Slice::of(id, &file.text);
        let first = all.first_line();
        let known = part.is_some();
        let doubled = match part {
            Some(Part::Main) => main.replace(all).is_some(),
            Some(Part::Examples) => examples.replace(all).is_some(),
            Some(Part::Texts(language)) => texts.insert(language, all).is_some(),
            Some(Part::Letter(name)) => letters.insert(name, all).is_some(),
            None => false,
        };
        if !known || doubled {
            let message = match known {
                true => format!("Filen {} finns två gånger.", file.path),
                false => format!("Filen {} hör inte till en tjänst.", file.path),
            };
            let suggestion =
                match reader.nearest(&file.path, ["tjanst.md", "exempel.md", "texter.sv.md", "texter.en.md"]) {
                    Some(path) if !known => format!("Menade du {path}?"),
                    _ => "En tjänst har tjanst.md, exempel.md, texter.<språk>.md och brev/<namn>.md.".to_owned(),
                };
            reader.error("S003", first, message, "i denna fil", suggestion);
        }
    }
    let Some(main) = main else {
        // One that is too large is reported as that.
        if !files.iter().any(|file| matches!(part(&file.path), Some(Part::Main))) {
            let at = Slice::of(FileId(0), "");
            reader.error(
                "S001",
                at,
                "Filen tjanst.md saknas.",
                "",
                "Lägg tjänsten i en fil tjanst.md.",
            );
        }
        return None;
    };
    let stems: Vec<String> = letters.keys().cloned().collect();
    let (mut pack, whole) = document::read(reader, main, &stems)?;
    reader.names_lost = reader
        .findings
        .iter()
        .any(|finding| !KEEPS_NAMES.contains(&finding.code));
    let names = Names::of(&pack);
    for (language, file) in texts {
        texts::read(reader, &mut pack, &language, file);
    }
    for (name, file) in letters {
        if let Some(letter) = letters::read(reader, &names, &name, file) {
            pack.letters.insert(name, letter);
        }
    }
    if let Some(file) = examples {
        pack.examples = examples::read(reader, &pack, &names, file);
    }
    (whole == Whole::Yes).then_some(pack)
}

impl Names {
    /// The names of a document that has been read.
    fn of(pack: &Pack) -> Self {
        let mut names = Self::default();
        for fact in pack
            .facts
            .iter()
            .chain(pack.lists.iter().flat_map(|list| &list.columns))
        {
            names.types.insert(fact.name.it.clone(), Some(fact.ty.it.clone()));
        }
        for list in &pack.lists {
            names.lists.insert(list.name.it.clone(), list.max);
            for column in &list.columns {
                names.list_of.insert(column.name.it.clone(), list.name.it.clone());
            }
        }
        for parameter in &pack.parameters {
            if parameter.ty.it == super::ParameterType::Delegation {
                names.delegations.insert(parameter.name.it.clone());
            }
        }
        names.roles = pack.roles.iter().map(|role| role.name.it.clone()).collect();
        names.steps = pack.steps.iter().map(|step| step.name.it.clone()).collect();
        for outcome in &pack.outcomes {
            names
                .outcomes
                .entry(outcome.step.it.clone())
                .or_default()
                .push(outcome.name.it.clone());
        }
        names
    }
}
