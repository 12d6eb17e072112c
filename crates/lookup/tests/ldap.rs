//! `ldapauth` against Debian's slapd, at a socket and a port of the test's own.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use expand::EvalError;
use expand::lookup::{
    Lookup as _, LookupAnswer, LookupRequest, LookupSettings, LookupSpec, LookupState, LookupWorld,
};
use mail_types::clock::SystemClock;
use mail_types::value::Value;
use postrider_lookup::Lookups;

const SLAPD: &str = "/usr/sbin/slapd";
const ADMIN: &str = "cn=admin,dc=example,dc=org";

struct Slapd {
    place: PathBuf,
    port: u16,
    child: Child,
}

impl Slapd {
    /// Starts one; it listens when this returns. `None` where slapd is not installed.
    fn start() -> Option<Self> {
        if !Path::new(SLAPD).exists() {
            assert!(std::env::var_os("CI").is_none(), "CI needs {SLAPD}");
            eprintln!("skipped: {SLAPD} is not installed");
            return None;
        }
        let place = std::env::temp_dir().join(format!("lookup-ldap-{}", std::process::id()));
        std::fs::create_dir_all(&place).unwrap();
        // The port is free, and nobody else on this machine asks for a certain one among these.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let shown = place.display();
        let config = format!(
            "include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n\
             database mdb\nsuffix \"dc=example,dc=org\"\nrootdn \"{ADMIN}\"\n\
             rootpw \"s3 cret,+\"\ndirectory {shown}\nmaxsize 1048576\n"
        );
        std::fs::write(place.join("slapd.conf"), config).unwrap();
        let socket = place.join("socket").display().to_string().replace('/', "%2F");
        let child = Command::new(SLAPD)
            .arg("-f")
            .arg(place.join("slapd.conf"))
            .args(["-h", &format!("ldap://127.0.0.1:{port}/ ldapi://{socket}/"), "-d", "none"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut slapd = Self { place, port, child };
        // It says that it starts before it listens: only a connection tells.
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(slapd.child.try_wait().unwrap().is_none(), "slapd ended at once");
            std::thread::yield_now();
        }
        Some(slapd)
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.place);
    }
}

fn ask(query: &str, settings: &LookupSettings) -> Result<bool, EvalError> {
    let spec = LookupSpec::parse(b"ldapauth").unwrap();
    let request = LookupRequest { spec: &spec, key: Value::tainted(query), file: None };
    let mut state = LookupState::default();
    let mut world = LookupWorld { settings, resolver: None, clock: &SystemClock, state: &mut state };
    let answer = Lookups::new().lookup(&request, &mut world).map(|answer| answer != LookupAnswer::NotFound);
    assert!(world.state.complaints.is_empty(), "a tainted name is no query: {:?}", world.state.complaints);
    answer
}

#[test]
fn binds() {
    let Some(slapd) = Slapd::start() else { return };
    let port = slapd.port;
    let socket = slapd.place.join("socket").display().to_string();
    let escaped = socket.replace('/', "%2F");
    // A port that nobody listens at: it is taken and does not listen.
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = held.local_addr().unwrap().port();
    drop(held);
    let right = format!("user=\"{ADMIN}\" pass=\"s3 cret,+\"");
    let failed = |server: String, why: &str| {
        Err(EvalError::defer(format!("failed to bind the LDAP connection to server {server} - {why}")))
    };
    let cases = [
        (format!("{right} ldap://127.0.0.1:{port}/"), Ok(true)),
        (format!("user=cn=admin%2Cdc=example%2Cdc=org pass=\"s3 cret,+\" ldap://127.0.0.1:{port}"), Ok(true)),
        (format!("{right} nettime=9 ldap://127.0.0.1:{port}/dc=example,dc=org?cn?sub?(x=y)"), Ok(true)),
        (format!("{right} pass=wrong ldap://127.0.0.1:{port}/"), Ok(false)),
        (format!("user=cn=nobody,dc=elsewhere pass=x ldap://127.0.0.1:{port}/"), Ok(false)),
        (format!("user={ADMIN} pass= ldap://127.0.0.1:{nobody}/"), Ok(false)),
        (format!("{right} ldapi://{escaped}/"), Ok(true)),
        (format!("{right} ldaps://{escaped}/"), Ok(true)),
        (format!("{right} pass=wrong ldapi://{escaped}/"), Ok(false)),
        (format!("{right} servers=127.0.0.1::{nobody}:127.0.0.1::{port} ldap:///"), Ok(true)),
        (format!("{right} servers={socket}.not:{socket} ldap:///"), Ok(true)),
        (
            format!("user=nonsense pass=x ldap://127.0.0.1:{port}/"),
            failed(format!("127.0.0.1:{port}"), "LDAP error 34: Invalid DN syntax"),
        ),
        (
            format!("{right} ldap://127.0.0.1:{nobody}/"),
            failed(format!("127.0.0.1:{nobody}"), "ldap_bind() returned -1"),
        ),
        (
            format!("{right} servers={socket}.not ldap:///"),
            failed(format!("{socket}.not"), "ldap_bind() returned -1"),
        ),
        (
            format!("{right} ldapi://localhost/"),
            Err(EvalError::defer("ldapi requires an absolute path (\"localhost\" given)")),
        ),
        (
            format!("{right} ldaps://127.0.0.1:{port}/"),
            Err(EvalError::defer("ldaps: TLS to an LDAP server is not served by this version")),
        ),
    ];
    for (query, want) in cases {
        assert_eq!(ask(&query, &LookupSettings::default()), want, "{query}");
    }
    let servers = [nobody, port].map(|port| format!("127.0.0.1:{port}").into_bytes()).to_vec();
    let default = LookupSettings { ldap_default_servers: servers, ..LookupSettings::default() };
    assert_eq!(ask(&format!("{right} ldap:///"), &default), Ok(true));
    let start_tls = LookupSettings { ldap_start_tls: true, ..default };
    let want = EvalError::defer("ldap_start_tls: TLS to an LDAP server is not served by this version");
    assert_eq!(ask(&format!("{right} ldap:///"), &start_tls), Err(want));
    assert_eq!(ask(&format!("{right} ldapi://{escaped}/"), &start_tls), Ok(true));
}
