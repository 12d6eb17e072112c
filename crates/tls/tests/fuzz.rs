//! The fuzz target, on its corpus and on mutations of it.
#![allow(clippy::expect_used, reason = "a test may fail loudly")]

extern crate postrider_tls as tls;

#[path = "fuzz/promise.rs"]
mod promise;

#[test]
fn promises_may_be_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "promise", promise::run);
}

/// The corpus reaches what it is there for.
#[test]
fn the_corpus_is_read() {
    for (file, finding) in [
        ("policy", "Ok((Enforce, true)) None"),
        ("record", "Some([50, 48])"),
        ("end-entity", "Some(Ok(()))"),
        ("authority", "Some(Err(\"the certificate of an authority was shown as a host's\"))"),
        ("none", "None"),
    ] {
        let path = format!("{}/fuzz/corpus/promise/{file}", env!("CARGO_MANIFEST_DIR"));
        let found = promise::findings(&std::fs::read(path).expect("in the tree"));
        assert!(found.contains(finding), "{file}: {found}");
    }
}
