//! The fuzz targets, each on its corpus and on mutations of it.

extern crate postrider_lookup as lookup;

#[path = "fuzz/cdb.rs"]
mod cdb;
#[path = "fuzz/dbm.rs"]
mod dbm;
#[path = "fuzz/lmdb.rs"]
mod lmdb;
#[path = "fuzz/suffix_list.rs"]
mod suffix_list;

#[test]
fn cdb_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "cdb", cdb::run);
}

#[test]
fn dbm_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "dbm", dbm::run);
}

#[test]
fn lmdb_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "lmdb", lmdb::run);
}

#[test]
fn suffix_list_takes_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "suffix_list", suffix_list::run);
}
