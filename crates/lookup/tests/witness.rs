//! Files that other programs wrote, read by ours; and the other way round.
//!
//! The programs are Debian's: `db5.3_load`, `db5.3_verify` (db5.3-util), `gdbmtool`, `cdb` (tinycdb), `mdb_load`
//! (lmdb-utils), `perl` with SDBM_File, `sqlite3`. One that is missing skips its test here and fails it in CI.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

mod support;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use postrider_lookup::cdb::CdbWriter;
use postrider_lookup::dbm::{Duplicate, HashWriter};
use support::{Message, Scratch};

/// Whether a program is there; where it must be and is not, the test fails.
fn have(program: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()));
    assert!(found || std::env::var_os("CI").is_none(), "{program} is not installed");
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}

/// Runs a program with a text on its standard input; it must succeed.
fn feed(program: &str, arguments: &[&str], input: &[u8]) {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|e| panic!("{program}: {e}"));
    child.stdin.take().unwrap().write_all(input).unwrap();
    assert!(child.wait().unwrap().success(), "{program} {arguments:?}");
}

/// What a lookup of a key, or a query, gives to a message that has asked nothing before.
fn ask(kind: &str, file: &str, key: &str) -> Result<Option<String>, String> {
    Message::new().ask(kind, file, key)
}

#[track_caller]
fn finds(kind: &str, file: &str, key: &str, want: Option<&str>) {
    assert_eq!(ask(kind, file, key).as_ref().map(Option::as_deref), Ok(want), "{kind} {key}");
}

/// Keys and values for every kind of database: many small ones, an empty value, a long one.
fn entries() -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> =
        (0..3000).map(|n| (format!("key{n}"), format!("value {n}"))).collect();
    all.push(("nothing".into(), String::new()));
    all.push(("long".into(), "0123456789".repeat(400)));
    all
}

#[track_caller]
fn finds_all(kind: &str, file: &str) {
    for (key, value) in entries().iter().step_by(97).chain(entries().iter().rev().take(2)) {
        finds(kind, file, key, Some(value));
    }
    for absent in ["key3000", "Key1", "zzz", "lon", "longer"] {
        finds(kind, file, absent, None);
    }
}

#[test]
fn berkeley_db_of_both_families_and_all_page_sizes() {
    if !have("db5.3_load") {
        return;
    }
    let scratch = Scratch::new();
    let mut text = Vec::new();
    for (key, value) in entries() {
        text.extend(format!("{key}\n{value}\n").bytes());
    }
    for family in ["hash", "btree"] {
        for (page, order) in [("512", "1234"), ("4096", "1234"), ("65536", "1234"), ("1024", "4321")] {
            let file = scratch.path(&format!("{family}-{page}-{order}"));
            let (page, order) = (format!("db_pagesize={page}"), format!("db_lorder={order}"));
            feed("db5.3_load", &["-T", "-t", family, "-c", &page, "-c", &order, &file], &text);
            finds_all("dbmnz", &file);
            finds("dbm", &file, "key1", None);
        }
    }
}

#[test]
fn berkeley_db_duplicates_give_the_first() {
    if !have("db5.3_load") {
        return;
    }
    let scratch = Scratch::new();
    let mut text = b"k\nfirst\nk\nsecond\nmany\nm0\n".to_vec();
    for n in 1..2_000 {
        text.extend(format!("many\nm{n}\n").bytes());
    }
    for family in ["hash", "btree"] {
        let file = scratch.path(family);
        feed("db5.3_load", &["-T", "-t", family, "-c", "duplicates=1", &file], &text);
        finds("dbmnz", &file, "k", Some("first"));
        finds("dbmnz", &file, "many", Some("m0"));
    }
}

#[test]
fn berkeley_db_reads_what_we_write() {
    if !have("db5.3_verify") || !have("db5.3_dump") {
        return;
    }
    let scratch = Scratch::new();
    let mut sets = vec![Vec::new(), entries()];
    sets.push((0..50).map(|n| (format!("k{n}"), "x".repeat(n * 100))).collect());
    sets.push(vec![("x".repeat(5_000), "long key".into())]);
    for (number, set) in sets.into_iter().enumerate() {
        let mut writer = HashWriter::new();
        for (key, value) in &set {
            let terminated = |text: &str| [text.as_bytes(), b"\0"].concat();
            assert!(writer.add(terminated(key), terminated(value), Duplicate::First));
        }
        assert_eq!(writer.len(), set.len());
        let file = scratch.path(&number.to_string());
        std::fs::write(&file, writer.finish([7; 20]).unwrap()).unwrap();
        feed("db5.3_verify", &[&file], b"");
        let dump = Command::new("db5.3_dump").args(["-p", &file]).output().unwrap();
        let lines = dump.stdout.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b" ")).count();
        assert_eq!(lines, set.len() * 2);
        for (key, value) in &set {
            finds("dbm", &file, key, Some(value));
        }
        finds("dbm", &file, "absent", None);
    }
}

#[test]
fn gdbm() {
    if !have("gdbmtool") {
        return;
    }
    let scratch = Scratch::new();
    for options in [&[][..], &["-x"], &["-b", "512"]] {
        let file = scratch.path(&format!("gdbm{}", options.concat()));
        let mut script = String::new();
        for (key, value) in entries() {
            script.extend(["store \"", &key, "\" \"", &value, "\"\n"]);
        }
        // Without a zero byte behind keys and values.
        script = format!("define key string\ndefine content string\n{script}");
        feed("gdbmtool", &[options, &["-n", "-q", &file]].concat(), script.as_bytes());
        finds_all("dbmnz", &file);
    }
}

#[test]
fn ndbm_as_perl_writes_it() {
    if !have("perl") {
        return;
    }
    let scratch = Scratch::new();
    let file = scratch.path("sdbm");
    let program = "use SDBM_File; use Fcntl; tie(%h, 'SDBM_File', $ARGV[0], O_RDWR|O_CREAT, 0644) or die $!; \
        $h{\"key$_\"} = \"value $_\" for 0..2999; $h{nothing} = ''; untie %h;";
    feed("perl", &["-e", program, &file], b"");
    for n in (0..3000).step_by(119) {
        finds("dbmnz", &file, &format!("key{n}"), Some(&format!("value {n}")));
    }
    finds("dbmnz", &file, "nothing", Some(""));
    finds("dbmnz", &file, "absent", None);
}

#[test]
fn cdb_in_both_directions() {
    if !have("cdb") {
        return;
    }
    let scratch = Scratch::new();
    let mut text = Vec::new();
    let mut writer = CdbWriter::new();
    for (key, value) in entries() {
        text.extend(format!("+{},{}:{key}->{value}\n", key.len(), value.len()).bytes());
        writer.add(key.as_bytes(), value.as_bytes()).unwrap();
    }
    text.push(b'\n');
    let (theirs, ours) = (scratch.path("theirs"), scratch.path("ours"));
    feed("cdb", &["-c", &theirs], &text);
    std::fs::write(&ours, writer.finish().unwrap()).unwrap();
    finds_all("cdb", &theirs);
    finds_all("cdb", &ours);
    let dump = Command::new("cdb").args(["-d", &ours]).output().unwrap();
    assert_eq!(dump.stdout, text, "tinycdb reads what we wrote");
}

/// The text form that `mdb_load` takes, in hexadecimal digits.
fn lmdb_text(header: &str, entries: &[(String, String)]) -> Vec<u8> {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap();
    let hex =
        |text: &str| text.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect::<String>();
    let mut text = format!("VERSION=3\nformat=bytevalue\ntype=btree\nmapsize=16777216\n{header}HEADER=END\n");
    for (key, value) in entries {
        text.extend([" ", &hex(key), "\n ", &hex(value), "\n"]);
    }
    (text + "DATA=END\n").into_bytes()
}

#[test]
fn lmdb() {
    if !have("mdb_load") {
        return;
    }
    let scratch = Scratch::new();
    let file = scratch.path("plain");
    feed("mdb_load", &["-n", &file], &lmdb_text("", &entries()));
    finds_all("lmdb", &file);
    let before = std::fs::read(&file).unwrap();
    finds("lmdb", &file, "", None);
    assert_eq!(std::fs::read(&file).unwrap(), before, "reading changes nothing");

    let file = scratch.path("none");
    feed("mdb_load", &["-n", &file], &lmdb_text("", &[]));
    finds("lmdb", &file, "k", None);

    for (name, count) in [("few", 3), ("many", 2_000)] {
        let file = scratch.path(name);
        let set: Vec<(String, String)> = (0..count).map(|n| ("k".into(), format!("v{n:05}"))).collect();
        feed("mdb_load", &["-n", &file], &lmdb_text("dupsort=1\n", &set));
        finds("lmdb", &file, "k", Some("v00000"));
        let file = scratch.path(&format!("{name}-fixed"));
        feed("mdb_load", &["-n", &file], &lmdb_text("dupsort=1\ndupfixed=1\n", &set));
        finds("lmdb", &file, "k", Some("v00000"));
    }
}

#[test]
fn lmdb_while_another_process_writes() {
    if !have("mdb_load") {
        return;
    }
    let scratch = Scratch::new();
    let file = scratch.path("busy");
    feed("mdb_load", &["-n", &file], &lmdb_text("", &entries()));
    let writer = {
        let file = file.clone();
        std::thread::spawn(move || {
            for _ in 0..20 {
                feed("mdb_load", &["-n", &file], &lmdb_text("", &entries()));
            }
        })
    };
    let mut searches = 0;
    while !writer.is_finished() || searches == 0 {
        finds("lmdb", &file, "key1500", Some("value 1500"));
        finds("lmdb", &file, "absent", None);
        searches += 1;
    }
    writer.join().unwrap();
}

#[test]
fn sqlite_files_of_the_tool() {
    if !have("sqlite3") {
        return;
    }
    let scratch = Scratch::new();
    let file = scratch.path("db");
    feed(
        "sqlite3",
        &[&file],
        b"create table a(k,v,w); insert into a values('k1','v1','w one'),('k2','',NULL);",
    );
    let kind = format!("sqlite,file={file}");
    finds(&kind, "", "select v from a where k='k1'", Some("v1"));
    finds(&kind, "", "select * from a where k='k1'", Some("k=k1 v=v1 w=\"w one\" "));
    finds(&kind, "", "select * from a where k='k2'", Some("k=k2 v=\"\" w=<NULL> "));
    finds(&kind, "", "select k from a", Some("k1\nk2"));
    finds(
        &kind,
        "",
        "select 1.5, 1e100, 10/4, x'616200'",
        Some("1.5=1.5 1e100=1.0e+100 10/4=2 x'616200'=ab "),
    );
    finds(&kind, "", "select 1 where 0", None);
    finds(&kind, "", "no such thing", None);
    finds("sqlite", "", &format!("{file} select v from a where k='k1'"), Some("v1"));
    let relative = ask("sqlite,file=db", "", "select 1");
    assert_eq!(relative, Err("absolute file name expected for \"sqlite\" lookup".into()));
    let nowhere = format!("sqlite,file={}", scratch.path("no/db"));
    assert_eq!(ask(&nowhere, "", "select 1"), Err("unable to open database file".into()));
}

#[test]
fn the_public_suffix_list_of_debian() {
    let list = "/usr/share/publicsuffix/public_suffix_list.dat";
    if !Path::new(list).exists() {
        assert!(std::env::var_os("CI").is_none(), "publicsuffix is not installed");
        eprintln!("skipped: publicsuffix is not installed");
        return;
    }
    finds("psl", list, "www.example.co.uk", Some("co.uk"));
    finds("regdom", list, "www.example.co.uk", Some("example.co.uk"));
    finds("regdom", list, "co.uk", None);
    finds("regdom", list, "a.b.github.io", Some("b.github.io"));
    finds("psl", list, "www.食狮.公司.cn", Some("公司.cn"));
    finds("psl", list, "www.xn--85x722f.xn--55qx5d.cn", Some("xn--55qx5d.cn"));
}
