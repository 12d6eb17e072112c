//! The warnings about untrusted values beside what Debian's Exim refuses when an ACL uses them.
//!
//! The table says of each text what Exim does; one test holds the warnings against it, the other asks the oracle again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test may fail loudly")]

mod memory;
mod oracle;

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use memory::Memory;
use oracle::{ORACLE, Scratch, installed};

/// One line of the table.
struct Form {
    verdict: &'static str,
    conditions: Vec<&'static str>,
    text: &'static str,
    at_data: bool,
    /// What tells its statement from the others.
    name: String,
}

fn forms() -> Vec<Form> {
    let mut at_data = false;
    let mut forms = Vec::new();
    for line in include_str!("taint_forms.txt").lines().filter(|line| !line.starts_with('#')) {
        if let Some(section) = line.strip_prefix("== ") {
            at_data = section == "data";
            continue;
        }
        let mut columns = line.splitn(3, '|').map(str::trim);
        let (verdict, conditions, text) =
            (columns.next().unwrap(), columns.next().unwrap(), columns.next().unwrap());
        let conditions = conditions.split(" & ").filter(|condition| !condition.is_empty()).collect();
        forms.push(Form { verdict, conditions, text, at_data, name: format!("f{:03}", forms.len()) });
    }
    forms
}

const HEAD: &str = "primary_hostname = mail.example.net
spool_directory = @DIR@/spool
log_file_path = @DIR@/%slog
keep_environment = PATH
add_environment = PATH=/bin
tls_advertise_hosts =
smtp_accept_max_nonmail = 2000
recipients_max = 1000
domainlist locals = local.example : *.local.example
localpartlist parts = a : *
acl_smtp_helo = helo
acl_smtp_mail = accept
acl_smtp_rcpt = rcpt
acl_smtp_data = data
begin acl
clean:
  accept message = clean $acl_narg
dirty:
  accept set acl_m_called = $domain
         message = $domain
args:
  accept set acl_m_arg = $acl_arg1
helo:
  accept set acl_c_dirty = $sender_helo_name
rcpt:
  warn   set acl_m_dirty = $domain
         set acl_m_clean = ${md5:$domain}
         set acl_m_part = x-${lc:$sender_helo_name}
         set acl_m_x = ${if eq{$sender_address_local_part}{a}{${length_1:$sender_host_name}}}
         set acl_m_data = data
";

/// The configuration, and the line on which each form is used.
fn configuration(forms: &[Form], directory: &str) -> (String, Vec<usize>) {
    let mut text = HEAD.to_owned();
    let mut lines = Vec::new();
    let mut at_data = false;
    for form in forms {
        if form.at_data && !at_data {
            text.push_str("  accept\ndata:\n");
            at_data = true;
        }
        let subject = if form.at_data { "senders" } else { "local_parts" };
        let address = if form.at_data { "@b.example" } else { "" };
        writeln!(text, "  accept {subject} = {}{address}", form.name).unwrap();
        for condition in &form.conditions {
            writeln!(text, "         {condition}").unwrap();
        }
        let use_of = format!("${{lookup{{k}}lsearch{{@DIR@/none/{}}}{{y}}{{n}}}}", form.text);
        writeln!(text, "         logwrite = {use_of}").unwrap();
        lines.push(text.lines().count());
    }
    text.push_str("  accept\n");
    (text.replace("@DIR@", directory), lines)
}

#[test]
fn warnings_are_about_what_exim_refuses() {
    let forms = forms();
    let (text, lines) = configuration(&forms, "/t");
    let loaded = Memory::with(text).load();
    assert!(loaded.config.is_some());
    let warned: HashSet<usize> = loaded
        .diagnostics
        .iter()
        .filter(|finding| finding.id.starts_with("taint."))
        .map(|finding| usize::try_from(finding.span.line).unwrap())
        .collect();
    for (form, line) in forms.iter().zip(lines) {
        let want = matches!(form.verdict, "refused" | "depends");
        assert!(want || matches!(form.verdict, "taken" | "untold"), "{}", form.verdict);
        assert_eq!(warned.contains(&line), want, "{:?} {}: {}", form.conditions, form.text, form.verdict);
    }
}

#[test]
fn exim_refuses_what_the_table_says() {
    if !installed(&[ORACLE]) {
        return;
    }
    let scratch = Scratch::new("taint");
    let refused = ask(&forms(), &scratch.0);
    for form in forms() {
        let want = matches!(form.verdict, "refused" | "untold");
        let got = refused.contains(&form.name);
        assert_eq!(got, want, "{:?} {}: {}", form.conditions, form.text, form.verdict);
    }
}

/// The names of the forms that Exim refuses as tainted.
fn ask(forms: &[Form], directory: &Path) -> HashSet<String> {
    for folder in ["", "spool", "sub.local.example"] {
        let folder = directory.join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        // The oracle may run as another user.
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    let data = "x: xvalue\n*: star\n*.local.example: partial\nsub.local.example: found\n";
    std::fs::write(directory.join("data"), data).unwrap();
    let (text, _) = configuration(forms, &directory.to_string_lossy());
    let file = directory.join("exim.conf");
    std::fs::write(&file, text).unwrap();
    let mut exim = Command::new(ORACLE)
        .arg("-C")
        .arg(&file)
        .args(["-odq", "-bs", "-oMa", "192.0.2.7.1234", "-oMs", "client.name.example"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    exim.stdin.take().unwrap().write_all(&dialogue(forms)).unwrap();
    exim.wait().unwrap();
    let log = std::fs::read(directory.join("mainlog")).unwrap();
    let mut tainted = false;
    let mut refused = HashSet::new();
    for line in String::from_utf8_lossy(&log).lines() {
        tainted |= line.contains("Tainted filename for search") || line.contains("attempt to expand tainted");
        if let Some(form) = forms.iter().find(|form| is_about(line, form))
            && std::mem::take(&mut tainted)
        {
            refused.insert(form.name.clone());
        }
    }
    refused
}

fn is_about(line: &str, form: &Form) -> bool {
    if form.at_data {
        line.contains(&format!("F=<{}@b.example> ", form.name)) && line.contains("rejected after DATA")
    } else {
        line.contains(&format!("rejected RCPT <{}@", form.name))
    }
}

fn dialogue(forms: &[Form]) -> Vec<u8> {
    let mut text = "EHLO client.example\nMAIL FROM:<a@b.example>\n".to_owned();
    for form in forms.iter().filter(|form| !form.at_data) {
        writeln!(text, "RCPT TO:<{}@sub.local.example>", form.name).unwrap();
    }
    text.push_str("RSET\n");
    for form in forms.iter().filter(|form| form.at_data) {
        writeln!(text, "MAIL FROM:<{}@b.example>\nRCPT TO:<x@sub.local.example>\nDATA", form.name).unwrap();
        text.push_str("Subject: a subject\nFrom: a@b.example\nX: y\n\nbody\n.\nRSET\n");
    }
    text.push_str("QUIT\n");
    text.replace('\n', "\r\n").into_bytes()
}
