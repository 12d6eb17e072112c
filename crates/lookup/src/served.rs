//! Which types are served, and what is missing for the others.

use expand::EvalError;

/// The types that are served.
pub const SERVED: &[&str] = &[
    "cdb",
    "dbm",
    "dbmjz",
    "dbmnz",
    "dnsdb",
    "dsearch",
    "iplsearch",
    "json",
    "ldapauth",
    "lmdb",
    "lsearch",
    "nwildlsearch",
    "passwd",
    "psl",
    "readsock",
    "regdom",
    "spf",
    "sqlite",
    "wildlsearch",
];

/// Refuses a type that needs something that is not there.
pub(crate) fn check(kind: &str) -> Result<(), EvalError> {
    if SERVED.contains(&kind) {
        return Ok(());
    }
    let missing = match kind {
        "ldap" | "ldapdn" | "ldapm" => "searching in LDAP directories",
        "mysql" => "a MySQL client",
        "pgsql" => "a PostgreSQL client",
        "redis" => "a Redis client",
        "oracle" => "an Oracle client",
        "ibase" => "an InterBase client",
        "nis" | "nis0" => "a client of NIS",
        "nisplus" => "a client of NIS+",
        "whoson" => "a client of the whoson server",
        "nmh" => "a client of nmh",
        "testdb" => "Exim's test suite",
        _ => "a client of it",
    };
    Err(EvalError::defer(format!(
        "lookup type \"{kind}\" is not served: this version does not have {missing} yet"
    )))
}
