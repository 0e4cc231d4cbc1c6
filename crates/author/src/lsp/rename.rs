//! A name changed in all files at once, or not at all.
//!
//! Always true: what is handed to the editor has been tried. The files with the new name are read, and if anything is wrong then
//! that was not wrong before, or a step would get other facts than before, the rename is refused with the reason.

use std::collections::BTreeMap;

use samverk_domain::fact::Name;
use samverk_domain::finding::{Severity, SourceFile, Span};
use samverk_domain::pack::{self, Pack};

use super::names::{Occurrence, Symbol};
use super::service::Service;

/// A text that takes another's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

/// Whether a symbol can be renamed; if not, why.
pub fn can(symbol: &Symbol) -> Result<(), String> {
    match symbol {
        Symbol::Letter(_) => {
            Err("Ett brev heter som sin fil. Byt namn på filen, och sedan på cellen under Brev.".to_owned())
        }
        Symbol::Register(_) => Err("Registrets namn bestäms av federationen och inte av dokumentet.".to_owned()),
        _ => Ok(()),
    }
}

/// Every edit, in no order. Errors are for the author.
pub fn rename(service: &Service, symbol: &Symbol, to: &str) -> Result<Vec<Edit>, String> {
    can(symbol)?;
    let new = Name::parse(to).map_err(|_| {
        format!("”{to}” är inget namn. Namn skrivs med små bokstäver, siffror, bindestreck och punkt mellan delar.")
    })?;
    let new = new.as_str();
    let is_dotted = new.contains('.');
    match symbol {
        Symbol::Fact(_) if !is_dotted => {
            return Err(format!(
                "En uppgift har minst en punkt i namnet: skriv till exempel lokal.{new}."
            ));
        }
        Symbol::Fact(_) => {}
        _ if is_dotted => return Err("Det här namnet har ingen punkt.".to_owned()),
        _ => {}
    }
    let renamed = match symbol {
        Symbol::Fact(_) => Symbol::Fact(new.to_owned()),
        Symbol::List(_) => Symbol::List(new.to_owned()),
        Symbol::Step(_) => Symbol::Step(new.to_owned()),
        Symbol::Role(_) => Symbol::Role(new.to_owned()),
        Symbol::Outcome { step, .. } => Symbol::Outcome {
            step: step.clone(),
            name: new.to_owned(),
        },
        Symbol::Row { table, .. } => Symbol::Row {
            table: table.clone(),
            id: new.to_owned(),
        },
        Symbol::Letter(_) | Symbol::Register(_) => symbol.clone(),
    };
    if renamed == *symbol {
        return Ok(Vec::new());
    }
    if service.names.definition(symbol).is_none() {
        return Err(format!("Det står ingenstans vad {} är.", symbol.name()));
    }
    if service.names.definition(&renamed).is_some() {
        return Err(format!("{new} finns redan."));
    }
    let mut edits: Vec<Edit> = service.names.of_symbol(symbol).map(|found| edit(found, new)).collect();
    if let Symbol::List(old) = symbol {
        let columns = service.names.occurrences.iter().filter(|found| !found.is_last_part);
        edits.extend(columns.filter_map(|found| in_column(service, found, old, new)));
    }
    tried(service, &edits, symbol, new)?;
    Ok(edits)
}

fn edit(found: &Occurrence, new: &str) -> Edit {
    let text = match found.is_last_part {
        true => new.split_once('.').map_or(new, |(_, last)| last),
        false => new,
    };
    Edit {
        span: found.span,
        text: text.to_owned(),
    }
}

/// The list's name in front of a column's.
fn in_column(service: &Service, found: &Occurrence, old: &str, new: &str) -> Option<Edit> {
    let Symbol::Fact(name) = &found.symbol else { return None };
    if name.split_once('.')?.0 != old {
        return None;
    }
    let dot = service.written(found.span).find('.')?;
    Some(Edit {
        span: Span {
            end: found.span.start + dot as u32,
            ..found.span
        },
        text: new.to_owned(),
    })
}

/// The files with the edits made.
pub fn applied(files: &[SourceFile], edits: &[Edit]) -> Vec<SourceFile> {
    let mut by_file: BTreeMap<u16, Vec<&Edit>> = BTreeMap::new();
    for edit in edits {
        by_file.entry(edit.span.file.0).or_default().push(edit);
    }
    let mut files = files.to_vec();
    for (file, mut edits) in by_file {
        // From the end, so that earlier places stay where they are.
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
        if let Some(file) = files.get_mut(usize::from(file)) {
            for edit in edits {
                let at = edit.span.start as usize..edit.span.end as usize;
                if file.text.get(at.clone()).is_some() {
                    file.text.replace_range(at, &edit.text);
                }
            }
        }
    }
    files
}

fn tried(service: &Service, edits: &[Edit], symbol: &Symbol, new: &str) -> Result<(), String> {
    let errors = |found: &[samverk_domain::finding::Finding]| {
        found
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .count()
    };
    let (after, found) = pack::parse::pack(applied(&service.files, edits));
    if errors(&found) > errors(&service.read) {
        let first = found.iter().find(|finding| finding.severity == Severity::Error);
        let why = first.map_or("", |finding| finding.message.as_str());
        return Err(format!("Med namnet {new} skulle dokumentet inte gå att läsa: {why}"));
    }
    let (Some(before), Some(after)) = (service.pack.as_ref().filter(|_| service.is_current), &after) else {
        return Ok(());
    };
    let as_renamed = |name: &str| match symbol {
        Symbol::Fact(old) if old == name => new.to_owned(),
        Symbol::List(old) => match name.split_once('.') {
            Some((list, column)) if list == old => format!("{new}.{column}"),
            _ => name.to_owned(),
        },
        _ => name.to_owned(),
    };
    for (was, is) in before.steps.iter().zip(&after.steps) {
        let mut expected: Vec<String> = underlag(before, was).iter().map(|name| as_renamed(name)).collect();
        let mut got = underlag(after, is);
        expected.sort();
        got.sort();
        if expected != got {
            return Err(format!(
                "Underlaget till {} skulle ändras, eftersom det är skrivet med *. Skriv ut uppgiften där först, eller behåll namnets början.",
                was.name.it
            ));
        }
    }
    Ok(())
}

fn underlag(pack: &Pack, step: &pack::Step) -> Vec<String> {
    pack.underlag(step).iter().map(Name::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use samverk_domain::check;

    /// Every name of every service, changed to one that nobody has: nothing is found that was not found before.
    #[test]
    fn any_name_can_be_changed_and_nothing_is_wrong_afterwards() {
        let packs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
        let mut renamed = 0;
        for folder in std::fs::read_dir(packs).unwrap().map(|entry| entry.unwrap().path()) {
            if !folder.join("tjanst.md").is_file() {
                continue;
            }
            let service = Service::read(folder.clone(), &BTreeMap::new(), None);
            let clean = service.findings().len();
            let symbols: Vec<Symbol> = service.names.defined().map(|found| found.symbol.clone()).collect();
            for symbol in symbols {
                let to = match (&symbol, symbol.name().split_once('.')) {
                    (Symbol::Letter(_) | Symbol::Register(_), _) => continue,
                    (Symbol::Fact(_), Some((prefix, _))) => format!("{prefix}.annat-namn"),
                    _ => "annat-namn".to_owned(),
                };
                let edits = rename(&service, &symbol, &to).unwrap_or_else(|why| panic!("{symbol:?}: {why}"));
                assert!(!edits.is_empty());
                renamed += 1;
                // Proving the largest again for each of its names would take minutes.
                if folder.ends_with("starta-restaurang") {
                    continue;
                }
                let (pack, mut found) = pack::parse::pack(applied(&service.files, &edits));
                found.extend(check::check(&pack.unwrap(), None));
                assert_eq!(found.len(), clean, "{symbol:?}: {found:?}");
            }
        }
        assert!(renamed > 100);
    }
}
