//! Cases: the matter at the deciding body, from reception to decision and what comes after.
//!
//! Always true: an application becomes one case with one diary number, in the transaction that takes the message in; a case
//! moves only as [`samverk_domain::case::apply`] allows; every act is in the diary, counted, and told to the host; contents
//! are closed under the body's own content key, so that a guest's case does not open for its host; nothing is decided
//! automatically without a recorded delegation, nor while anyone says that a value is wrong.
//!
//! Reading order: [`file`] (what a case holds), [`mod@act`] (one thing done, with all that follows), [`reception`] (messages
//! in), [`mod@proceed`] (what the body does by itself), [`newer`] (a newer version is
//! adopted while a case is under way), [`mod@todo`] (what remains, and for whom), [`papers`] (what is sent),
//! [`assisted`] (what comes on paper).

pub mod file;

pub mod act;

pub mod reception;

pub mod proceed;

pub mod newer;

pub mod todo;

pub mod papers;

pub mod referrals;

pub mod desk;

pub mod assisted;

pub mod pages;

pub mod rule_page;
