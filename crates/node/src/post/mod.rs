//! Post: letters as data, the person's mailbox at the body's node, and *Varför?* at every sentence.
//!
//! Always true: a letter is read only by the one it was sent to, logged in here; opening it is recorded once, and the time
//! for appeal is counted from that day; a register's answer is verified when the letter is shown, never taken on trust.
//! [`letter`] builds, [`why`] shows what a sentence rests on, [`pages`] are the mailbox and the person's own view of a case.

pub mod letter;

pub mod why;

pub mod pages;

pub use pages::routes;
