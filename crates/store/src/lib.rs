//! The only place that knows SQL: tables, transactions, the sealed log.
