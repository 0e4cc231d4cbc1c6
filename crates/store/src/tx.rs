//! A transaction as the owner files see it: SQL in, typed rows out. Nothing here shows which engine is behind.
//!
//! Always true: a statement's parameters are bound, never pasted; every row is read in full before the next statement, and at
//! most [`Tx::ROWS_MAX`] of them; an error names the column or the constraint, never a stored value.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use samverk_domain::fact::Name;
use samverk_domain::terms::BodyId;

/// One value of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// What went wrong in the store, by what the caller can do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A rule of the table was broken: unique, foreign key, not null, check. Nothing was written.
    #[error("the table's rule was broken: {0}")]
    Constraint(String),
    /// Exactly one row was expected.
    #[error("one row was expected and {0} were found")]
    NotOne(usize),
    /// Somebody else holds the database. Try again.
    #[error("the database is held by another process; try again in a moment")]
    Busy,
    /// Nothing in the batch was written. Try again; if it goes on, look at the disk.
    #[error("the commit failed and nothing was written: {0}; see that the disk is there and has room")]
    NotCommitted(String),
    /// The store is being closed.
    #[error("the store is closed")]
    Closed,
    /// The closure panicked; its own writes were rolled back. Our fault.
    #[error("the transaction `{0}` panicked and was rolled back")]
    Panicked(&'static str),
    /// A closure wrote in [`crate::Store::read`]. Our fault.
    #[error("a reading transaction tried to write; use `run`")]
    ReadOnly,
    /// A result is larger than [`Tx::ROWS_MAX`]. Read it in pages.
    #[error("more than {} rows; read them in pages", Tx::ROWS_MAX)]
    TooManyRows,
    /// A column does not hold what was asked for. Our fault, or the file was tampered with.
    #[error("column `{column}`: {why}")]
    Column { column: String, why: String },
    /// The statement itself is wrong, or the engine failed.
    #[error("the database refused a statement: {0}")]
    Engine(String),
    /// The file cannot be opened as a store; the text says what to do.
    #[error("{0}")]
    NotOpened(String),
}

impl StoreError {
    pub(crate) fn from_sqlite(error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as C;
        match error.sqlite_error_code() {
            // SQLite names table and column, not the value.
            Some(C::ConstraintViolation) => Self::Constraint(error.to_string()),
            Some(C::DatabaseBusy | C::DatabaseLocked) => Self::Busy,
            Some(C::ReadOnly) => Self::ReadOnly,
            _ => Self::Engine(error.to_string()),
        }
    }
}

/// A running transaction. Plain functions of the owner files take it as `&mut Tx`.
pub struct Tx<'a> {
    connection: &'a Connection,
    job_enqueued: bool,
}

impl<'a> Tx<'a> {
    /// More rows than this in one answer is a page that nobody reads or memory that we do not have.
    pub const ROWS_MAX: usize = 100_000;

    pub(crate) fn on(connection: &'a Connection) -> Self {
        Self {
            connection,
            job_enqueued: false,
        }
    }

    /// The one who waits for jobs is woken when this transaction is committed.
    pub(crate) fn note_job_enqueued(&mut self) {
        self.job_enqueued = true;
    }

    pub(crate) fn job_enqueued(&self) -> bool {
        self.job_enqueued
    }

    /// Runs a statement; gives the number of rows that it changed.
    pub fn execute(&mut self, sql: &'static str, params: &[&dyn ToValue]) -> Result<usize, StoreError> {
        let mut statement = self.statement(sql, params)?;
        statement.raw_execute().map_err(|e| StoreError::from_sqlite(&e))
    }

    /// Runs a statement and reads all its rows (`select`, or `… returning`).
    pub fn query(&mut self, sql: &'static str, params: &[&dyn ToValue]) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.statement(sql, params)?;
        let columns: Arc<[String]> = statement.column_names().map(str::to_owned).collect();
        let mut found = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(|e| StoreError::from_sqlite(&e))? {
            if found.len() == Self::ROWS_MAX {
                return Err(StoreError::TooManyRows);
            }
            let mut values = Vec::with_capacity(columns.len());
            for (index, column) in columns.iter().enumerate() {
                values.push(match row.get_ref(index).map_err(|e| StoreError::from_sqlite(&e))? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(i) => Value::Int(i),
                    ValueRef::Text(t) => Value::Text(
                        String::from_utf8(t.to_vec()).map_err(|_| StoreError::column(column, "is not UTF-8"))?,
                    ),
                    ValueRef::Blob(b) => Value::Bytes(b.to_vec()),
                    ValueRef::Real(_) => {
                        return Err(StoreError::column(column, "holds a binary float; cast it in SQL"));
                    }
                });
            }
            found.push(Row {
                columns: Arc::clone(&columns),
                values,
            });
        }
        Ok(found)
    }

    /// The only row; none or several is [`StoreError::NotOne`].
    pub fn query_one(&mut self, sql: &'static str, params: &[&dyn ToValue]) -> Result<Row, StoreError> {
        let mut rows = self.query(sql, params)?;
        match (rows.pop(), rows.len()) {
            (Some(row), 0) => Ok(row),
            (None, _) => Err(StoreError::NotOne(0)),
            (Some(_), more) => Err(StoreError::NotOne(more + 1)),
        }
    }

    /// The only row if there is one; several is [`StoreError::NotOne`].
    pub fn query_optional(&mut self, sql: &'static str, params: &[&dyn ToValue]) -> Result<Option<Row>, StoreError> {
        let mut rows = self.query(sql, params)?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            several => Err(StoreError::NotOne(several)),
        }
    }

    /// SQLite takes `$1` for a name and numbers names by their first occurrence; PostgreSQL takes it for a number. We bind by
    /// the number, so that a text means the same in both.
    fn statement(
        &self,
        sql: &'static str,
        params: &[&dyn ToValue],
    ) -> Result<rusqlite::CachedStatement<'a>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached(sql)
            .map_err(|e| StoreError::from_sqlite(&e))?;
        let mut highest = 0;
        for index in 1..=statement.parameter_count() {
            let number = statement
                .parameter_name(index)
                .and_then(|name| name.strip_prefix('$'))
                .and_then(|number| number.parse::<usize>().ok())
                .filter(|number| *number > 0)
                .ok_or_else(|| StoreError::Engine(format!("placeholders are written $1, $2 …: {sql}")))?;
            let param = params
                .get(number - 1)
                .ok_or_else(|| StoreError::Engine(format!("${number} has no parameter: {sql}")))?;
            highest = highest.max(number);
            let bound = match param.to_value() {
                Value::Null => statement.raw_bind_parameter(index, rusqlite::types::Null),
                Value::Int(i) => statement.raw_bind_parameter(index, i),
                Value::Text(t) => statement.raw_bind_parameter(index, t),
                Value::Bytes(b) => statement.raw_bind_parameter(index, b),
            };
            bound.map_err(|e| StoreError::from_sqlite(&e))?;
        }
        if highest != params.len() {
            return Err(StoreError::Engine(format!(
                "{} parameters were given and {highest} are used: {sql}",
                params.len()
            )));
        }
        Ok(statement)
    }
}

impl StoreError {
    pub(crate) fn column(column: &str, why: impl Into<String>) -> Self {
        Self::Column {
            column: column.to_owned(),
            why: why.into(),
        }
    }
}

/// One row of an answer. Getters go by column name; `maybe_…` gives `None` for null.
#[derive(Clone, Debug)]
pub struct Row {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    pub fn value(&self, column: &str) -> Result<&Value, StoreError> {
        match self.columns.iter().position(|name| name == column) {
            Some(index) => Ok(&self.values[index]),
            None => Err(StoreError::column(column, "is not in the answer")),
        }
    }

    pub fn maybe_int(&self, column: &str) -> Result<Option<i64>, StoreError> {
        match self.value(column)? {
            Value::Int(i) => Ok(Some(*i)),
            other => other.null_or(column, "an integer"),
        }
    }

    pub fn maybe_text(&self, column: &str) -> Result<Option<String>, StoreError> {
        match self.value(column)? {
            Value::Text(t) => Ok(Some(t.clone())),
            other => other.null_or(column, "text"),
        }
    }

    pub fn maybe_bytes(&self, column: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.value(column)? {
            Value::Bytes(b) => Ok(Some(b.clone())),
            other => other.null_or(column, "bytes"),
        }
    }

    pub fn maybe_instant(&self, column: &str) -> Result<Option<Timestamp>, StoreError> {
        self.maybe_parsed(column)
    }

    pub fn maybe_date(&self, column: &str) -> Result<Option<Date>, StoreError> {
        self.maybe_parsed(column)
    }

    /// Text read by the type's own parser.
    pub fn maybe_parsed<T: std::str::FromStr>(&self, column: &str) -> Result<Option<T>, StoreError> {
        match self.maybe_text(column)? {
            None => Ok(None),
            Some(text) => match text.parse() {
                Ok(it) => Ok(Some(it)),
                Err(_) => Err(StoreError::column(
                    column,
                    format!("is not a {}", std::any::type_name::<T>()),
                )),
            },
        }
    }

    pub fn maybe_body(&self, column: &str) -> Result<Option<BodyId>, StoreError> {
        self.maybe_text(column)?
            .map(|text| BodyId::parse(&text).map_err(|e| StoreError::column(column, e.to_string())))
            .transpose()
    }

    pub fn body(&self, column: &str) -> Result<BodyId, StoreError> {
        self.maybe_body(column)?.ok_or_else(|| StoreError::null(column))
    }

    /// The name of a fact, a pack, a step or a register.
    pub fn name(&self, column: &str) -> Result<Name, StoreError> {
        Name::parse(&self.text(column)?).map_err(|e| StoreError::column(column, e.to_string()))
    }

    pub fn int(&self, column: &str) -> Result<i64, StoreError> {
        self.maybe_int(column)?.ok_or_else(|| StoreError::null(column))
    }

    /// A number that is never negative: a size, a count, a place in a log.
    pub fn count(&self, column: &str) -> Result<u64, StoreError> {
        u64::try_from(self.int(column)?).map_err(|_| StoreError::column(column, "is negative"))
    }

    /// 0 or 1.
    pub fn flag(&self, column: &str) -> Result<bool, StoreError> {
        match self.int(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(StoreError::column(column, "is neither 0 nor 1")),
        }
    }

    pub fn text(&self, column: &str) -> Result<String, StoreError> {
        self.maybe_text(column)?.ok_or_else(|| StoreError::null(column))
    }

    pub fn bytes(&self, column: &str) -> Result<Vec<u8>, StoreError> {
        self.maybe_bytes(column)?.ok_or_else(|| StoreError::null(column))
    }

    /// Exactly 32 bytes: a SHA-256, a key.
    pub fn bytes32(&self, column: &str) -> Result<[u8; 32], StoreError> {
        self.bytes(column)?
            .try_into()
            .map_err(|_| StoreError::column(column, "is not 32 bytes"))
    }

    pub fn instant(&self, column: &str) -> Result<Timestamp, StoreError> {
        self.maybe_instant(column)?.ok_or_else(|| StoreError::null(column))
    }

    pub fn date(&self, column: &str) -> Result<Date, StoreError> {
        self.maybe_date(column)?.ok_or_else(|| StoreError::null(column))
    }

    pub fn parsed<T: std::str::FromStr>(&self, column: &str) -> Result<T, StoreError> {
        self.maybe_parsed(column)?.ok_or_else(|| StoreError::null(column))
    }

    /// JSON text read into a type.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T, StoreError> {
        // The parser's error may quote the text, which may hold what no log may hold.
        serde_json::from_str(&self.text(column)?)
            .map_err(|e| StoreError::column(column, format!("is not the expected JSON ({:?})", e.classify())))
    }
}

impl StoreError {
    fn null(column: &str) -> Self {
        Self::column(column, "is null")
    }
}

impl Value {
    fn null_or<T>(&self, column: &str, wanted: &str) -> Result<Option<T>, StoreError> {
        let held = match self {
            Self::Null => return Ok(None),
            Self::Int(_) => "an integer",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        };
        Err(StoreError::column(column, format!("holds {held}, not {wanted}")))
    }
}

/// What can stand for a placeholder. `u64` is absent on purpose: a column holds an `i64`.
pub trait ToValue {
    fn to_value(&self) -> Value;
}

/// Parameters for one statement: `tx.execute("… $1 … $2", params![id, at])`.
#[macro_export]
macro_rules! params {
    ($($it:expr),* $(,)?) => { &[$(&$it as &dyn $crate::ToValue),*] as &[&dyn $crate::ToValue] };
}

/// How an instant stands in a column: RFC 3339, UTC, microseconds; sorts as text.
pub fn instant_text(at: Timestamp) -> String {
    format!("{at:.6}")
}

impl ToValue for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
}
impl ToValue for i64 {
    fn to_value(&self) -> Value {
        Value::Int(*self)
    }
}
impl ToValue for i32 {
    fn to_value(&self) -> Value {
        Value::Int(i64::from(*self))
    }
}
impl ToValue for u32 {
    fn to_value(&self) -> Value {
        Value::Int(i64::from(*self))
    }
}
impl ToValue for bool {
    fn to_value(&self) -> Value {
        Value::Int(i64::from(*self))
    }
}
impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}
impl ToValue for String {
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}
impl ToValue for [u8] {
    fn to_value(&self) -> Value {
        Value::Bytes(self.to_vec())
    }
}
impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Value {
        Value::Bytes(self.to_vec())
    }
}
impl ToValue for Vec<u8> {
    fn to_value(&self) -> Value {
        Value::Bytes(self.clone())
    }
}
impl ToValue for Timestamp {
    fn to_value(&self) -> Value {
        Value::Text(instant_text(*self))
    }
}
impl ToValue for Date {
    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}
impl ToValue for Name {
    fn to_value(&self) -> Value {
        Value::Text(self.as_str().to_owned())
    }
}
impl ToValue for BodyId {
    fn to_value(&self) -> Value {
        Value::Text(self.as_str().to_owned())
    }
}
impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}
impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}
