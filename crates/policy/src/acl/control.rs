//! `control`: the settings, where each is permitted, and their options.
//!
//! # Compatibility
//! Exim specification, section "Use of the control modifier".

use mail_types::value::Value;

/// What `control = fakereject` and `control = fakedefer` say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FakeReply {
    /// The text for the peer.
    pub message: Value,
}

/// One control, ready to be obeyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// `allow_auth_unadvertised`.
    AllowAuthUnadvertised,
    /// `caseful_local_part`.
    CasefulLocalPart,
    /// `caselower_local_part`.
    CaselowerLocalPart,
    /// `dkim_disable_verify`.
    DkimDisableVerify,
    /// `dmarc_disable_verify`.
    DmarcDisableVerify,
    /// `dmarc_enable_forensic`.
    DmarcEnableForensic,
    /// `enforce_sync` and `no_enforce_sync`.
    EnforceSync(bool),
    /// `fakedefer`.
    FakeDefer(FakeReply),
    /// `fakereject`.
    FakeReject(FakeReply),
    /// `freeze`.
    Freeze {
        /// `/no_tell`: `freeze_tell` does not apply.
        no_tell: bool,
    },
    /// `no_callout_flush`.
    NoCalloutFlush,
    /// `no_delay_flush`.
    NoDelayFlush,
    /// `no_mbox_unspool`.
    NoMboxUnspool,
    /// `no_multiline_responses`.
    NoMultilineResponses,
    /// `no_pipelining`.
    NoPipelining,
    /// `queue` and `queue_only`.
    Queue {
        /// `/first_pass_route`: routing is done, SMTP deliveries are not.
        first_pass_route: bool,
    },
    /// `submission`.
    Submission {
        /// `/sender_retain`.
        sender_retain: bool,
        /// `/domain=`; empty means that nothing is appended.
        domain: Option<Value>,
        /// `/name=`.
        name: Option<Value>,
    },
    /// `suppress_local_fixups`.
    SuppressLocalFixups,
    /// `utf8_downconvert`: 1 always, 0 never, -1 if needed.
    Utf8Downconvert(i8),
}
