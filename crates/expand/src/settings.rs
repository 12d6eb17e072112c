//! Main-section options that change how expansion works.

use crate::lookup::LookupSettings;
use mail_types::value::Clean;

/// The options, with Exim's defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `strict_acl_vars`: an unset `$acl_c...` or `$acl_m...` is an error.
    pub strict_acl_vars: bool,
    /// `check_rfc2047_length`: words over 75 characters are not decoded.
    pub check_rfc2047_length: bool,
    /// `headers_charset`.
    pub headers_charset: Vec<u8>,
    /// `print_topbitchars`: bytes above 126 count as printing ones.
    pub print_topbitchars: bool,
    /// `allow_utf8_domains`.
    pub allow_utf8_domains: bool,
    /// Options of lookups.
    pub lookups: LookupSettings,
    /// `saslauthd_socket`: where the condition `saslauthd` asks.
    pub saslauthd_socket: Clean,
    /// `radius_config_file`: what the condition `radius` reads.
    pub radius_config_file: Clean,
    /// `pwcheck_socket`: where the condition `pwcheck` asks.
    pub pwcheck_socket: Clean,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            strict_acl_vars: false,
            check_rfc2047_length: true,
            headers_charset: b"UTF-8".to_vec(),
            print_topbitchars: false,
            allow_utf8_domains: false,
            lookups: LookupSettings::default(),
            saslauthd_socket: Clean::literal(b"/var/run/saslauthd/mux"),
            radius_config_file: Clean::literal(b"/etc/radiusclient/radiusclient.conf"),
            pwcheck_socket: Clean::literal(b"/var/pwcheck/pwcheck"),
        }
    }
}
