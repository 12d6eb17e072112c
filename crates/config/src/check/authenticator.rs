//! Authenticators.

use std::collections::HashMap;

use mail_types::diagnostic::Diagnostic;

use super::{Layout, Problem};
use crate::options::authenticator::{cram_md5, dovecot, generic, spa};
use crate::options::{OptionSet, authenticator};
use crate::sections::loader::Loader;
use crate::sink::exim_unplaced;
use crate::snapshot::Instance;

/// What one instance must look like.
pub(super) fn check(authenticator: &mut Instance) -> Result<(), Problem> {
    let set = &authenticator.options;
    if authenticator.driver == "cram_md5" && !set.is_set(generic::PUBLIC_NAME) {
        let text = format!("no public name specified for the {} authenticator", authenticator.name);
        return Err(Problem::new(Layout::Plain, text));
    }
    if authenticator.driver == "spa" && set.is_set(spa::CLIENT_USERNAME) != set.is_set(spa::CLIENT_PASSWORD) {
        let text = "one of client_username and client_password cannot be set without the other";
        return Err(Problem::new(Layout::For, text));
    }
    Ok(())
}

/// What an authenticator may be, in the order in which Exim compares public names.
const ROLES: [&str; 2] = ["client", "server"];

/// Whether an instance is a client, and whether it serves.
fn roles(set: &OptionSet, driver: &str) -> [bool; 2] {
    let [server, client] = match driver {
        "cram_md5" => [set.is_set(cram_md5::SERVER_SECRET), set.is_set(cram_md5::CLIENT_SECRET)],
        "dovecot" => [set.is_set(dovecot::SERVER_SOCKET), false],
        "external" => {
            [set.is_set(generic::SERVER_CONDITION), set.is_set(authenticator::external::CLIENT_SEND)]
        }
        "plaintext" => {
            [set.is_set(generic::SERVER_CONDITION), set.is_set(authenticator::plaintext::CLIENT_SEND)]
        }
        "spa" => [set.is_set(spa::SERVER_PASSWORD), set.is_set(spa::CLIENT_USERNAME)],
        _ => [false, false],
    };
    [client, server]
}

/// No two servers, and no two clients, may have the same public name. Of a pair that are both, Exim tells of the clients.
pub(super) fn section_end(loader: &mut Loader<'_>) {
    let all = std::mem::take(&mut loader.sections.authenticators);
    let mut seen: HashMap<(usize, Vec<u8>), &Instance> = HashMap::new();
    let mut pairs: Vec<(&Instance, &Instance, usize)> = Vec::new();
    for instance in &all {
        let Some(name) = instance.options.get(generic::PUBLIC_NAME) else { continue };
        let roles = roles(&instance.options, instance.driver);
        for role in (0..ROLES.len()).filter(|role| roles[*role]) {
            if let Some(first) = seen.insert((role, name.to_ascii_lowercase()), instance) {
                pairs.push((first, instance, role));
            }
        }
    }
    pairs.dedup_by_key(|(first, second, _)| (first.span, second.span));
    for (first, second, role) in pairs {
        let shown = String::from_utf8_lossy(first.options.get(generic::PUBLIC_NAME).unwrap_or_default());
        let text = format!(
            "two {} authenticators ({} and {}) have the same public name ({shown})",
            ROLES[role], first.name, second.name
        );
        let exim = exim_unplaced(&text);
        let span = second.options.span(generic::PUBLIC_NAME).unwrap_or(second.span);
        loader.reader.report(Diagnostic::error("config.authenticator.repeated", span, text).exim(exim));
    }
    loader.sections.authenticators = all;
}
