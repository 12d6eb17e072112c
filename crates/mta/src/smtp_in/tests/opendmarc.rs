//! The history of DMARC results, imported by Debian's `opendmarc-import` into MariaDB.
//!
//! The server works in a scratch directory and is reached by its socket alone. Without the programs the test says so and
//! passes; with `CI=true` that is a failure.
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::sender_policies::{DMARC, DMARC_ZONE};
use crate::testing::{Bench, Dialogue};

const IMPORTER: &str = "/usr/sbin/opendmarc-import";
const SERVER: &str = "/usr/sbin/mariadbd";
const SCHEMA: &str = "/usr/share/dbconfig-common/data/opendmarc/install/mysql";

/// Whether the programs are there.
fn is_there() -> bool {
    let missing =
        [IMPORTER, SERVER, SCHEMA, "/usr/bin/mariadb"].into_iter().find(|path| !Path::new(path).exists());
    if let Some(path) = missing {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{path} is missing");
        eprintln!("skipped: {path} is missing");
    }
    missing.is_none()
}

/// MariaDB without accounts, in a directory of its own.
struct MariaDb {
    child: Child,
    directory: PathBuf,
}

impl MariaDb {
    fn start() -> Self {
        let directory = std::env::temp_dir().join(format!("postrider-mariadb-{}", std::process::id()));
        std::fs::create_dir_all(directory.join("data")).expect("a scratch directory");
        let option = |name: &str, path: &str| format!("--{name}={}", directory.join(path).display());
        let mut command = Command::new(SERVER);
        command
            .args([
                "--no-defaults",
                "--skip-networking",
                "--skip-grant-tables",
                "--innodb-buffer-pool-size=8M",
            ])
            .args(["--innodb-log-file-size=4M", "--innodb-flush-log-at-trx-commit=0"])
            .args([option("datadir", "data"), option("socket", "sock"), option("pid-file", "pid")]);
        if nix::unistd::geteuid().is_root() {
            command.arg("--user=root");
        }
        let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().expect("the server is there");
        let mut server = Self { child, directory };
        let until = Instant::now() + Duration::from_mins(1);
        while server.ask("", "SELECT 1").is_none() {
            assert!(server.child.try_wait().expect("a child").is_none(), "mariadbd has ended");
            assert!(Instant::now() < until, "mariadbd does not answer");
            std::thread::yield_now();
        }
        server
    }

    fn socket(&self) -> PathBuf {
        self.directory.join("sock")
    }

    /// What the client prints; none when it fails.
    fn ask(&self, database: &str, statement: &str) -> Option<String> {
        let mut command = Command::new("/usr/bin/mariadb");
        command.args(["--no-defaults", "--batch", "--skip-column-names", "-S"]).arg(self.socket());
        let output = command.args(["-e", statement, database]).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn opendmarc_imports_the_history() {
    if !is_there() {
        return;
    }
    let directory = std::env::temp_dir().join(format!("postrider-dmarc-import-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a scratch directory");
    std::fs::write(directory.join("suffixes"), "com\nexample\n").expect("a list");
    let (bench, _server) = Bench::with_zone(&DMARC.replace("DIR", &directory.to_string_lossy()), DMARC_ZONE);
    let mut client = Dialogue::connect(&bench);
    client.follow("S: 220 …\nC: EHLO foo\nS: 250-…").await;
    for from in ["a@pass.example", "a@rej.example", "a@x.none.example", "a@absent.example"] {
        client
            .follow(&format!(
                "C: MAIL FROM:<b@pass.example>\nS: 250 OK\nC: RCPT TO:<x@test.example>\nS: 250 Accepted\n\
                 C: DATA\nS: 354 …\nC: From: {from}\nC:\nC: .\nS: …"
            ))
            .await;
    }
    client.follow("C: QUIT\nS: 221 …").await;
    client.closed().await;
    let database = MariaDb::start();
    database.ask("", "CREATE DATABASE opendmarc").expect("a database");
    let schema = std::fs::read_to_string(SCHEMA).expect("the package has it");
    database.ask("opendmarc", &schema).expect("the schema loads");
    let output = Command::new(IMPORTER)
        .args(["--dbhost=localhost", "--dbname=opendmarc", "--dbuser=any", "--dbpasswd=any"])
        .arg(format!("--input={}", directory.join("history").display()))
        .env("MYSQL_UNIX_PORT", database.socket())
        .output()
        .expect("the importer is there");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.is_empty(), "{said}");
    let rows = database.ask(
        "opendmarc",
        "SELECT f.name, e.name, p.name, i.addr, r.name, m.spf, m.align_spf, m.align_dkim, m.policy, m.disp, m.arc, m.arc_policy, \
         m.sigcount, q.policy, q.spolicy, q.pct, char(q.adkim), char(q.aspf), q.repuri FROM messages m JOIN domains f ON f.id = m.from_domain \
         JOIN domains e ON e.id = m.env_domain JOIN domains p ON p.id = m.policy_domain JOIN ipaddr i ON i.id = m.ip \
         JOIN reporters r ON r.id = m.reporter JOIN requests q ON q.domain = m.from_domain ORDER BY m.id",
    );
    let rows = rows.expect("the query is sound");
    let rows: Vec<&str> = rows.lines().collect();
    assert_eq!(
        rows,
        [
            "pass.example\tpass.example\tpass.example\t192.0.2.7\tmx.test.example\t0\t4\t5\t15\t2\t0\t1\t0\t114\t0\t100\tr\tr\tmailto:agg@pass.example",
            "rej.example\tpass.example\trej.example\t192.0.2.7\tmx.test.example\t0\t5\t5\t16\t0\t0\t1\t0\t114\t0\t100\tr\tr\t",
            "x.none.example\tpass.example\tnone.example\t192.0.2.7\tmx.test.example\t0\t5\t5\t17\t4\t0\t1\t0\t110\t113\t100\tr\tr\t",
            "absent.example\tpass.example\tabsent.example\t192.0.2.7\tmx.test.example\t0\t5\t5\t14\t2\t0\t1\t0\t0\t0\t0\t\\0\t\\0\t",
        ]
    );
    std::fs::remove_dir_all(&directory).expect("the scratch directory goes");
}
