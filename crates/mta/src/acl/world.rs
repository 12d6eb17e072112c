//! What ACLs do to the world: variables, header lines, controls, log lines, effects.
//!
//! # Invariants
//! * What an ACL asks for is noted in the context; the stage that runs the ACL acts on it.

use config::options::main;
use expand::variable::{AclScope, Variable};
use mail_message::header::HeaderType;
use mail_types::address::ParseOptions;
use mail_types::value::Value;
use observe::event::SmtpNews;
use policy::acl::{AclEffect, AclEffectAnswer, AclWorld, AddedHeader, Control, HeaderLine, LogTargets};

use super::effect;
use crate::context::{Context, Submission};

impl AclWorld for Context {
    fn set_acl_variable(&mut self, scope: AclScope, name: &[u8], value: Value) {
        let variables = match scope {
            AclScope::Connection => &mut self.facts.connection.acl_c,
            AclScope::Message => &mut self.facts.message.acl_m,
        };
        variables.insert(name.to_vec(), value);
    }

    fn set_variable(&mut self, variable: Variable, value: Option<Value>) {
        let bytes = || value.as_ref().map(|value| value.bytes().to_vec());
        let facts = &mut self.facts;
        match variable {
            Variable::DomainData => facts.address.domain_data = value,
            Variable::LocalPartData => facts.address.local_part_data = value,
            Variable::AddressData => facts.address.address_data = value,
            Variable::SenderAddressData => facts.message.sender_address_data = value,
            Variable::SenderData => facts.message.sender_data = value,
            Variable::RecipientData => facts.message.recipient_data = value,
            Variable::HostData => facts.connection.host_data = value,
            Variable::AclVerifyMessage => facts.message.acl_verify_message = value,
            Variable::SenderVerifyFailure => facts.message.sender_verify_failure = bytes(),
            Variable::RecipientVerifyFailure => facts.message.recipient_verify_failure = bytes(),
            Variable::DkimVerifyStatus => self.dkim.status = bytes(),
            Variable::DkimVerifyReason => self.dkim.reason = bytes(),
            Variable::DnslistDomain => facts.message.dnslist.domain = bytes().unwrap_or_default(),
            Variable::DnslistMatched => facts.message.dnslist.matched = bytes().unwrap_or_default(),
            Variable::DnslistText => facts.message.dnslist.text = bytes().unwrap_or_default(),
            Variable::DnslistValue => facts.message.dnslist.value = bytes().unwrap_or_default(),
            other => match value {
                Some(value) => {
                    self.acl_set.insert(other, value);
                }
                None => {
                    self.acl_set.remove(&other);
                }
            },
        }
    }

    fn add_header(&mut self, header: AddedHeader) {
        // Each recipient's ACL may ask for the same line: it is added once.
        let added = &mut self.wishes.added_headers;
        if added.iter().all(|earlier| earlier.text.bytes() != header.text.bytes()) {
            added.push(header);
        }
    }

    fn remove_header(&mut self, name: Value) {
        self.wishes.removed_headers.push(name);
    }

    fn control(&mut self, control: &Control) -> Result<(), String> {
        let message = &mut self.wishes.message;
        let connection = &mut self.wishes.connection;
        match control {
            Control::CasefulLocalPart => message.caseful_local_part = true,
            Control::CaselowerLocalPart => message.caseful_local_part = false,
            Control::DkimDisableVerify => message.dkim_disable_verify = true,
            Control::EnforceSync(enforce) => connection.enforce_sync = Some(*enforce),
            Control::FakeDefer(reply) => message.fake_defer = Some(reply.clone()),
            Control::FakeReject(reply) => message.fake_reject = Some(reply.clone()),
            Control::Freeze { no_tell } => {
                message.freeze = true;
                message.freeze_no_tell = *no_tell;
            }
            Control::NoDelayFlush => connection.no_delay_flush = true,
            Control::NoMultilineResponses => connection.no_multiline_responses = true,
            Control::NoPipelining => connection.no_pipelining = true,
            Control::Queue { first_pass_route } => {
                message.queue = true;
                message.queue_first_pass = *first_pass_route;
            }
            Control::Submission { sender_retain, domain, name } => {
                message.submission = Some(Submission {
                    sender_retain: *sender_retain,
                    domain: domain.clone(),
                    name: name.clone(),
                });
            }
            Control::SuppressLocalFixups => message.suppress_local_fixups = true,
            Control::Utf8Downconvert(how) => message.utf8_downconvert = Some(*how),
            Control::DmarcDisableVerify => message.dmarc_disable_verify = true,
            Control::DmarcEnableForensic => message.dmarc_enable_forensic = true,
            // These speak of authentication, callouts and content scanning: nothing of the kind runs,
            // so there is nothing that they could turn off.
            Control::AllowAuthUnadvertised | Control::NoCalloutFlush | Control::NoMboxUnspool => {}
        }
        Ok(())
    }

    fn set_queue(&mut self, name: Value) {
        self.facts.message.queue_name = name.into_bytes();
    }

    fn log(&mut self, targets: LogTargets, text: &[u8]) {
        self.log_text(targets, text);
    }

    fn log_warning(&mut self, text: &[u8]) {
        if self.wishes.warned.insert(text.to_vec()) {
            self.log_warning_line(text);
        }
    }

    fn log_skipped_warning(&mut self, text: &[u8]) {
        // The log puts the beginning of the sentence in front.
        let rest = text.strip_prefix(b"ACL \"warn\" statement skipped: ").unwrap_or(text);
        self.log_smtp(SmtpNews::WarnSkipped { text: rest.to_vec() });
    }

    fn header_lines(&mut self) -> Vec<HeaderLine> {
        let lines = self.facts.message.headers.iter().filter(|line| line.kind != HeaderType::Old);
        lines
            .filter_map(|line| {
                let colon = line.text.iter().position(|&byte| byte == b':')?;
                let body = &line.text[colon + 1..];
                Some(HeaderLine {
                    name: line.text[..colon].trim_ascii_end().to_vec(),
                    body: body.strip_suffix(b"\n").unwrap_or(body).to_vec(),
                })
            })
            .collect()
    }

    fn recipients(&mut self) -> Vec<Vec<u8>> {
        self.facts.message.recipients.iter().map(|recipient| recipient.address.clone()).collect()
    }

    fn unqualified_allowed(&mut self) -> (bool, bool) {
        (self.allow_unqualified_sender, self.allow_unqualified_recipient)
    }

    fn header_address_options(&mut self) -> ParseOptions {
        let options = &self.config.main;
        ParseOptions {
            allow_null: false,
            allow_utf8: true,
            allow_domain_literals: true,
            strip_trailing_dot: options.get(main::STRIP_TRAILING_DOT),
            strip_excess_angle_brackets: options.get(main::STRIP_EXCESS_ANGLE_BRACKETS),
        }
    }

    fn perform(&mut self, effect: &AclEffect) -> AclEffectAnswer {
        effect::perform_blocking(effect, self)
    }
}
