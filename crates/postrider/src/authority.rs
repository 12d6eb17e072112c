//! Who is calling, and what that allows.
//!
//! # Security
//! The real uid decides; a setuid bit gives nothing (see [`privsep::identity::shed_setuid_bit`]).
//!
//! # Compatibility
//! Specification section 5.2, "Trusted and admin users".

use config::Config;
use config::options::main;
use nix::unistd::{getgid, getgroups, getuid};

/// The calling user, under one configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Real uid.
    pub uid: u32,
    /// Real gid.
    pub gid: u32,
    /// Login name, or the uid as text.
    pub login: Vec<u8>,
    /// Full name.
    pub full_name: Vec<u8>,
    /// May set the sender and the message's origin.
    pub trusted: bool,
    /// May act on the queue and read hidden options.
    pub admin: bool,
}

impl Caller {
    /// The caller as the configuration sees him.
    pub(crate) fn find(config: &Config) -> Self {
        let (uid, gid) = (getuid().as_raw(), getgid().as_raw());
        let groups: Vec<u32> =
            getgroups().unwrap_or_default().into_iter().map(nix::unistd::Gid::as_raw).collect();
        let in_groups = |list: &[u32]| list.iter().any(|g| *g == gid || groups.contains(g));
        let options = &config.main;
        let mail_user = options.get(main::EXIM_USER).map(|u| u.uid);
        let mail_group = options.get(main::EXIM_GROUP);
        let is_server = uid == 0 || mail_user == Some(uid);
        let account = mta::services::accounts::by_uid(uid).ok().flatten();
        let login = account.as_ref().map_or_else(|| uid.to_string().into_bytes(), |a| a.name.clone());
        let full_name = account.map_or_else(|| login.clone(), |a| full_name(&a.gecos, &a.name));
        Self {
            uid,
            gid,
            login,
            full_name,
            trusted: is_server
                || options.get(main::TRUSTED_USERS).contains(&uid)
                || in_groups(options.get(main::TRUSTED_GROUPS)),
            admin: is_server
                || mail_group.is_some_and(|g| in_groups(&[g]))
                || in_groups(options.get(main::ADMIN_GROUPS)),
        }
    }

    /// Whether this process is root and can take other users' ids.
    pub(crate) fn is_root(&self) -> bool {
        self.uid == 0
    }
}

/// The full name in a gecos field: up to the first comma, `&` standing for the login name with a capital.
fn full_name(gecos: &[u8], login: &[u8]) -> Vec<u8> {
    let mut name = Vec::new();
    for byte in gecos.iter().take_while(|c| **c != b',') {
        if *byte == b'&' {
            let first = name.len();
            name.extend_from_slice(login);
            if let Some(letter) = name.get_mut(first) {
                letter.make_ascii_uppercase();
            }
        } else {
            name.push(*byte);
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ampersand_is_the_login_name() {
        assert_eq!(full_name(b"Joe & Sons,Room 1,,", b"joe"), b"Joe Joe Sons");
        assert_eq!(full_name(b"", b"joe"), b"");
    }
}
