//! `node.toml`: any text is read or refused with reasons.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use samverk::config::Config;

fuzz_target!(|text: &str| {
    match Config::parse(text, Path::new("node")) {
        Ok(config) => {
            let host = config.host();
            assert!(config.body(&host.id).is_some());
        }
        Err(why) => assert!(!why.to_string().is_empty()),
    }
});
