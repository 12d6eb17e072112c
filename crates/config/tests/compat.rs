//! docs/compat.md says what the tables say. `UPDATE_REF=1` writes its generated parts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test may fail loudly")]

use std::fmt::Write as _;
use std::path::Path;

use postrider_config::options::{inert, postrider};

/// The text between a pair of markers, replaced.
fn with_block(page: &str, name: &str, block: &str) -> String {
    let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
    let (before, rest) = page.split_once(&begin).expect("the page has the marker");
    let (_, after) = rest.split_once(&end).expect("the page has the end marker");
    format!("{before}{begin}{block}{end}{after}")
}

#[test]
fn the_page_lists_our_options_and_those_without_effect() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/compat.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let mut own = String::new();
    for def in postrider::TABLE.defs {
        let default = def.default.map(|text| format!(" (default `{text}`)")).unwrap_or_default();
        let _ = writeln!(own, "* `{}`{default}: {}", def.name, def.doc.trim());
    }
    let wanted = with_block(&with_block(&page, "own options", &own), "inert options", &inert::block());
    if std::env::var_os("UPDATE_REF").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap();
    assert_eq!(page, wanted, "run UPDATE_REF=1 cargo test -p postrider-config --test compat");
}
