//! What tests of lookups share: a directory of their own, and the lookups of one message.

#![allow(dead_code, reason = "each test program uses its part")]

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use expand::lookup::{
    Lookup as _, LookupAnswer, LookupRequest, LookupSettings, LookupSpec, LookupState, LookupStyle,
    LookupWorld,
};
use mail_types::clock::SystemClock;
use mail_types::value::Value;
use postrider_lookup::Lookups;

/// A directory that is gone when the test is over.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// A new one; no other test has it.
    pub(crate) fn new() -> Self {
        static SERIAL: AtomicU32 = AtomicU32::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("lookup-test-{}-{serial}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The path of a file in it.
    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A message's lookups: one cache for all of them.
pub(crate) struct Message {
    lookups: Lookups,
    state: LookupState,
}

impl Message {
    /// Nothing was looked up yet.
    pub(crate) fn new() -> Self {
        Self { lookups: Lookups::new(), state: LookupState::default() }
    }

    /// What a lookup of a key in a file, or a query, gives; `Ok(None)` when nothing is there.
    pub(crate) fn ask(&mut self, kind: &str, file: &str, key: &str) -> Result<Option<String>, String> {
        let spec = LookupSpec::parse(kind.as_bytes()).unwrap();
        let file = (spec.style == LookupStyle::SingleKey).then(|| Value::clean(file));
        let request = LookupRequest { spec: &spec, key: Value::clean(key), file };
        let settings = LookupSettings::default();
        let mut world =
            LookupWorld { settings: &settings, resolver: None, clock: &SystemClock, state: &mut self.state };
        match self.lookups.lookup(&request, &mut world) {
            Ok(LookupAnswer::Found { data, .. }) => Ok(Some(data.to_lossy())),
            Ok(LookupAnswer::NotFound) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}
