//! Cipher suites: their names, and the two dialects of `tls_require_ciphers`.
//!
//! # Compatibility
//! An OpenSSL cipher list chooses among the suites of TLS 1.2 and leaves TLS 1.3 alone; a GnuTLS priority string also
//! chooses versions, TLS 1.3's suites and groups. Which dialect a string is written in shows in its words. Words for what does
//! not exist here (RC4, CBC, RSA key exchange, TLS 1.0) choose nothing; what would have been *added* by them is named in
//! [`Choice::dropped`], so that it can be told.
//!
//! # References
//! ciphers(1) of OpenSSL 3.0; the manual of GnuTLS 3.7, section "Priority strings".

mod gnutls;
mod openssl;

/// A cipher suite of ours.
#[derive(Debug, PartialEq, Eq)]
pub struct Suite {
    /// IANA's number.
    pub id: u16,
    /// IANA's name.
    pub iana: &'static str,
    /// OpenSSL's name.
    pub openssl: &'static str,
    /// GnuTLS's name of the bulk cipher.
    gnutls_cipher: &'static str,
    /// Bits of the cipher's key.
    pub bits: u32,
    /// Words of OpenSSL's lists that choose it.
    words: &'static [&'static str],
    /// How a server shows who it is; nothing for TLS 1.3, where the suite does not say.
    authentication: &'static str,
}

impl Suite {
    /// The kind of key by which a server shows who it is, `RSA` or `ECDSA`; nothing for TLS 1.3.
    pub(crate) fn authentication(&self) -> &'static str {
        self.authentication
    }

    /// The suite belongs to TLS 1.3.
    pub fn is_tls13(&self) -> bool {
        self.authentication.is_empty()
    }
}

/// Every suite there is, the best first.
pub const SUITES: [Suite; 9] = [
    Suite {
        id: 0x1302,
        iana: "TLS_AES_256_GCM_SHA384",
        openssl: "TLS_AES_256_GCM_SHA384",
        gnutls_cipher: "AES-256-GCM",
        bits: 256,
        words: &[],
        authentication: "",
    },
    Suite {
        id: 0x1301,
        iana: "TLS_AES_128_GCM_SHA256",
        openssl: "TLS_AES_128_GCM_SHA256",
        gnutls_cipher: "AES-128-GCM",
        bits: 128,
        words: &[],
        authentication: "",
    },
    Suite {
        id: 0x1303,
        iana: "TLS_CHACHA20_POLY1305_SHA256",
        openssl: "TLS_CHACHA20_POLY1305_SHA256",
        gnutls_cipher: "CHACHA20-POLY1305",
        bits: 256,
        words: &[],
        authentication: "",
    },
    Suite {
        id: 0xc02c,
        iana: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        openssl: "ECDHE-ECDSA-AES256-GCM-SHA384",
        gnutls_cipher: "AES-256-GCM",
        bits: 256,
        words: &["AES", "AES256", "AESGCM"],
        authentication: "ECDSA",
    },
    Suite {
        id: 0xc02b,
        iana: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        openssl: "ECDHE-ECDSA-AES128-GCM-SHA256",
        gnutls_cipher: "AES-128-GCM",
        bits: 128,
        words: &["AES", "AES128", "AESGCM"],
        authentication: "ECDSA",
    },
    Suite {
        id: 0xcca9,
        iana: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        openssl: "ECDHE-ECDSA-CHACHA20-POLY1305",
        gnutls_cipher: "CHACHA20-POLY1305",
        bits: 256,
        words: &["CHACHA20"],
        authentication: "ECDSA",
    },
    Suite {
        id: 0xc030,
        iana: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        openssl: "ECDHE-RSA-AES256-GCM-SHA384",
        gnutls_cipher: "AES-256-GCM",
        bits: 256,
        words: &["AES", "AES256", "AESGCM"],
        authentication: "RSA",
    },
    Suite {
        id: 0xc02f,
        iana: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        openssl: "ECDHE-RSA-AES128-GCM-SHA256",
        gnutls_cipher: "AES-128-GCM",
        bits: 128,
        words: &["AES", "AES128", "AESGCM"],
        authentication: "RSA",
    },
    Suite {
        id: 0xcca8,
        iana: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        openssl: "ECDHE-RSA-CHACHA20-POLY1305",
        gnutls_cipher: "CHACHA20-POLY1305",
        bits: 256,
        words: &["CHACHA20"],
        authentication: "RSA",
    },
];

/// The suite with a number.
pub fn by_id(id: u16) -> Option<&'static Suite> {
    SUITES.iter().find(|suite| suite.id == id)
}

/// What a `tls_require_ciphers` chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The suites, the preferred first, by number.
    pub suites: Vec<u16>,
    /// TLS 1.2 may be spoken.
    pub tls12: bool,
    /// TLS 1.3 may be spoken.
    pub tls13: bool,
    /// The groups of the key exchange, the preferred first, by number.
    pub(crate) groups: Vec<u16>,
    /// Words that ask for something that does not exist here.
    pub dropped: Vec<String>,
}

impl Default for Choice {
    /// Everything there is.
    fn default() -> Self {
        Self {
            suites: SUITES.iter().map(|suite| suite.id).collect(),
            tls12: true,
            tls13: true,
            groups: crate::group::all(),
            dropped: Vec::new(),
        }
    }
}

impl Choice {
    /// Reads a list of either dialect; nothing in it means everything there is.
    pub fn parse(list: &str) -> Self {
        let list = list.trim();
        if list.is_empty() {
            return Self::default();
        }
        if gnutls::is_priority_string(list) { gnutls::choose(list) } else { openssl::choose(list) }
    }

    /// Nothing can be negotiated.
    pub fn is_empty(&self) -> bool {
        self.spoken().is_empty() || self.groups.is_empty()
    }

    /// Only those of its groups that are among these, in their order.
    #[must_use]
    pub(crate) fn among(self, groups: &[u16]) -> Self {
        let groups = groups.iter().copied().filter(|group| self.groups.contains(group)).collect();
        Self { groups, ..self }
    }

    /// The suites of the versions that may be spoken.
    pub(crate) fn spoken(&self) -> Vec<u16> {
        let spoken = |suite: &&Suite| if suite.is_tls13() { self.tls13 } else { self.tls12 };
        self.suites.iter().filter_map(|id| by_id(*id)).filter(spoken).map(|suite| suite.id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The OpenSSL names of what a list chooses, and what it drops.
    fn chosen(list: &str) -> (Vec<&'static str>, Vec<String>) {
        let choice = Choice::parse(list);
        let usable = |suite: &&Suite| if suite.is_tls13() { choice.tls13 } else { choice.tls12 };
        let names = choice.suites.iter().filter_map(|id| by_id(*id)).filter(usable);
        (names.map(|suite| suite.openssl).collect(), choice.dropped)
    }

    const TLS13: [&str; 3] =
        ["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"];

    #[test]
    fn openssl_lists() {
        let table: [(&str, &[&str], &[&str]); 10] = [
            ("ECDHE-RSA-AES256-GCM-SHA384", &["ECDHE-RSA-AES256-GCM-SHA384"], &[]),
            ("ECDHE_RSA_AES256_GCM_SHA384", &["ECDHE-RSA-AES256-GCM-SHA384"], &[]),
            ("ECDHE+AES256:!aECDSA", &["ECDHE-RSA-AES256-GCM-SHA384"], &[]),
            ("aECDSA+CHACHA20:RC4-SHA", &["ECDHE-ECDSA-CHACHA20-POLY1305"], &["RC4-SHA"]),
            (
                "HIGH:!MD5:!SHA1:!AES128:!CHACHA20",
                &["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384"],
                &[],
            ),
            ("ALL:-ALL:aRSA+AES128", &["ECDHE-RSA-AES128-GCM-SHA256"], &[]),
            ("aRSA+AESGCM:!AES128:aRSA+AES128", &["ECDHE-RSA-AES256-GCM-SHA384"], &[]),
            (
                "aRSA+AES256:aRSA+AES128:+AES256",
                &["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"],
                &[],
            ),
            ("AES256-SHA", &[], &["AES256-SHA"]),
            ("SHA1+DES", &[], &["SHA1+DES"]),
        ];
        for (list, tls12, dropped) in table {
            let (names, told) = chosen(list);
            assert_eq!(names, [&TLS13[..], tls12].concat(), "{list}");
            assert_eq!(told, dropped, "{list}");
        }
        assert!(!Choice::parse("AES256-SHA").is_empty(), "TLS 1.3 stays");
    }

    /// The suites of TLS 1.2 that `openssl ciphers LIST` shows (3.0), as far as they exist here, in any order.
    #[test]
    fn openssl_lists_choose_what_openssl_chooses() {
        const AES256: [&str; 2] = ["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384"];
        const AES128: [&str; 2] = ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"];
        const CHACHA: [&str; 2] = ["ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"];
        let all = [AES256, AES128, CHACHA].concat();
        let gcm = [AES256, AES128].concat();
        let ecdsa = [AES256[0], AES128[0], CHACHA[0]];
        let table: [(&str, &[&str]); 22] = [
            ("DEFAULT@SECLEVEL=1", &all),
            ("DEFAULT:@SECLEVEL=1", &all),
            ("HIGH@STRENGTH", &all),
            ("AES128+aECDSA@SECLEVEL=2", &AES128[..1]),
            ("ECDHE:!SHA1:!SHA256:!SHA384", &all),
            ("ECDHE+CHACHA20:ECDHE+AES256:!SHA384", &[AES256, CHACHA].concat()),
            ("ECDH", &all),
            ("FIPS", &gcm),
            ("SHA256", &[]),
            ("AESGCM:-SHA256", &gcm),
            ("EECDH+AESGCM:EDH+AESGCM", &gcm),
            ("SUITEB128", &[AES256[0], AES128[0]]),
            ("SUITEB128ONLY", &AES128[..1]),
            ("SUITEB192", &AES256[..1]),
            ("CAMELLIA:AES128", &AES128),
            ("TLSv1.2:!aRSA", &ecdsa),
            ("SSLv3", &[]),
            ("!ECDHE:ALL", &[]),
            ("ALL:!TLSv1.2", &[]),
            ("AES+ECDSA", &[AES256[0], AES128[0]]),
            (" AESGCM , CHACHA20", &all),
            ("HIGH:!EXP:!NULL", &all),
        ];
        for (list, tls12) in table {
            let mut names = chosen(list).0.split_off(3);
            let mut want = tls12.to_vec();
            names.sort_unstable();
            want.sort_unstable();
            assert_eq!(names, want, "{list}");
        }
    }

    #[test]
    fn gnutls_priorities() {
        let all = chosen("").0;
        assert_eq!(all.len(), 9);
        assert_eq!(chosen("NORMAL").0, all);
        assert_eq!(chosen("NORMAL:%COMPAT:-VERS-SSL3.0").0, all);
        assert_eq!(chosen("NORMAL:-VERS-TLS1.3").0, all[3..]);
        assert_eq!(chosen("NORMAL:-VERS-ALL:+VERS-TLS1.3").0, all[..3]);
        assert_eq!(
            chosen("SECURE256:-VERS-TLS1.2").0,
            ["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]
        );
        assert_eq!(
            chosen("NONE:+VERS-TLS1.2:+AES-128-GCM:+ECDHE-RSA:+MAC-ALL:+COMP-NULL:+SIGN-ALL:+GROUP-ALL").0,
            ["ECDHE-RSA-AES128-GCM-SHA256"]
        );
        assert_eq!(chosen("NORMAL:!ECDHE-RSA:-VERS-TLS1.3:-CHACHA20-POLY1305").0.len(), 2);
        let (names, dropped) = chosen("NONE:+VERS-TLS1.0:+3DES-CBC:+RSA");
        assert_eq!(
            (names.len(), dropped),
            (0, ["+VERS-TLS1.0", "+3DES-CBC", "+RSA"].map(String::from).to_vec())
        );
        assert!(Choice::parse("NONE:+VERS-TLS1.0").is_empty());
    }

    /// What `gnutls-cli --list --priority` shows, as far as it exists here.
    #[test]
    fn groups_of_gnutls_priorities() {
        const P256: u16 = 0x17;
        const P384: u16 = 0x18;
        const X25519: u16 = 0x1d;
        let all = crate::group::all();
        let table: [(&str, &[u16], &[&str]); 11] = [
            ("NORMAL", &all, &[]),
            ("PFS", &all, &[]),
            ("SECURE192", &[P384], &[]),
            ("SECURE256", &[P384], &[]),
            ("NORMAL:-GROUP-ALL:+GROUP-SECP256R1", &[P256], &[]),
            ("NORMAL:-CURVE-ALL:+CURVE-X25519", &[X25519], &[]),
            ("NORMAL:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1", &[X25519, P256], &[]),
            ("NORMAL:-GROUP-X25519-MLKEM768:-GROUP-SECP256R1", &[X25519, P384], &[]),
            ("NORMAL:-GROUP-DH-ALL", &all, &[]),
            ("NORMAL:-GROUP-EC-ALL:+GROUP-SECP521R1", &[], &["+GROUP-SECP521R1"]),
            ("NONE:+VERS-TLS1.2:+AES-128-GCM:+ECDHE-RSA", &[], &[]),
        ];
        for (list, groups, dropped) in table {
            let choice = Choice::parse(list);
            assert_eq!(choice.groups, groups, "{list}");
            assert_eq!(choice.dropped, dropped, "{list}");
            assert_eq!(choice.is_empty(), groups.is_empty(), "{list}");
        }
    }
}
