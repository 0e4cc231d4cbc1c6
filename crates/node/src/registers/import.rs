//! Takes a file into a register: every row is taken or set aside with its line and the reason, and nothing is lost.
//!
//! The file is CSV in UTF-8, one row a line, parted by `,` or `;` (the header decides), cells in `"` where they hold the sign.
//! Header: `ämne` (whom the row is about) and the register's fields in any order. For a register outside
//! [`base::REGISTERS`] each column says its type: `ämne (orgnr),namn (text),skuld (kr)`. Beside the fields there may be
//! `gäller_från` (day), `producent` (body id; else the register's own), `skydd` (ja: protected, nothing is disclosed).
//! An empty cell means that there is no value (any more). Subjects that the file does not name stay as they are.
//!
//! Always true: the same file again changes nothing; rows are committed some hundreds at a time, and an import that was
//! interrupted goes on after the last committed row; memory does not grow with the file. Rows set aside stand verbatim, after
//! their line and reason, in a file that can be mended and imported itself. Reasons never repeat a cell.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use samverk_domain::fact::Name;
use samverk_domain::terms::BodyId;
use samverk_domain::words::time::start_of;
use samverk_store::registers::{self as table, Entry, Taken};
use samverk_store::{Store, StoreError};

use super::base::{self, ABOUT, About, REGISTERS, TYPES, Type};

/// A longer line is not a row of a register; a forgotten quote does not eat the file.
pub const LINE_BYTES_MAX: usize = 64 * 1024;
/// Rows of one file; the whole country's population and properties fit.
pub const ROWS_MAX: u64 = 20_000_000;
/// Columns of one file.
pub const COLUMNS_MAX: usize = 100;
/// Rows in one commit: hides the fsync, and keeps the writer free for others between.
pub const ROWS_PER_COMMIT: usize = 500;
/// Rows set aside that the report shows; all of them stand in the file beside.
pub const SHOWN_MAX: usize = 20;
/// Files of rows set aside that are kept beside each other before someone must tidy.
const SET_ASIDE_FILES_MAX: u32 = 99;

/// What to import, and whereto.
#[derive(Clone, Debug)]
pub struct Order {
    pub body: BodyId,
    pub register: Name,
    pub file: PathBuf,
    pub now: Timestamp,
}

/// What became of the file. `added + changed + unchanged + set_aside == rows`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Lines with something on them, but for the header.
    pub rows: u64,
    pub added: u64,
    pub changed: u64,
    pub unchanged: u64,
    pub set_aside: u64,
    /// The first [`SHOWN_MAX`] rows set aside: line (from 1) and reason.
    pub shown: Vec<(u64, String)>,
    /// Where the rows set aside are, if there are any.
    pub set_aside_file: Option<PathBuf>,
    /// The line after which an earlier, interrupted import was continued.
    pub continued_after: Option<u64>,
}

/// Why nothing, or not everything, was imported.
#[derive(Debug, thiserror::Error)]
pub enum NotImported {
    /// Mend the header; nothing was taken.
    #[error("{}, rad 1: {why}", file.display())]
    Header { file: PathBuf, why: String },
    /// Divide the file.
    #[error("Filen har fler än {ROWS_MAX} rader. Dela den och importera delarna var för sig.")]
    TooManyRows,
    #[error("{} gick inte att läsa eller skriva: {why}", file.display())]
    File { file: PathBuf, why: io::Error },
    #[error("Registret gick inte att skriva: {0}. Kör samma import igen; den fortsätter där den slutade.")]
    Store(#[from] StoreError),
}

/// Imports the file. `heard` is told how many bytes of how many have been read.
pub fn import(store: &Store, order: &Order, heard: &mut dyn FnMut(u64, u64)) -> Result<Report, NotImported> {
    let unreadable = |why| NotImported::File {
        file: order.file.clone(),
        why,
    };
    let (sha256, bytes_all) = digest(&order.file).map_err(unreadable)?;
    let mut lines = Lines {
        reader: BufReader::new(File::open(&order.file).map_err(unreadable)?),
        number: 0,
        bytes: 0,
    };
    let mut line = Vec::new();
    let mut lost = io::sink();
    let first = lines.next(&mut line, &mut lost).map_err(unreadable)?;
    let header = match first {
        Line::Whole => Header::parse(&line, &order.register, &order.body),
        Line::End => Err("Filen är tom. Första raden ska vara rubriker.".to_owned()),
        Line::TooLong => Err("Rubrikraden är för lång.".to_owned()),
    }
    .map_err(|why| NotImported::Header {
        file: order.file.clone(),
        why,
    })?;
    let import = begin(store, order, &header, sha256)?;

    let mut aside = SetAside::new(&order.file, &line, &header);
    let mut report = Report {
        rows: 0,
        added: 0,
        changed: 0,
        unchanged: 0,
        set_aside: 0,
        shown: Vec::new(),
        set_aside_file: None,
        continued_after: u64::try_from(import.line_done).ok().filter(|line| *line > 0),
    };
    let today = base::today(order.now);
    let mut waiting: Vec<(Entry, Vec<u8>)> = Vec::new();
    loop {
        let kind = lines
            .next_into(&mut line, &mut aside)
            .map_err(|why| aside.unwritable(why))?;
        match kind {
            Line::End => break,
            Line::Whole if line.iter().all(u8::is_ascii_whitespace) => continue,
            Line::Whole => {
                report.rows += 1;
                match header.entry(&line, lines.number, &order.body, today) {
                    Ok(entry) => waiting.push((entry, line.clone())),
                    Err(why) => set_aside(&mut report, &mut aside, lines.number, why, &line)?,
                }
            }
            Line::TooLong => {
                report.rows += 1;
                note(&mut report, lines.number, TOO_LONG.to_owned());
            }
        }
        if report.rows > ROWS_MAX {
            return Err(NotImported::TooManyRows);
        }
        if waiting.len() == ROWS_PER_COMMIT {
            commit(store, order, &import, &mut waiting, &mut report, &mut aside)?;
            heard(lines.bytes, bytes_all);
        }
    }
    commit(store, order, &import, &mut waiting, &mut report, &mut aside)?;
    report.set_aside_file = aside.keep().map_err(|why| aside.unwritable(why))?;
    let now = order.now;
    let last = store.run_blocking("registers.finish_import", move |tx| {
        table::finish_import(tx, &import, now)
    })?;
    (report.added, report.changed, report.unchanged) = (last.added, last.changed, last.unchanged);
    heard(bytes_all, bytes_all);
    Ok(report)
}

const TOO_LONG: &str = "Raden är för lång.";

fn begin(store: &Store, order: &Order, header: &Header, sha256: [u8; 32]) -> Result<table::Import, NotImported> {
    let fields: Vec<(Name, Type)> = header.fields().collect();
    let (body, register, now) = (order.body.clone(), order.register.clone(), order.now);
    let begun = store.run_blocking("registers.begin_import", move |tx| {
        for (field, kind) in &fields {
            table::keep_field(tx, &body, &register, field, kind.word())?;
        }
        table::begin_import(tx, &body, &register, &sha256, now)
    });
    begun.map_err(|why| match why {
        StoreError::Constraint(_) => NotImported::Header {
            file: order.file.clone(),
            why: "En kolumn har en annan typ än den har i registret. Skriv samma typ som förut.".to_owned(),
        },
        other => NotImported::Store(other),
    })
}

/// Commits the rows that wait, and sets aside those that contradict an earlier row of the file.
fn commit(
    store: &Store,
    order: &Order,
    import: &table::Import,
    waiting: &mut Vec<(Entry, Vec<u8>)>,
    report: &mut Report,
    aside: &mut SetAside,
) -> Result<(), NotImported> {
    let (entries, raw): (Vec<Entry>, Vec<Vec<u8>>) = waiting.drain(..).unzip();
    let entries = Arc::new(entries);
    let taken = {
        let (entries, import, now) = (Arc::clone(&entries), import.clone(), order.now);
        store.run_blocking("registers.take", move |tx| table::take(tx, &import, &entries, now))?
    };
    for ((entry, raw), taken) in entries.iter().zip(&raw).zip(taken) {
        if let Taken::SaidAt(line) = taken {
            let why = format!("Rad {line} säger redan något om samma nummer eller beteckning.");
            set_aside(report, aside, entry.line.unsigned_abs(), why, raw)?;
        }
    }
    Ok(())
}

fn set_aside(report: &mut Report, aside: &mut SetAside, line: u64, why: String, raw: &[u8]) -> Result<(), NotImported> {
    let written = aside.begin(line, &why).and_then(|file| {
        file.write_all(raw)?;
        file.write_all(b"\n")
    });
    written.map_err(|why| aside.unwritable(why))?;
    note(report, line, why);
    Ok(())
}

fn note(report: &mut Report, line: u64, why: String) {
    report.set_aside += 1;
    if report.shown.len() < SHOWN_MAX {
        report.shown.push((line, why));
    }
}

// --- header and rows ---

/// The columns of a file. Reading a row is pure: bytes in, entry or reason out.
pub struct Header {
    separator: u8,
    about: About,
    columns: Vec<Column>,
}

enum Column {
    Subject,
    Field(Name, Type),
    ValidFrom,
    Producer,
    Protected,
    /// `rad` and `skäl` of a file with rows that were set aside.
    Report,
}

impl Header {
    pub fn parse(line: &[u8], register: &Name, body: &BodyId) -> Result<Self, String> {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if std::str::from_utf8(line).is_err() {
            return Err("Filen är inte UTF-8. Spara den som UTF-8 och försök igen.".to_owned());
        }
        let separator = if line.contains(&b';') { b';' } else { b',' };
        let cells = cells(line, separator)?;
        if cells.len() > COLUMNS_MAX {
            return Err(format!("Filen får ha högst {COLUMNS_MAX} kolumner."));
        }
        let known = REGISTERS.iter().find(|known| known.name == register.as_str());
        let mut about = known.map(|known| known.about);
        let mut columns = Vec::new();
        let mut seen = Vec::new();
        for cell in &cells {
            let cell = cell.trim();
            let (word, kind) = match cell.split_once('(') {
                Some((word, kind)) => (
                    word.trim(),
                    Some(kind.trim_end().strip_suffix(')').unwrap_or(kind).trim().to_lowercase()),
                ),
                None => (cell, None),
            };
            let word = word.to_lowercase().replace('_', " ");
            if seen.contains(&word) {
                return Err(format!("Kolumnen ”{word}” står två gånger."));
            }
            let subject = ABOUT.iter().find(|(known, _)| *known == word);
            let column = match (word.as_str(), subject) {
                ("ämne", _) => {
                    if let Some(kind) = kind {
                        let (_, wanted) = ABOUT.iter().find(|(word, _)| *word == kind).ok_or_else(|| {
                            format!("Ämnet ska vara {}.", one_of(ABOUT.iter().map(|(word, _)| *word)))
                        })?;
                        if about.is_some_and(|about| about != *wanted) {
                            return Err(format!("Registret {register} har inte rader om {kind}."));
                        }
                        about = Some(*wanted);
                    }
                    Column::Subject
                }
                (_, Some((_, wanted)))
                    if kind.is_none() && columns.is_empty() && about.is_none_or(|about| about == *wanted) =>
                {
                    about = Some(*wanted);
                    Column::Subject
                }
                ("gäller från", _) => Column::ValidFrom,
                ("producent", _) => Column::Producer,
                ("skydd", _) => Column::Protected,
                ("rad" | "skäl", _) => Column::Report,
                _ => {
                    let field =
                        Name::parse(&word).map_err(|why| format!("”{word}” är inget namn på ett fält: {why}."))?;
                    let kind = column_type(register, &field, kind.as_deref(), known)?;
                    Column::Field(field, kind)
                }
            };
            seen.push(word);
            columns.push(column);
        }
        if !columns.iter().any(|column| matches!(column, Column::Subject)) {
            return Err("Kolumnen ”ämne” saknas: den säger vem eller vad raden gäller.".to_owned());
        }
        let about = about.ok_or_else(|| {
            format!(
                "Skriv vad raderna i registret {register} hos {body} gäller: ämne (orgnr), ämne (personnummer) eller ämne \
                 (fastighet)."
            )
        })?;
        Ok(Self {
            separator,
            about,
            columns,
        })
    }

    fn fields(&self) -> impl Iterator<Item = (Name, Type)> + '_ {
        self.columns.iter().filter_map(|column| match column {
            Column::Field(field, kind) => Some((field.clone(), *kind)),
            _ => None,
        })
    }

    pub fn entry(&self, line: &[u8], number: u64, body: &BodyId, today: Date) -> Result<Entry, String> {
        let cells = cells(line, self.separator)?;
        if cells.len() != self.columns.len() {
            return Err(format!(
                "Raden har {} celler och rubrikraden {}.",
                cells.len(),
                self.columns.len()
            ));
        }
        let mut subject = None;
        let mut entry_protected = false;
        let mut producer = body.clone();
        let mut valid_from = None;
        let mut values = Vec::new();
        for (column, cell) in self.columns.iter().zip(&cells) {
            let cell = cell.trim();
            match column {
                Column::Subject => {
                    subject = Some(self.about.subject(cell, today).map_err(|why| format!("ämne: {why}"))?)
                }
                Column::Field(field, _) if cell.is_empty() => values.push((field.clone(), None)),
                Column::Field(field, kind) => {
                    let value = kind.canonical(cell, today).map_err(|why| format!("{field}: {why}"))?;
                    values.push((field.clone(), Some(value)));
                }
                Column::ValidFrom if cell.is_empty() => {}
                Column::ValidFrom => {
                    let from = cell.parse::<Date>().ok().and_then(|day| start_of(day).ok());
                    valid_from = Some(from.ok_or("gäller_från: Skriv dagen som ÅÅÅÅ-MM-DD.")?);
                }
                Column::Producer if cell.is_empty() => {}
                Column::Producer => {
                    producer = BodyId::parse(cell)
                        .map_err(|_| "producent: Skriv organets id, till exempel bolagsregistret.")?;
                }
                Column::Protected => {
                    entry_protected = match cell.to_lowercase().as_str() {
                        "ja" => true,
                        "nej" | "" => false,
                        _ => return Err("skydd: Skriv ja eller nej.".to_owned()),
                    };
                }
                Column::Report => {}
            }
        }
        Ok(Entry {
            line: i64::try_from(number).map_err(|_| "Filen har för många rader.")?,
            subject: subject.ok_or("Raden säger inte vem eller vad den gäller.")?,
            protected: entry_protected,
            producer,
            valid_from,
            values,
        })
    }
}

fn column_type(
    register: &Name,
    field: &Name,
    kind: Option<&str>,
    known: Option<&base::Register>,
) -> Result<Type, String> {
    let said = kind
        .map(|kind| {
            Type::parse(kind).ok_or_else(|| {
                format!(
                    "{field}: typen ska vara {}.",
                    one_of(TYPES.iter().map(|(word, _)| *word))
                )
            })
        })
        .transpose()?;
    let Some(known) = known else {
        return said.ok_or_else(|| {
            format!(
                "Registret {register} är inget av basregistren ({}). Skriv därför typen efter kolumnen: {field} (text). \
                 Typerna är {}.",
                one_of(REGISTERS.iter().map(|known| known.name)),
                one_of(TYPES.iter().map(|(word, _)| *word))
            )
        });
    };
    match known.fields.iter().find(|(name, _)| *name == field.as_str()) {
        None => Err(format!(
            "Registret {} har inget fält {field}. Fälten är {}.",
            known.name,
            one_of(known.fields.iter().map(|(name, _)| *name))
        )),
        Some((_, kind)) if said.is_none_or(|said| said == *kind) => Ok(*kind),
        Some((_, kind)) => Err(format!(
            "Fältet {field} i registret {} är av typen {}.",
            known.name,
            kind.word()
        )),
    }
}

fn one_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} eller {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// The cells of one line. A cell in quotes may hold the separator, and a quote written twice.
fn cells(line: &[u8], separator: u8) -> Result<Vec<String>, String> {
    let text = std::str::from_utf8(line).map_err(|_| "Raden är inte UTF-8. Spara filen som UTF-8.")?;
    let separator = char::from(separator);
    let mut cells = Vec::new();
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start_matches(' ');
        let (cell, after) = match trimmed.strip_prefix('"') {
            None => match rest.split_once(separator) {
                Some((cell, after)) => (cell.to_owned(), Some(after)),
                None => (rest.to_owned(), None),
            },
            Some(mut quoted) => {
                let mut cell = String::new();
                loop {
                    let (part, after) = quoted
                        .split_once('"')
                        .ok_or("Ett citattecken saknas i slutet av en cell.")?;
                    cell.push_str(part);
                    match after.strip_prefix('"') {
                        Some(more) => {
                            cell.push('"');
                            quoted = more;
                        }
                        None => {
                            let after = after.trim_start_matches(' ');
                            if after.is_empty() {
                                break (cell, None);
                            }
                            let after = after
                                .strip_prefix(separator)
                                .ok_or("Efter citattecknet ska cellen ta slut.")?;
                            break (cell, Some(after));
                        }
                    }
                }
            }
        };
        cells.push(cell);
        match after {
            None => return Ok(cells),
            Some(after) => rest = after,
        }
    }
}

// --- lines ---

struct Lines {
    reader: BufReader<File>,
    /// Of the line read last, from 1.
    number: u64,
    bytes: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    /// Without its end of line.
    Whole,
    /// Longer than [`LINE_BYTES_MAX`]; all of it was passed on.
    TooLong,
    End,
}

impl Lines {
    fn next(&mut self, line: &mut Vec<u8>, rest: &mut dyn io::Write) -> io::Result<Line> {
        line.clear();
        let read = (&mut self.reader)
            .take(LINE_BYTES_MAX as u64 + 1)
            .read_until(b'\n', line)?;
        if read == 0 {
            return Ok(Line::End);
        }
        self.number += 1;
        self.bytes += read as u64;
        if line.last() == Some(&b'\n') {
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            return Ok(Line::Whole);
        }
        if read <= LINE_BYTES_MAX {
            return Ok(Line::Whole);
        }
        rest.write_all(line)?;
        loop {
            let held = self.reader.fill_buf()?;
            let end = held.iter().position(|byte| *byte == b'\n');
            let take = end.unwrap_or(held.len());
            rest.write_all(&held[..take])?;
            let used = take + usize::from(end.is_some());
            let last = end.is_some() || used == 0;
            self.reader.consume(used);
            self.bytes += used as u64;
            if last {
                rest.write_all(b"\n")?;
                return Ok(Line::TooLong);
            }
        }
    }

    /// As [`Lines::next`]; a line that is too long goes straight to the rows set aside.
    fn next_into(&mut self, line: &mut Vec<u8>, aside: &mut SetAside) -> io::Result<Line> {
        let number = self.number + 1;
        self.next(
            line,
            &mut TooLongRow {
                number,
                aside,
                begun: false,
            },
        )
    }
}

/// Begins a row in the file of rows set aside when the first byte comes.
struct TooLongRow<'a> {
    number: u64,
    aside: &'a mut SetAside,
    begun: bool,
}

impl io::Write for TooLongRow<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let file = if self.begun {
            self.aside.file()?
        } else {
            self.begun = true;
            self.aside.begin(self.number, TOO_LONG)?
        };
        file.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// --- rows set aside ---

struct SetAside {
    /// The imported file.
    of: PathBuf,
    header: Vec<u8>,
    /// A file that was set aside before has line and reason already, and its rows keep what stood there.
    reports: bool,
    separator: char,
    file: Option<BufWriter<File>>,
}

impl SetAside {
    fn new(of: &Path, line: &[u8], header: &Header) -> Self {
        Self {
            of: of.to_owned(),
            header: line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).to_vec(),
            reports: header.columns.iter().any(|column| matches!(column, Column::Report)),
            separator: char::from(header.separator),
            file: None,
        }
    }

    /// `FILE.avvisade.csv`, `FILE.avvisade-2.csv` …
    fn path(&self, number: u32) -> PathBuf {
        let stem = self.of.file_stem().unwrap_or_default().to_string_lossy();
        self.of.with_file_name(match number {
            0 => format!("{stem}.avvisade.tmp"),
            1 => format!("{stem}.avvisade.csv"),
            more => format!("{stem}.avvisade-{more}.csv"),
        })
    }

    fn unwritable(&self, why: io::Error) -> NotImported {
        NotImported::File {
            file: self.path(1),
            why,
        }
    }

    fn file(&mut self) -> io::Result<&mut BufWriter<File>> {
        if self.file.is_none() {
            let mut options = File::options();
            options.create(true).write(true).truncate(true);
            // The rows are about people, as the file they come from.
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = BufWriter::new(options.open(self.path(0))?);
            if !self.reports {
                write!(file, "rad{0}skäl{0}", self.separator)?;
            }
            file.write_all(&self.header)?;
            file.write_all(b"\n")?;
            self.file = Some(file);
        }
        self.file
            .as_mut()
            .ok_or_else(|| io::Error::other("the file is not open"))
    }

    /// Line and reason; the row itself is then written verbatim, so that it can be mended where it stands.
    fn begin(&mut self, line: u64, why: &str) -> io::Result<&mut BufWriter<File>> {
        let (separator, reports) = (self.separator, self.reports);
        let file = self.file()?;
        if !reports {
            write!(file, "{line}{separator}\"{}\"{separator}", why.replace('"', "\"\""))?;
        }
        Ok(file)
    }

    /// Gives the rows their place. Earlier ones are never written over: somebody may be mending them.
    fn keep(&mut self) -> io::Result<Option<PathBuf>> {
        let Some(file) = self.file.take() else {
            // What an interrupted import left; this one found nothing to set aside.
            return match std::fs::remove_file(self.path(0)) {
                Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
                _ => Ok(None),
            };
        };
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        let new = self.path(0);
        for number in 1..=SET_ASIDE_FILES_MAX {
            let path = self.path(number);
            if !path.exists() {
                std::fs::rename(&new, &path)?;
                return Ok(Some(path));
            }
            if digest(&path)? == digest(&new)? {
                std::fs::remove_file(&new)?;
                return Ok(Some(path));
            }
        }
        Err(io::Error::other(format!(
            "there are {SET_ASIDE_FILES_MAX} such files already; remove those that are dealt with"
        )))
    }
}

/// SHA-256 of a file and its length.
fn digest(path: &Path) -> io::Result<([u8; 32], u64)> {
    let mut file = File::open(path)?;
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    let mut buffer = vec![0; 64 * 1024];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            let digest = context.finish();
            let digest = digest
                .as_ref()
                .try_into()
                .map_err(|_| io::Error::other("SHA-256 has 32 bytes"))?;
            return Ok((digest, bytes));
        }
        context.update(&buffer[..read]);
        bytes += read as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    use samverk_domain::terms::{FieldAnswer, FieldError, Subject};

    const HEADER: &str = "ämne,namn,form,firmateckning,gäller_från\n";
    const ONE: &str = "559900-0006,Matkultur i Exempelstad AB,aktiebolag,ensam: 198404272380,2022-03-14\n";
    const TWO: &str =
        "559900-0014,\"Krog, \"\"Bodega\"\" AB\",aktiebolag,\"två i förening: 198404272380, 196902209292\",\n";

    struct World {
        folder: tempfile::TempDir,
        store: Store,
    }

    impl World {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(&folder.path().join("node.sqlite")).unwrap();
            Self { folder, store }
        }

        fn file(&self, text: impl AsRef<[u8]>) -> PathBuf {
            let file = self.folder.path().join("bolag.csv");
            std::fs::write(&file, text).unwrap();
            file
        }

        fn import_file(&self, register: &str, file: PathBuf, now: &str) -> Result<Report, NotImported> {
            let order = Order {
                body: body(),
                register: Name::parse(register).unwrap(),
                file,
                now: now.parse().unwrap(),
            };
            import(&self.store, &order, &mut |_, _| {})
        }

        fn import(&self, text: &str) -> Report {
            self.import_file("bolag", self.file(text), MARCH).unwrap()
        }

        fn refused(&self, register: &str, text: impl AsRef<[u8]>) -> String {
            match self.import_file(register, self.file(text), MARCH) {
                Err(NotImported::Header { why, .. }) => why,
                other => panic!("the header is refused, not {other:?}"),
            }
        }

        fn says(&self, register: &str, subject: Subject, field: &str, at: &str) -> FieldAnswer {
            let (register, field) = (Name::parse(register).unwrap(), Name::parse(field).unwrap());
            let at = at.parse().unwrap();
            let fields = BTreeSet::from([field.clone()]);
            self.store
                .read_blocking("test", |tx| {
                    super::super::answer(tx, &body(), &register, &subject, &fields, at)
                })
                .map_err(|e: StoreError| e)
                .unwrap()
                .remove(&field)
                .unwrap()
        }
    }

    const MARCH: &str = "2026-03-02T08:00:00Z";
    const APRIL: &str = "2026-04-02T08:00:00Z";
    const LATER: &str = "2026-12-01T08:00:00Z";

    fn body() -> BodyId {
        BodyId::parse("bolagsregistret").unwrap()
    }

    fn company() -> Subject {
        Subject::OrgNr("5599000006".to_owned())
    }

    fn value(answer: &FieldAnswer) -> &str {
        match answer {
            FieldAnswer::Value { value, .. } => value,
            other => panic!("a value, not {other:?}"),
        }
    }

    fn figures(report: &Report) -> [u64; 5] {
        [
            report.rows,
            report.added,
            report.changed,
            report.unchanged,
            report.set_aside,
        ]
    }

    #[test]
    fn the_demonstrations_registers_are_taken_whole() {
        let world = World::new();
        for register in REGISTERS {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("demo/registers/{}.csv", register.name));
            let report = world.import_file(register.name, file, LATER).unwrap();
            assert_eq!((report.set_aside, &report.shown[..]), (0, &[][..]), "{}", register.name);
            assert!(report.added > 0);
        }
    }

    #[test]
    fn the_same_file_again_changes_nothing() {
        let world = World::new();
        let text = format!("{HEADER}{ONE}{TWO}");
        assert_eq!(figures(&world.import(&text)), [2, 2, 0, 0, 0]);
        assert_eq!(figures(&world.import(&text)), [2, 0, 0, 2, 0]);
        let answer = world.says("bolag", company(), "namn", LATER);
        assert_eq!(
            answer,
            FieldAnswer::Value {
                value: "Matkultur i Exempelstad AB".to_owned(),
                valid_from: Some("2022-03-13T23:00:00Z".parse().unwrap()),
                recorded_at: MARCH.parse().unwrap(),
            }
        );
    }

    #[test]
    fn a_change_keeps_what_the_register_said_before() {
        let world = World::new();
        world.import(&format!("{HEADER}{ONE}"));
        let renamed = ONE.replace("Matkultur i Exempelstad", "Nya Matkultur");
        let file = world.file(format!("{HEADER}{renamed}"));
        let report = world.import_file("bolag", file, APRIL).unwrap();
        assert_eq!(figures(&report), [1, 0, 1, 0, 0]);
        assert_eq!(
            value(&world.says("bolag", company(), "namn", "2026-03-15T00:00:00Z")),
            "Matkultur i Exempelstad AB"
        );
        assert_eq!(
            value(&world.says("bolag", company(), "namn", LATER)),
            "Nya Matkultur AB"
        );
        let emptied = ONE.replace("Matkultur i Exempelstad AB", "");
        world
            .import_file("bolag", world.file(format!("{HEADER}{emptied}")), LATER)
            .unwrap();
        assert_eq!(world.says("bolag", company(), "namn", LATER), FieldAnswer::NoRecord);
        assert_eq!(
            value(&world.says("bolag", company(), "namn", APRIL)),
            "Nya Matkultur AB"
        );
        assert_eq!(value(&world.says("bolag", company(), "form", LATER)), "aktiebolag");
    }

    #[test]
    fn a_value_that_holds_from_a_later_day_is_not_said_before_it() {
        let world = World::new();
        world.import(&format!("{HEADER}{ONE}"));
        let coming = ONE.replace("AB", "Aktiebolag").replace("2022-03-14", "2026-06-01");
        world
            .import_file("bolag", world.file(format!("{HEADER}{coming}")), APRIL)
            .unwrap();
        let on = |at| value(&world.says("bolag", company(), "namn", at)).to_owned();
        assert_eq!(on("2026-05-31T21:59:59Z"), "Matkultur i Exempelstad AB");
        assert_eq!(on("2026-05-31T22:00:00Z"), "Matkultur i Exempelstad Aktiebolag");
    }

    #[test]
    fn rows_that_are_not_understood_are_set_aside_verbatim_and_can_be_mended_there() {
        let world = World::new();
        let long = format!("559900-0030,{},aktiebolag,,\n", "x".repeat(2 * LINE_BYTES_MAX));
        let bad = [
            "559900-0007,Fel siffra AB,aktiebolag,,\n",
            "559900-0022,För få celler\n",
            "559900-0022,\"Öppet citat AB,aktiebolag,,\n",
            &long,
            "559900-0022,Namn,aktiebolag,två i förening: 198404272380,\n",
            ",Ingen,aktiebolag,,\n",
            "559900-0022,Namn,aktiebolag,,igår\n",
        ];
        let mut text = format!("{HEADER}{ONE}").into_bytes();
        text.extend_from_slice(b"559900-0022,Sm\xf6r AB,aktiebolag,,\n\n");
        text.extend_from_slice(bad.concat().as_bytes());
        text.extend_from_slice(format!("{TWO}{ONE}").as_bytes());
        let report = world.import_file("bolag", world.file(&text), MARCH).unwrap();
        assert_eq!(figures(&report), [11, 2, 0, 0, 9]);
        let shown: Vec<String> = report
            .shown
            .iter()
            .map(|(line, why)| format!("{line}: {why}"))
            .collect();
        assert_eq!(
            shown,
            [
                "3: Raden är inte UTF-8. Spara filen som UTF-8.",
                "5: ämne: Den sista siffran stämmer inte med de andra. Kontrollera att numret är rätt skrivet.",
                "6: Raden har 2 celler och rubrikraden 5.",
                "7: Ett citattecken saknas i slutet av en cell.",
                "8: Raden är för lång.",
                "9: firmateckning: Firmateckningen anger färre personer än som ska teckna tillsammans.",
                "10: ämne: Raden säger inte vem eller vad den gäller.",
                "11: gäller_från: Skriv dagen som ÅÅÅÅ-MM-DD.",
                "13: Rad 2 säger redan något om samma nummer eller beteckning.",
            ]
        );
        let aside = report.set_aside_file.unwrap();
        assert_eq!(aside.file_name().unwrap(), "bolag.avvisade.csv");
        let held = std::fs::read(&aside).unwrap();
        for row in bad
            .iter()
            .map(|row| row.as_bytes())
            .chain([&b"Sm\xf6r AB"[..], ONE.as_bytes()])
        {
            assert!(held.windows(row.len()).any(|window| window == row), "nothing is lost");
        }

        let mended =
            "rad,skäl,ämne,namn,form,firmateckning,gäller_från\n5,\"Den, sista\",559900-0022,Rätt AB,aktiebolag,,\n";
        std::fs::write(&aside, mended).unwrap();
        let report = world.import_file("bolag", aside, MARCH).unwrap();
        assert_eq!(figures(&report), [1, 1, 0, 0, 0]);
    }

    #[test]
    fn rows_set_aside_earlier_are_not_written_over() {
        let world = World::new();
        let aside = |text: String| world.import(&text).set_aside_file.unwrap();
        let first = aside(format!("{HEADER}559900-0007,Fel AB,aktiebolag,,\n"));
        let same = aside(format!("{HEADER}559900-0007,Fel AB,aktiebolag,,\n"));
        let other = aside(format!("{HEADER}559900-0008,Fel AB,aktiebolag,,\n"));
        assert_eq!(first, same);
        assert_eq!(other.file_name().unwrap(), "bolag.avvisade-2.csv");
        assert!(first.exists() && other.exists());
    }

    #[test]
    fn an_import_that_was_interrupted_goes_on_where_it_stopped() {
        let world = World::new();
        let row = |n: usize, name: &str| {
            let digits = format!("559900{n:03}");
            let sum: u32 = (0..)
                .zip(digits.bytes())
                .map(|(i, b)| {
                    let d = u32::from(b - b'0') * if i % 2 == 0 { 2 } else { 1 };
                    d / 10 + d % 10
                })
                .sum();
            format!("{digits}{},{name},aktiebolag,,\n", (10 - sum % 10) % 10)
        };
        let mut text = HEADER.to_owned();
        for n in 0..900 {
            text += &row(n, "AB");
            if n == 100 {
                text += "fel,AB,aktiebolag,,\n";
                text += &row(7, "Annat");
            }
        }
        let file = world.file(&text);
        // The node is stopped after the first commit: the second one fails.
        let order = Order {
            body: body(),
            register: Name::parse("bolag").unwrap(),
            file: file.clone(),
            now: MARCH.parse().unwrap(),
        };
        let stopped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            import(&world.store, &order, &mut |_, _| panic!("a stop that the test wants"))
        }));
        assert!(stopped.is_err());
        assert_eq!(
            value(&world.says("bolag", company(), "namn", LATER)),
            "AB",
            "what was committed is there"
        );

        let report = world.import_file("bolag", file.clone(), APRIL).unwrap();
        assert_eq!(report.continued_after, Some(502));
        assert_eq!(figures(&report), [902, 900, 0, 0, 2]);
        let FieldAnswer::Value { recorded_at, .. } = world.says("bolag", company(), "namn", LATER) else {
            panic!("a value");
        };
        assert_eq!(recorded_at, MARCH.parse().unwrap(), "not taken a second time");
        let again = world.import_file("bolag", file, APRIL).unwrap();
        assert_eq!(figures(&again), [902, 0, 0, 900, 2]);
        assert_eq!(again.continued_after, None);
    }

    #[test]
    fn nothing_is_said_about_a_protected_person() {
        let world = World::new();
        let header = "ämne;namn;kommunkod;skydd\n";
        let people = format!("{header}19840427-2380;Amina Lindqvist;0001;ja\n19690220-9292;Lars Ekström;0001;\n");
        world.import_file("folkbokföring", world.file(people), MARCH).unwrap();
        let ask = |number: &str, field| world.says("folkbokföring", Subject::PersonNr(number.to_owned()), field, LATER);
        let protected = FieldAnswer::Error {
            code: FieldError::Protected,
        };
        assert_eq!(ask("198404272380", "namn"), protected);
        assert_eq!(ask("198404272380", "kommunkod"), protected);
        assert_eq!(value(&ask("196902209292", "namn")), "Lars Ekström");
        assert_eq!(ask("197110089294", "namn"), FieldAnswer::NoRecord);
        assert_eq!(
            ask("196902209292", "skuld"),
            FieldAnswer::Error {
                code: FieldError::Unavailable
            }
        );
        let open = format!("{header}19840427-2380;Amina Lindqvist;0001;nej\n");
        let report = world.import_file("folkbokföring", world.file(open), APRIL).unwrap();
        assert_eq!(figures(&report), [1, 0, 1, 0, 0]);
        assert_eq!(value(&ask("198404272380", "namn")), "Amina Lindqvist");
    }

    #[test]
    fn a_sole_traders_number_is_a_personnummer_however_it_is_asked() {
        let world = World::new();
        let debts = "ämne,skuld\n19840427-2380,500\n559900-0006,\"1 250,50\"\n";
        world.import_file("indrivning", world.file(debts), MARCH).unwrap();
        let as_person = world.says(
            "indrivning",
            Subject::PersonNr("198404272380".to_owned()),
            "skuld",
            LATER,
        );
        let as_business = world.says("indrivning", Subject::OrgNr("198404272380".to_owned()), "skuld", LATER);
        assert_eq!(value(&as_person), "500");
        assert_eq!(as_person, as_business);
        assert_eq!(value(&world.says("indrivning", company(), "skuld", LATER)), "1250,5");
    }

    #[test]
    fn a_register_of_ones_own_says_its_types_in_the_header() {
        let world = World::new();
        let text = "fastighet;boyta (tal);byggd (datum)\nexempelstad tallen 4;82,5;1962-01-01\n";
        world.import_file("byggnad", world.file(text), MARCH).unwrap();
        let subject = Subject::Property("EXEMPELSTAD  Tallen 4".to_owned());
        assert_eq!(value(&world.says("byggnad", subject, "boyta", LATER)), "82,5");
        let why = world.refused("byggnad", "ämne (fastighet);boyta (text)\n");
        assert!(why.contains("annan typ"), "{why}");
    }

    #[test]
    fn a_header_that_does_not_fit_the_register_is_refused_before_anything_is_taken() {
        let world = World::new();
        for (register, header, word) in [
            ("bolag", "", "tom"),
            ("bolag", "namn,form\n", "ämne"),
            ("bolag", "ämne,namm\n", "namm"),
            ("bolag", "ämne,namn,namn\n", "två gånger"),
            ("bolag", "ämne (fastighet),namn\n", "fastighet"),
            ("bolag", "ämne,namn (kr)\n", "typen text"),
            ("bolag", "ämne,n*mn\n", "namn på ett fält"),
            ("eget", "ämne (orgnr),namn\n", "typen"),
            ("eget", "ämne (orgnr),namn (sträng)\n", "typen"),
            ("eget", "ämne,namn (text)\n", "orgnr"),
            ("eget", "ämne (bil),namn (text)\n", "fastighet"),
        ] {
            let why = world.refused(register, header);
            assert!(why.contains(word), "{header:?}: {why}");
        }
        assert!(world.refused("bolag", b"\xe4mne,namn\n").contains("UTF-8"));
        assert!(world.refused("bolag", "x".repeat(LINE_BYTES_MAX + 9)).contains("lång"));
    }
}
