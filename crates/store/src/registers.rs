//! Registers: what a body that keeps a base register says about companies, people and properties, with its history.
//!
//! Always true: a value's row is added and never changed or removed, so what was disclosed on a day can be shown again: a
//! change is a new row with the next number, and an emptied value is a row without value. Who is protected is never read out.
//! An import is numbered and remembers the last line it has committed, so one that was interrupted goes on from there.
//!
//! Subjects stand in plain text: this is the register-keeping body's own store, for its own task, and a register that cannot be
//! searched is none. They never leave for a log or an error.
//!
//! What an attacker gains who can write here: they can make the body say something false, with its signature, until it is
//! corrected. Rows that were changed rather than added do not fit the answers that others hold signed.

use jiff::Timestamp;
use samverk_domain::fact::Name;
use samverk_domain::terms::BodyId;

use crate::migrations::Migration;
use crate::params;
use crate::tx::{Row, StoreError, Tx};

pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "registers",
    number: 1,
    name: "registers with fields, subjects, values and imports",
    sql: "
create table register_fields (
    body     text not null, -- body that keeps the register; never changes
    register text not null, -- 'bolag'; never changes
    field    text not null, -- 'namn'; never changes
    type     text not null, -- how its values are written: 'ja/nej', 'kr'; never changes
    primary key (body, register, field)
);
create table register_imports (
    body        text not null,   -- body that keeps the register; never changes
    register    text not null,   -- never changes
    number      bigint not null, -- from 1 for the register; never changes
    sha256      bytea not null,  -- of the imported file; never changes
    line_done   bigint not null, -- last line of the file whose row is committed
    added       bigint not null, -- rows about subjects that were new
    changed     bigint not null, -- rows that changed some value
    unchanged   bigint not null, -- rows that changed nothing
    started_at  text not null,   -- instant; never changes
    finished_at text,            -- instant when the whole file was read; null if it was interrupted
    primary key (body, register, number)
);
create table register_subjects (
    body         text not null,   -- body that keeps the register; never changes
    register     text not null,   -- never changes
    subject_kind text not null,   -- orgnr, personnr, property; never changes
    subject      text not null,   -- 10 digits, 12 digits or designation; never in a log; never changes
    protected    bigint not null, -- 1: skyddad folkbokforing, nothing is disclosed
    import       bigint not null, -- number of the import that wrote about it last
    line         bigint not null, -- its line in that import's file
    primary key (body, register, subject_kind, subject)
);
create table register_values (
    body         text not null,   -- as in register_subjects; never changes
    register     text not null,   -- never changes
    subject_kind text not null,   -- never changes
    subject      text not null,   -- never changes
    field        text not null,   -- never changes
    number       bigint not null, -- from 1 for the subject's field; the highest that holds counts; never changes
    value        text,            -- in the register's notation; null: there is no value any more; never changes
    producer     text not null,   -- body that the value comes from; never changes
    valid_from   text,            -- instant from which it holds; null: since it was recorded or before; never changes
    recorded_at  text not null,   -- instant when the register took it in; never changes
    primary key (body, register, subject_kind, subject, field, number)
);
",
}];

/// Whom a register's rows are about, in canonical form.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubjectKey {
    /// `orgnr`, `personnr`, `property`.
    pub kind: &'static str,
    /// 10 digits, 12 digits, or the designation.
    pub number: String,
}

impl std::fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}(…)", self.kind)
    }
}

/// What a register says of one field.
#[derive(Clone, PartialEq, Eq)]
pub enum Reading {
    Value(Recorded),
    NoRecord,
    /// The subject is protected: nothing is said, not even whether there is a value.
    Protected,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Recorded {
    pub value: String,
    pub producer: BodyId,
    pub valid_from: Option<Timestamp>,
    pub recorded_at: Timestamp,
}

/// Values are about people: never in a log, whoever writes `{:?}`.
impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Value(_) => "Value(…)",
            Self::NoRecord => "NoRecord",
            Self::Protected => "Protected",
        })
    }
}

/// The field's type if the register has the field.
pub fn field_type(tx: &mut Tx, body: &BodyId, register: &Name, field: &Name) -> Result<Option<String>, StoreError> {
    tx.query_optional(
        "select type from register_fields where body = $1 and register = $2 and field = $3",
        params![body, register, field],
    )?
    .map(|row| row.text("type"))
    .transpose()
}

/// The registers that the body keeps here, with their fields and types.
pub fn fields(tx: &mut Tx, body: &BodyId) -> Result<Vec<(Name, Name, String)>, StoreError> {
    tx.query(
        "select register, field, type from register_fields where body = $1 order by register, field",
        params![body],
    )?
    .iter()
    .map(|row| Ok((row.name("register")?, row.name("field")?, row.text("type")?)))
    .collect()
}

/// Registers a field; the first field makes the register. Another type for a known field is [`StoreError::Constraint`].
pub fn keep_field(tx: &mut Tx, body: &BodyId, register: &Name, field: &Name, kind: &str) -> Result<(), StoreError> {
    match field_type(tx, body, register, field)? {
        Some(known) if known == kind => Ok(()),
        Some(known) => Err(StoreError::Constraint(format!(
            "the field {field} of the register {register} is {known}, not {kind}"
        ))),
        None => tx
            .execute(
                "insert into register_fields (body, register, field, type) values ($1, $2, $3, $4)",
                params![body, register, field, kind],
            )
            .map(drop),
    }
}

/// What the register said of the field at the instant: the newest row recorded by then that held by then.
pub fn read(
    tx: &mut Tx,
    body: &BodyId,
    register: &Name,
    subject: &SubjectKey,
    field: &Name,
    at: Timestamp,
) -> Result<Reading, StoreError> {
    // Protection counts from the moment it is known, for the past too.
    let known = tx.query_optional(
        "select protected from register_subjects
         where body = $1 and register = $2 and subject_kind = $3 and subject = $4",
        params![body, register, subject.kind, subject.number],
    )?;
    match known {
        None => return Ok(Reading::NoRecord),
        Some(row) if row.flag("protected")? => return Ok(Reading::Protected),
        Some(_) => {}
    }
    let held = tx.query_optional(
        "select value, producer, valid_from, recorded_at from register_values
         where body = $1 and register = $2 and subject_kind = $3 and subject = $4 and field = $5 and recorded_at <= $6
             and (valid_from is null or valid_from <= $6)
         order by number desc limit 1",
        params![body, register, subject.kind, subject.number, field, at],
    )?;
    match held {
        None => Ok(Reading::NoRecord),
        Some(row) => Ok(recorded(&row)?.map_or(Reading::NoRecord, Reading::Value)),
    }
}

/// Every value that the field has had, oldest first; `None` where the value was taken away. For the register's own staff.
pub fn history(
    tx: &mut Tx,
    body: &BodyId,
    register: &Name,
    subject: &SubjectKey,
    field: &Name,
) -> Result<Vec<(Timestamp, Option<Recorded>)>, StoreError> {
    tx.query(
        "select value, producer, valid_from, recorded_at from register_values
         where body = $1 and register = $2 and subject_kind = $3 and subject = $4 and field = $5 order by number",
        params![body, register, subject.kind, subject.number, field],
    )?
    .iter()
    .map(|row| Ok((row.instant("recorded_at")?, recorded(row)?)))
    .collect()
}

fn recorded(row: &Row) -> Result<Option<Recorded>, StoreError> {
    let Some(value) = row.maybe_text("value")? else {
        return Ok(None);
    };
    Ok(Some(Recorded {
        value,
        producer: row.body("producer")?,
        valid_from: row.maybe_instant("valid_from")?,
        recorded_at: row.instant("recorded_at")?,
    }))
}

// --- import ---

/// An import under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    pub body: BodyId,
    pub register: Name,
    pub number: i64,
    /// Last line of the file whose row is committed; 0 for a new import.
    pub line_done: i64,
    pub added: u64,
    pub changed: u64,
    pub unchanged: u64,
}

/// One row of a file, read and checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    pub line: i64,
    pub subject: SubjectKey,
    pub protected: bool,
    pub producer: BodyId,
    pub valid_from: Option<Timestamp>,
    /// `None`: the cell is empty, there is no value.
    pub values: Vec<(Name, Option<String>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The register knew nothing of the subject before.
    Added,
    Changed,
    Unchanged,
    /// The same file said something about the subject at this line already; this row was not taken.
    SaidAt(i64),
}

/// Begins an import of the file, or goes on with the last one if it was of the same file and interrupted.
pub fn begin_import(
    tx: &mut Tx,
    body: &BodyId,
    register: &Name,
    sha256: &[u8; 32],
    now: Timestamp,
) -> Result<Import, StoreError> {
    let last = tx.query_optional(
        "select number, sha256, line_done, added, changed, unchanged, finished_at from register_imports
         where body = $1 and register = $2 order by number desc limit 1",
        params![body, register],
    )?;
    let mut import = Import {
        body: body.clone(),
        register: register.clone(),
        number: 1,
        line_done: 0,
        added: 0,
        changed: 0,
        unchanged: 0,
    };
    if let Some(row) = last {
        let number = row.int("number")?;
        if row.maybe_instant("finished_at")?.is_none() && row.bytes32("sha256")? == *sha256 {
            return Ok(Import {
                number,
                line_done: row.int("line_done")?,
                added: row.count("added")?,
                changed: row.count("changed")?,
                unchanged: row.count("unchanged")?,
                ..import
            });
        }
        import.number = number + 1;
    }
    tx.execute(
        "insert into register_imports (body, register, number, sha256, line_done, added, changed, unchanged, started_at)
         values ($1, $2, $3, $4, 0, 0, 0, 0, $5)",
        params![body, register, import.number, sha256, now],
    )?;
    Ok(import)
}

/// Takes some rows in order; gives what became of each. Rows up to the import's `line_done` were committed before it was
/// interrupted and are only compared.
pub fn take(tx: &mut Tx, import: &Import, entries: &[Entry], now: Timestamp) -> Result<Vec<Taken>, StoreError> {
    let (mut added, mut changed, mut unchanged) = (0_i64, 0_i64, 0_i64);
    let mut taken = Vec::with_capacity(entries.len());
    for entry in entries {
        let this = take_one(tx, import, entry, now)?;
        if entry.line > import.line_done {
            match this {
                Taken::Added => added += 1,
                Taken::Changed => changed += 1,
                Taken::Unchanged => unchanged += 1,
                Taken::SaidAt(_) => {}
            }
        }
        taken.push(this);
    }
    if let Some(last) = entries.last() {
        tx.execute(
            "update register_imports set line_done = case when line_done < $4 then $4 else line_done end,
                 added = added + $5, changed = changed + $6, unchanged = unchanged + $7
             where body = $1 and register = $2 and number = $3",
            params![
                import.body,
                import.register,
                import.number,
                last.line,
                added,
                changed,
                unchanged
            ],
        )?;
    }
    Ok(taken)
}

fn take_one(tx: &mut Tx, import: &Import, entry: &Entry, now: Timestamp) -> Result<Taken, StoreError> {
    let (body, register, subject) = (&import.body, &import.register, &entry.subject);
    let known = tx.query_optional(
        "select protected, import, line from register_subjects
         where body = $1 and register = $2 and subject_kind = $3 and subject = $4",
        params![body, register, subject.kind, subject.number],
    )?;
    if let Some(row) = &known
        && row.int("import")? == import.number
        && row.int("line")? != entry.line
    {
        return Ok(Taken::SaidAt(row.int("line")?));
    }
    if entry.line <= import.line_done {
        return Ok(Taken::Unchanged);
    }
    let mut result = match &known {
        None => Taken::Added,
        Some(row) if row.flag("protected")? != entry.protected => Taken::Changed,
        Some(_) => Taken::Unchanged,
    };
    tx.execute(
        "insert into register_subjects (body, register, subject_kind, subject, protected, import, line)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (body, register, subject_kind, subject) do update
         set protected = excluded.protected, import = excluded.import, line = excluded.line",
        params![
            body,
            register,
            subject.kind,
            subject.number,
            entry.protected,
            import.number,
            entry.line
        ],
    )?;
    for (field, value) in &entry.values {
        let before = match known {
            None => None,
            Some(_) => tx.query_optional(
                "select number, value, producer, valid_from, recorded_at from register_values
                 where body = $1 and register = $2 and subject_kind = $3 and subject = $4 and field = $5
                 order by number desc limit 1",
                params![body, register, subject.kind, subject.number, field],
            )?,
        };
        let (number, same) = match &before {
            None => (1, value.is_none()),
            Some(row) => {
                let same = row.maybe_text("value")? == *value
                    && (value.is_none()
                        || (row.body("producer")? == entry.producer
                            && row.maybe_instant("valid_from")? == entry.valid_from));
                (row.int("number")? + 1, same)
            }
        };
        if same {
            continue;
        }
        if result == Taken::Unchanged {
            result = Taken::Changed;
        }
        tx.execute(
            "insert into register_values (body, register, subject_kind, subject, field, number, value, producer, valid_from, recorded_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            params![
                body,
                register,
                subject.kind,
                subject.number,
                field,
                number,
                value,
                entry.producer,
                entry.valid_from,
                now,
            ],
        )?;
    }
    Ok(result)
}

/// The whole file was read. Gives the import's final figures.
pub fn finish_import(tx: &mut Tx, import: &Import, now: Timestamp) -> Result<Import, StoreError> {
    let row = tx.query_one(
        "update register_imports set finished_at = $4 where body = $1 and register = $2 and number = $3
         returning line_done, added, changed, unchanged",
        params![import.body, import.register, import.number, now],
    )?;
    Ok(Import {
        line_done: row.int("line_done")?,
        added: row.count("added")?,
        changed: row.count("changed")?,
        unchanged: row.count("unchanged")?,
        ..import.clone()
    })
}

/// How many subjects the register knows.
pub fn subjects(tx: &mut Tx, body: &BodyId, register: &Name) -> Result<u64, StoreError> {
    tx.query_one(
        "select count(*) as subjects from register_subjects where body = $1 and register = $2",
        params![body, register],
    )?
    .count("subjects")
}
