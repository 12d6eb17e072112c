//! The fuzz targets, on their corpora and on mutations of them.
#![allow(clippy::expect_used, reason = "a test may fail loudly")]

extern crate postrider_tls as tls;

#[path = "fuzz/hello.rs"]
mod hello;
#[path = "fuzz/promise.rs"]
mod promise;
#[path = "fuzz/status.rs"]
mod status;

#[test]
fn hellos_may_be_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "hello", hello::run);
}

/// The hellos of `openssl s_client`, with and without `-status`.
#[test]
fn the_corpus_of_hellos_is_read() {
    for (file, asks) in
        [("tls13-status", true), ("tls12-status", true), ("fragmented-status", true), ("tls13-plain", false)]
    {
        let path = format!("{}/fuzz/corpus/hello/{file}", env!("CARGO_MANIFEST_DIR"));
        let octets = std::fs::read(path).expect("in the tree");
        assert_eq!(tls::client_hello::asks_for_status(&octets), asks, "{file}");
    }
}

#[test]
fn promises_may_be_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "promise", promise::run);
}

#[test]
fn proofs_may_be_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "status", status::run);
}

/// The corpus reaches what it is there for.
#[test]
fn the_corpus_of_proofs_is_read() {
    for (file, finding) in [
        ("good", "Ok(()) Ok(true)"),
        ("delegated", "Ok(()) Ok(true)"),
        ("sha256", "Ok(()) Ok(true)"),
        ("revoked", "Err(\"the certificate was revoked\") Err(\"the certificate was revoked\")"),
        ("unlimited", "Err(\"the response does not say how long it holds\") Ok(false)"),
        ("refused", "Err(\"the responder has no answer\") Err(\"the responder has no answer\")"),
        (
            "other-certificate",
            "Err(\"the response is about another certificate\") Err(\"the response is about another certificate\")",
        ),
    ] {
        let path = format!("{}/fuzz/corpus/status/{file}", env!("CARGO_MANIFEST_DIR"));
        let found = status::findings(&std::fs::read(path).expect("in the tree"));
        assert_eq!(found, finding, "{file}");
    }
}

/// The corpus reaches what it is there for.
#[test]
fn the_corpus_is_read() {
    for (file, finding) in [
        ("policy", "Ok((Enforce, true)) None"),
        ("record", "Some([50, 48])"),
        ("end-entity", "Some(Ok(()))"),
        ("authority", "Some(Err(\"certificate is not for mx.example.net\"))"),
        ("none", "None"),
    ] {
        let path = format!("{}/fuzz/corpus/promise/{file}", env!("CARGO_MANIFEST_DIR"));
        let found = promise::findings(&std::fs::read(path).expect("in the tree"));
        assert!(found.contains(finding), "{file}: {found}");
    }
}
