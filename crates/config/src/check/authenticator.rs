//! Authenticators.

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

/// Whether an instance serves, and whether it is a client.
fn roles(set: &OptionSet, driver: &str) -> [bool; 2] {
    match driver {
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
    }
}

/// No two servers, and no two clients, may have the same public name.
pub(super) fn section_end(loader: &mut Loader<'_>) {
    let all = std::mem::take(&mut loader.sections.authenticators);
    for (role, word) in ["server", "client"].into_iter().enumerate() {
        let mut seen: std::collections::HashMap<Vec<u8>, &Instance> = std::collections::HashMap::new();
        for instance in all.iter().filter(|instance| roles(&instance.options, instance.driver)[role]) {
            let Some(name) = instance.options.get(generic::PUBLIC_NAME) else { continue };
            let Some(first) = seen.insert(name.to_ascii_lowercase(), instance) else { continue };
            let shown = String::from_utf8_lossy(first.options.get(generic::PUBLIC_NAME).unwrap_or_default());
            let text = format!(
                "two {word} authenticators ({} and {}) have the same public name ({shown})",
                first.name, instance.name
            );
            let exim = exim_unplaced(&text);
            let span = instance.options.span(generic::PUBLIC_NAME).unwrap_or(instance.span);
            loader.reader.report(Diagnostic::error("config.authenticator.repeated", span, text).exim(exim));
        }
    }
    loader.sections.authenticators = all;
}
