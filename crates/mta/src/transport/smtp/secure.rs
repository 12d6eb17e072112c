//! TLS towards a host: whether, with what, and what happens when it can't be had.
//!
//! # Invariants
//! * What a host is asked for is decided before it is spoken to, and is part of what makes two sessions the same.
//! * A session that has to be encrypted never carries an envelope in clear.
//!
//! # Security
//! Replies that came along with the answer to STARTTLS are thrown away, and the list of extensions is read anew within
//! the session (CVE-2021-38371 and its kin). File names are clean by type.
//!
//! # Failure
//! A host that refuses STARTTLS, or with which the handshake fails, gets the message in clear on a new connection unless
//! it is in `hosts_require_tls` or, where the failure may pass, `tls_tempfail_tryclear` is off.
//!
//! # Compatibility
//! Specification, "Configuring an Exim client to use TLS"; texts and numbers are the oracle's, with our library's words.

use std::borrow::Cow;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use config::TransportInstance;
use config::options::kind::Text;
use config::options::transport::smtp as options;
use expand::list::ListItems;
use mail_types::value::Value;
use tls::policy::Action;
use tls::{AnchorSource, ConnectorRequest, Flaw, HandshakeFault, Proof, Strictness};

use super::settings::{InList, Misconfigured, expanded};
use crate::context::Context;

/// Why there is no session under TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TlsFailure {
    /// What the log says.
    pub(super) words: String,
    /// Whose fault it is.
    pub(super) blame: Blame,
}

/// Whose fault it is that there is no session under TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blame {
    /// Ours, or our administrator's: the other side needs not hear of it.
    Ours,
    /// The host's certificate.
    Certificate(Flaw),
    /// Anything else that the host, or the network, did.
    Protocol,
}

impl TlsFailure {
    /// A handshake that failed.
    pub(super) fn of(fault: HandshakeFault) -> Self {
        match fault {
            HandshakeFault::Certificate(why) => Self {
                words: format!("(certificate verification failed): {why}"),
                blame: Blame::Certificate(why.flaw),
            },
            HandshakeFault::Status(why) => {
                Self::of_protocol(format!("(certificate status check failed): {why}"))
            }
            fault => Self::of_protocol(format!("(SSL_connect): {fault}")),
        }
    }

    /// The host did not do as it should.
    pub(super) fn of_protocol(words: impl Into<String>) -> Self {
        Self { words: words.into(), blame: Blame::Protocol }
    }

    /// It failed on our side.
    pub(super) fn ours(words: impl Into<String>) -> Self {
        Self { words: words.into(), blame: Blame::Ours }
    }
}

/// How much TLS is wanted with a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Wish {
    /// `hosts_avoid_tls`, or LMTP over a socket.
    Never,
    /// When the host offers it.
    Try,
    /// `hosts_require_tls`.
    Must,
}

/// What TLS means for one host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Plan {
    pub(super) wish: Wish,
    /// `hosts_avoid_tls`, all the same: the host can't be used.
    pub(super) avoided: bool,
    /// `protocol = smtps`: before the banner.
    pub(super) at_once: bool,
    /// `tls_tempfail_tryclear`.
    pub(super) clear_after_failure: bool,
    /// `hosts_nopass_tls`: an encrypted session carries messages of this delivery only.
    pub(super) keeps: bool,
    /// `tls_sni`.
    pub(super) sni: Option<String>,
    /// `hosts_require_alpn`: the host has to choose one of our protocols.
    pub(super) needs_alpn: bool,
    pub(super) request: ConnectorRequest,
}

impl Plan {
    /// The plan for a host about which was decided; `matches` says whether the host is in a list of the transport.
    /// Settings that ask for it are told of the TLSA records (`$tls_out_tlsa_usage`); others are once TLS begins.
    pub(super) fn of(
        transport: &TransportInstance,
        host: &[u8],
        how: (bool, &Action),
        matches: &mut InList<'_>,
        context: &mut Context,
    ) -> Result<Self, Misconfigured> {
        context.facts.host.tlsa_usage = match how.1 {
            Action::EncryptByDane(records) => records.usages(),
            _ => 0,
        };
        let plan = Self::expanded(transport, host, how, matches, context);
        context.facts.host.tlsa_usage = 0;
        plan
    }

    fn expanded(
        transport: &TransportInstance,
        host: &[u8],
        (at_once, action): (bool, &Action),
        matches: &mut InList<'_>,
        context: &mut Context,
    ) -> Result<Self, Misconfigured> {
        let wish = match action {
            Action::Clear => Wish::Never,
            Action::Try => Wish::Try,
            Action::Encrypt | Action::EncryptByDane(_) | Action::EncryptByName => Wish::Must,
            // Nobody makes plans for a host that isn't used.
            Action::Defer(why) | Action::Fail(why) => return Err(Misconfigured(why.clone())),
        };
        let mut plan = Self {
            wish,
            avoided: matches(options::HOSTS_AVOID_TLS, context)?,
            at_once,
            clear_after_failure: transport.options.get(options::TLS_TEMPFAIL_TRYCLEAR),
            keeps: true,
            sni: None,
            needs_alpn: false,
            request: ConnectorRequest::default(),
        };
        if wish == Wish::Never {
            return Ok(plan);
        }
        plan.keeps = !matches(options::HOSTS_NOPASS_TLS, context)?;
        plan.needs_alpn = matches(options::HOSTS_REQUIRE_ALPN, context)?;
        plan.request.resumption = matches(options::TLS_RESUMPTION_HOSTS, context)?;
        let name = String::from_utf8_lossy(host).into_owned();
        match action {
            Action::EncryptByDane(records) => {
                plan.request.server = Strictness::Require;
                plan.request.dane = Some(Arc::clone(records));
                plan.sni = Some(records.base().to_owned());
            }
            Action::EncryptByName => {
                plan.request.server = Strictness::Require;
                plan.request.names = vec![name.clone()];
                plan.request.anchors = context.services.mta_sts.anchors.clone();
                plan.sni = Some(name);
            }
            _ => {
                plan.request.server = if matches(options::TLS_VERIFY_HOSTS, context)? {
                    Strictness::Require
                } else if matches(options::TLS_TRY_VERIFY_HOSTS, context)? {
                    Strictness::Try
                } else {
                    Strictness::Ignore
                };
                let checked = plan.request.server != Strictness::Ignore;
                if checked && matches(options::TLS_VERIFY_CERT_HOSTNAMES, context)? {
                    plan.request.names = vec![name];
                }
                plan.expand_judgement(transport, context)?;
            }
        }
        // The default asks where the answer can be checked: not where a TLSA record speaks of the server's own key.
        let by_default = !transport.options.is_set(options::HOSTS_REQUEST_OCSP);
        let pointless = by_default && !matches!(context.facts.host.tlsa_usage, 0 | 4);
        plan.request.proof = if matches(options::HOSTS_REQUIRE_OCSP, context)? {
            Proof::Require
        } else if !pointless && matches(options::HOSTS_REQUEST_OCSP, context)? {
            Proof::Request
        } else {
            Proof::Ignore
        };
        plan.expand(transport, context)?;
        Ok(plan)
    }

    /// `$tls_out_tlsa_usage` of a session by this plan.
    pub(super) fn tlsa_usage(&self) -> u8 {
        self.request.dane.as_ref().map_or(0, |records| records.usages())
    }

    /// Has the certificate judged as a policy in force would, without consequences; where it has some, nothing changes.
    pub(super) fn try_name(&mut self, host: &[u8], context: &Context) {
        if self.wish != Wish::Never && self.request.server != Strictness::Require {
            self.request.server = Strictness::Try;
            self.request.names = vec![String::from_utf8_lossy(host).into_owned()];
            self.request.anchors = context.services.mta_sts.anchors.clone();
        }
    }

    /// By what the server's certificate is judged, where the configuration decides that.
    fn expand_judgement(
        &mut self,
        transport: &TransportInstance,
        context: &mut Context,
    ) -> Result<(), Misconfigured> {
        let sni = text(transport, options::TLS_SNI, context)?.filter(|value| !value.is_empty());
        self.sni = sni.map(|value| value.to_lossy());
        self.request.revocations = file(transport, options::TLS_CRL, context)?;
        let anchors = file(transport, options::TLS_VERIFY_CERTIFICATES, context)?;
        self.request.anchors = AnchorSource::of(anchors);
        Ok(())
    }

    fn expand(&mut self, transport: &TransportInstance, context: &mut Context) -> Result<(), Misconfigured> {
        let of_dane = match self.request.dane {
            Some(_) => text(transport, options::DANE_REQUIRE_TLS_CIPHERS, context)?,
            None => None,
        };
        let ciphers = match of_dane.filter(|value| !value.is_empty()) {
            None => text(transport, options::TLS_REQUIRE_CIPHERS, context)?,
            of_dane => of_dane,
        };
        self.request.ciphers = ciphers.map(|value| value.to_lossy()).unwrap_or_default();
        let alpn = text(transport, options::TLS_ALPN, context)?;
        self.request.alpn = alpn
            .map(|value| {
                ListItems::new(value.bytes()).filter(|item| !item.is_empty()).map(Cow::into_owned).collect()
            })
            .unwrap_or_default();
        let certificate = file(transport, options::TLS_CERTIFICATE, context)?;
        let key = file(transport, options::TLS_PRIVATEKEY, context)?;
        self.request.identity = certificate.map(|certificate| {
            // A key that is not named stands in the file of the certificate.
            let key = key.unwrap_or_else(|| certificate.clone());
            (certificate, key)
        });
        Ok(())
    }
}

fn text(
    transport: &TransportInstance,
    option: config::Opt<Text>,
    context: &mut Context,
) -> Result<Option<Value>, Misconfigured> {
    match transport.options.get(option) {
        Some(source) => expanded(source, option.definition().name, transport, context),
        None => Ok(None),
    }
}

fn file(
    transport: &TransportInstance,
    option: config::Opt<Text>,
    context: &mut Context,
) -> Result<Option<PathBuf>, Misconfigured> {
    let value = text(transport, option, context)?.filter(|value| !value.is_empty());
    value.map(|value| path(&value, option.definition().name)).transpose()
}

fn path(value: &Value, option: &str) -> Result<PathBuf, Misconfigured> {
    use std::os::unix::ffi::OsStringExt as _;
    let clean = value.require_clean(option).map_err(|error| Misconfigured(error.to_string()))?;
    Ok(PathBuf::from(std::ffi::OsString::from_vec(clean.bytes().to_vec())))
}

/// The words about a host whose certificate no TLSA record vouches for.
pub(super) fn dane_failed(why: &str, host: &[u8], address: IpAddr) -> Vec<u8> {
    let name = String::from_utf8_lossy(host);
    format!("DANE attempt failed; TLS connection to {name} [{address}]: {why}").into_bytes()
}

/// The words about a message that goes out in clear because TLS failed.
pub(super) fn unencrypted(why: &str, host: &[u8], address: IpAddr) -> Vec<u8> {
    let name = String::from_utf8_lossy(host);
    format!("TLS session: {why}: delivering unencrypted to H={name} [{address}] (not in hosts_require_tls)")
        .into_bytes()
}
