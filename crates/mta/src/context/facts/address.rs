//! Facts about one address while an ACL checks it, routers handle it or a transport delivers it.

use std::collections::BTreeMap;

use mail_types::value::Value;
use serde::{Deserialize, Serialize};

/// What `check_local_user` found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalUser {
    /// `$local_user_uid`.
    pub uid: u32,
    /// `$local_user_gid`.
    pub gid: u32,
}

/// The variables of libsrs_alt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SrsFacts {
    /// `$srs_orig_sender`: the envelope's sender before it was rewritten.
    pub orig_sender: Option<Value>,
    /// `$srs_orig_recipient`: the recipient before it was decoded.
    pub orig_recipient: Option<Value>,
    /// `$srs_recipient`: the address that it stands for.
    pub recipient: Option<Value>,
    /// `$srs_db_address`: the address to keep in a database.
    pub db_address: Option<Value>,
    /// `$srs_db_key`: what to keep it under.
    pub db_key: Option<Value>,
    /// `$srs_status`.
    pub status: Option<Value>,
}

/// One address.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AddressFacts {
    /// The whole address as it is written to logs: case of the local part kept.
    pub address: Vec<u8>,
    /// The recipient in the envelope that led to this address, as it stands there (Envelope-to:).
    pub recipient: Option<Vec<u8>>,
    /// Further such recipients, whose deliveries are this one.
    pub same_for: Vec<Vec<u8>>,
    /// `$local_part`: affixes removed by the running router, lower case unless `caseful_local_part`. None where
    /// Exim has it unset.
    pub local_part: Option<Value>,
    /// `$domain`, lower case. None where Exim has it unset.
    pub domain: Option<Value>,
    /// `$local_part_data`.
    pub local_part_data: Option<Value>,
    /// `$domain_data`.
    pub domain_data: Option<Value>,
    /// `$local_part_prefix`.
    pub local_part_prefix: Option<Value>,
    /// `$local_part_prefix_v`.
    pub local_part_prefix_v: Option<Value>,
    /// `$local_part_suffix`.
    pub local_part_suffix: Option<Value>,
    /// `$local_part_suffix_v`.
    pub local_part_suffix_v: Option<Value>,
    /// `$original_local_part`.
    pub original_local_part: Option<Value>,
    /// `$original_domain`.
    pub original_domain: Option<Value>,
    /// `$parent_local_part`.
    pub parent_local_part: Option<Value>,
    /// `$parent_domain`.
    pub parent_domain: Option<Value>,
    /// `$address_data`.
    pub address_data: Option<Value>,
    /// `$r_…`, keyed by the whole name.
    pub router_variables: BTreeMap<Vec<u8>, Value>,
    /// `$router_name`.
    pub router_name: Option<String>,
    /// `$transport_name`.
    pub transport_name: Option<String>,
    /// `$home`.
    pub home: Option<Value>,
    /// What `check_local_user` found.
    pub local_user: Option<LocalUser>,
    /// `$address_file`.
    pub address_file: Option<Value>,
    /// `$address_pipe`.
    pub address_pipe: Option<Value>,
    /// `$self_hostname`.
    pub self_hostname: Option<Value>,
    /// What `srs` of a redirect router found and made.
    pub srs: SrsFacts,
    /// `$inode` while appendfile names a file.
    pub inode: Option<u64>,
    /// `$mailstore_basename`.
    pub mailstore_basename: Option<Value>,
    /// `$thisaddress` of a filter.
    pub thisaddress: Option<Value>,
}

impl AddressFacts {
    /// What variables say of several addresses that are delivered together: what they do not share is unset.
    pub fn of_batch(addresses: &[Self]) -> Self {
        let Some(mut facts) = addresses.first().cloned() else { return Self::default() };
        if addresses.len() > 1 {
            facts.local_part = None;
            facts.local_part_data = None;
            facts.local_part_prefix = None;
            facts.local_part_suffix = None;
            facts.original_local_part = None;
            facts.original_domain = None;
            facts.parent_local_part = None;
            if addresses.iter().any(|other| other.domain != facts.domain) {
                facts.domain = None;
                facts.domain_data = None;
            }
        }
        facts
    }
}
