//! What bodies send each other, as JSON: any bytes as any of the messages; what is read is the same when written and read.
#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use samverk_domain::case::messages as payload;
use samverk_domain::terms;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn again<T: DeserializeOwned + Serialize + PartialEq + Debug>(bytes: &[u8]) {
    if let Ok(it) = serde_json::from_slice::<T>(bytes) {
        let written = serde_json::to_vec(&it).expect("what was read can be written");
        let read: T = serde_json::from_slice(&written).expect("what was written can be read");
        assert_eq!(read, it);
    }
}

fuzz_target!(|bytes: &[u8]| {
    again::<terms::Federation>(bytes);
    again::<terms::Offer>(bytes);
    again::<terms::SignedContract>(bytes);
    again::<terms::Revocation>(bytes);
    again::<terms::Adoption>(bytes);
    again::<terms::Ask>(bytes);
    again::<terms::Answer>(bytes);
    again::<terms::Message>(bytes);
    again::<terms::Receipt>(bytes);
    again::<terms::LogRecord>(bytes);
    again::<terms::Evidence>(bytes);
    again::<payload::Application>(bytes);
    again::<payload::Status>(bytes);
    again::<payload::CompletionRequest>(bytes);
    again::<payload::Completion>(bytes);
    again::<payload::Hearing>(bytes);
    again::<payload::HearingAnswer>(bytes);
    again::<payload::Referral>(bytes);
    again::<payload::Opinion>(bytes);
    again::<payload::LetterNotice>(bytes);
    again::<payload::DecisionCopy>(bytes);
});
