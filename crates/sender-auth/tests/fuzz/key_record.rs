//! Any octets as a key record and as a public key: nothing panics, and a record that is read has a value in every part.

use sender_auth::dkim::crypto::{Hash, KeyType, PublicKey};
use sender_auth::dkim::key_record::KeyRecord;
use sender_auth::tag_list::TagList;

/// The target.
pub(crate) fn run(input: &[u8]) {
    if let Some(record) = KeyRecord::parse(input) {
        assert!(!record.services.is_empty());
        assert!(TagList::parse(input).is_ok());
    }
    for kind in [KeyType::Rsa, KeyType::Ed25519] {
        if let Ok(key) = PublicKey::parse(kind, input) {
            assert!(key.bits() > 0 && key.bits() <= mail_types::limits::DKIM_KEY_BITS);
            assert!(!key.verifies(Hash::Sha256, b"data", b"no signature"));
        }
    }
}
