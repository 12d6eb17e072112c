//! What the configuration says about reports.

use std::path::PathBuf;

use config::Config;
use config::options::postrider as options;
use mail_types::address::{ParseOptions, parse_address};
use reports::mail::Kind;

use crate::context::Context;

/// Who reports, and how reports are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `From:`.
    pub from: Vec<u8>,
    /// The address in it.
    pub address: Vec<u8>,
    /// Its domain, in lower case: who submits.
    pub domain: String,
    /// Who reports, for people.
    pub organization: String,
    /// What tells the reports of this host from those of the others that submit for the domain.
    pub host: String,
    /// Selector and file of the key.
    pub dkim: Option<(Vec<u8>, PathBuf)>,
}

impl Settings {
    /// The settings; nothing where no reports are made.
    ///
    /// # Errors
    /// `reports_from` holds no address, or half of what signs is missing.
    pub fn of(context: &Context) -> Result<Option<Self>, String> {
        let main = &context.config.main;
        let Some(from) = main.get(options::REPORTS_FROM).filter(|from| !from.is_empty()) else {
            return Ok(None);
        };
        let (address, _) =
            parse_address(from, ParseOptions::default()).map_err(|why| format!("reports_from: {why}"))?;
        let address = address.qualified_with(context.qualify_domain());
        let domain = String::from_utf8_lossy(&address.lower_domain()).into_owned();
        let organization = main.get(options::REPORTS_ORGANIZATION);
        let organization = organization.map(|text| String::from_utf8_lossy(text).into_owned());
        let selector = main.get(options::REPORTS_DKIM_SELECTOR);
        let key = main.get(options::REPORTS_DKIM_PRIVATE_KEY);
        let dkim = match (selector, key) {
            (Some(selector), Some(key)) => {
                let key = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(key);
                Some((selector.to_vec(), PathBuf::from(key)))
            }
            (None, None) => None,
            // Half of it would mean reports without a signature, which nobody reads (rfc8460#3).
            (Some(_), None) => {
                return Err("reports_dkim_selector is set, and reports_dkim_private_key is not".to_owned());
            }
            (None, Some(_)) => {
                return Err("reports_dkim_private_key is set, and reports_dkim_selector is not".to_owned());
            }
        };
        Ok(Some(Self {
            from: from.to_vec(),
            address: address.to_bytes(),
            organization: organization.unwrap_or_else(|| domain.clone()),
            domain,
            host: format!("{:08x}", fnv(context.primary_hostname()) as u32),
            dkim,
        }))
    }

    /// The kinds that are made at all.
    pub(super) fn kinds(config: &Config) -> Vec<Kind> {
        let main = &config.main;
        let tls = main.get(options::TLS_REPORTS_DOMAINS).is_some().then_some(Kind::Tls);
        let dmarc = main.get(options::DMARC_REPORTS_DOMAINS).is_some().then_some(Kind::Dmarc);
        tls.into_iter().chain(dmarc).collect()
    }
}

/// FNV-1a: the same for the same octets everywhere and always.
pub(super) fn fnv<'a>(octets: impl IntoIterator<Item = &'a u8>) -> u64 {
    octets.into_iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
