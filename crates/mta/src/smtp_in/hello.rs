//! HELO and EHLO: syntax, verification, the ACL, what is offered.
//!
//! # Security
//! The argument is hostile. It is kept for the log and `$sender_helo_name` whatever it is, and trusted for nothing.
//!
//! # Compatibility
//! Options `helo_accept_junk_hosts`, `helo_allow_chars`, `helo_lookup_domains`, `helo_verify_hosts`,
//! `helo_try_verify_hosts`, `…_advertise_hosts`. DSN, AUTH, PRDR, LIMITS and PIPECONNECT are not offered.

use config::Opt;
use config::options::kind::Hosts;
use config::options::{main, postrider};
use mail_types::outcome::Reply;
use observe::Selector;
use observe::event::{Rejected, SmtpNews};
use policy::acl::{AclPlace, VerifyResult};
use policy::list::{ListError, Subject};
use smtp_proto::extension::Extensions;
use smtp_proto::server::{Answer, HelloKind};
use tokio::io::{AsyncRead, AsyncWrite};

use super::connect::unavailable;
use super::session::Session;
use crate::acl;
use crate::context::Context;
use crate::context::facts::Origin;
use crate::verify::helo;

/// What verifying the argument came to, where the client's host asks for it.
enum Verification {
    /// Verified, or nobody asks.
    Fine,
    /// `helo_verify_hosts` and not the client's own.
    Failed,
    /// It could not be found out.
    Deferred,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Answer [`smtp_proto::server::Ask::Hello`].
    pub(super) async fn hello(&mut self, kind: HelloKind, argument: Vec<u8>) -> Answer {
        self.reset_transaction();
        if !self.syntax_is_fine(&argument).await {
            let shown = if argument.is_empty() { b"(no argument given)".to_vec() } else { argument };
            self.context.log_smtp(SmtpNews::HeloInvalid { verb: kind.word(), argument: shown });
            let text = format!("Syntactically invalid {} argument(s)", kind.word()).into_bytes();
            return Answer::Syntax { problem: text.clone(), text };
        }
        let facts = &mut self.context.facts.connection;
        facts.sender_helo_name = Some(argument.clone());
        facts.helo_verified = None;
        facts.sender_helo_dnssec = false;
        facts.esmtp = kind == HelloKind::Ehlo;
        if facts_are_remote(&self.context) {
            match self.context.on_pool(verification).await {
                Some(Ok(Verification::Fine)) => {}
                Some(Ok(Verification::Failed)) => return self.not_verified(kind, &argument, false),
                Some(Ok(Verification::Deferred)) => return self.not_verified(kind, &argument, true),
                Some(Err(error)) => {
                    self.context.log_problem(error.message);
                    return unavailable();
                }
                None => return unavailable(),
            }
        }
        let mut own_text = None;
        if let Some(verdict) = self.run_acl(AclPlace::Helo).await {
            self.obey_connection_controls();
            if !acl::goes_on(&verdict) {
                // The name that was refused stands in this log line and then counts as not given.
                let reply = acl::refuse(&verdict, Rejected::Helo(argument), 550, &mut self.context);
                self.note_drop(&verdict);
                if acl::drops(&verdict) {
                    return Answer::Close(reply);
                }
                self.context.facts.connection.sender_helo_name = None;
                return Answer::Refuse(reply);
            }
            own_text = verdict.user_message.map(mail_types::value::Value::into_bytes);
        }
        self.welcome(kind, own_text).await
    }

    async fn syntax_is_fine(&mut self, argument: &[u8]) -> bool {
        let allowed = self.context.config.main.get(main::HELO_ALLOW_CHARS).unwrap_or_default().to_vec();
        if is_sound(argument, &allowed) {
            return true;
        }
        if argument.is_empty() || !facts_are_remote(&self.context) {
            return false;
        }
        let accepted =
            self.context.on_pool(|context| context.sender_host_in(main::HELO_ACCEPT_JUNK_HOSTS)).await;
        matches!(accepted, Some(Ok(true)))
    }

    fn not_verified(&mut self, kind: HelloKind, argument: &[u8], temporary: bool) -> Answer {
        let command = [kind.word().as_bytes(), b" ", argument].concat();
        let (reply, shown) = if temporary {
            (
                Reply::new(451, format!("Temporary failure while verifying {} argument", kind.word())),
                "temporarily ",
            )
        } else {
            (Reply::new(550, format!("{} argument does not match calling host", kind.word())), "")
        };
        self.context.log_smtp(SmtpNews::HeloNotVerified { command, temporary: !shown.is_empty() });
        self.context.facts.connection.sender_helo_name = None;
        Answer::Refuse(reply)
    }

    /// `$received_protocol` as the hello makes it. TLS from the first octet has words of its own where `log_selector` asks
    /// for them (`tls_on_connect`).
    pub(super) fn set_protocol_word(&mut self, esmtp: bool) {
        let local = if facts_are_remote(&self.context) { "" } else { "local-" };
        let told = self.tls_at_once && self.context.logs(Selector::TlsOnConnect);
        let word = match (self.context.facts.connection.tls.is_some(), esmtp) {
            (false, false) => "smtp",
            (false, true) => "esmtp",
            (true, false) if told => "ssmtp",
            (true, true) if told => "essmtp",
            (true, false) => "smtps",
            (true, true) => "esmtps",
        };
        let word = format!("{local}{word}");
        self.context.facts.message.received_protocol = Some(word.into_bytes());
    }

    async fn welcome(&mut self, kind: HelloKind, own_text: Option<Vec<u8>>) -> Answer {
        // The ACL still saw what held before.
        self.set_protocol_word(kind == HelloKind::Ehlo);
        let greeting = match own_text {
            Some(text) => self.one_line(text),
            None => self.greeting(),
        };
        let offered = match kind {
            HelloKind::Helo => Some(Ok(Extensions::default())),
            HelloKind::Ehlo => self.context.on_pool(extensions).await,
        };
        match offered {
            Some(Ok(extensions)) => Answer::Hello { greeting: vec![greeting], extensions },
            Some(Err(error)) => {
                self.context.log_problem(error.message);
                unavailable()
            }
            None => unavailable(),
        }
    }

    /// An ACL's own greeting is one line; what follows it is cut off, and the administrator told.
    fn one_line(&self, mut text: Vec<u8>) -> Vec<u8> {
        if let Some(at) = text.iter().position(|&byte| byte == b'\n') {
            let complaint = b"EHLO/HELO response must not contain newlines: message truncated: 250 ";
            self.context.log_problem([&complaint[..], &text].concat());
            text.truncate(at);
        }
        text
    }

    fn greeting(&self) -> Vec<u8> {
        let facts = &self.context.facts.connection;
        let host = if facts.smtp_active_hostname.is_empty() {
            self.context.primary_hostname()
        } else {
            &facts.smtp_active_hostname
        };
        let mut text = [host, b" Hello "].concat();
        if let Some(ident) = &facts.sender_ident {
            text.extend_from_slice(&[ident, &b" at "[..]].concat());
        }
        let helo = facts.sender_helo_name.as_deref().unwrap_or_default();
        text.extend_from_slice(facts.sender_host_name.as_deref().unwrap_or(helo));
        if let Some(address) = facts.sender_host_address {
            text.extend_from_slice(format!(" [{address}]").as_bytes());
        }
        text
    }
}

fn facts_are_remote(context: &Context) -> bool {
    context.facts.connection.origin == Origin::Tcp
}

/// Whether an argument is a domain or an address literal, as far as its syntax goes.
fn is_sound(argument: &[u8], allowed: &[u8]) -> bool {
    if argument.is_empty() {
        return false;
    }
    if let Some(literal) = argument.strip_prefix(b"[") {
        let Some(literal) = literal.strip_suffix(b"]") else { return false };
        return helo::literal_address(literal).is_some();
    }
    argument.iter().all(|byte| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'.' | b'-')
            || !byte.is_ascii()
            || allowed.contains(byte)
    })
}

fn verification(context: &mut Context) -> Result<Verification, ListError> {
    let name = context.facts.connection.sender_helo_name.clone().unwrap_or_default();
    if context.matches_option(main::HELO_LOOKUP_DOMAINS, Subject::Text(&name))? {
        context.look_up_sender_host_name();
    }
    let must = context.sender_host_in(main::HELO_VERIFY_HOSTS)?;
    if !must && !context.sender_host_in(main::HELO_TRY_VERIFY_HOSTS)? {
        return Ok(Verification::Fine);
    }
    Ok(match (helo::verify(context), must) {
        (VerifyResult::Fail, true) => Verification::Failed,
        (VerifyResult::Defer, true) => Verification::Deferred,
        _ => Verification::Fine,
    })
}

/// Whether a client is offered what an option lists hosts for. A list that cannot be decided means `undecided`, by extension
/// what it means for the oracle; one whose file cannot be read is an error.
fn offers(context: &mut Context, option: Opt<Hosts>, undecided: bool) -> Result<bool, ListError> {
    match context.sender_host_in(option) {
        Err(error) if !error.unreadable => {
            if error.wrong {
                context.log_problem(error.message);
            }
            Ok(undecided)
        }
        decided => decided,
    }
}

/// What this client is offered.
fn extensions(context: &mut Context) -> Result<Extensions, ListError> {
    let config = std::sync::Arc::clone(&context.config);
    let no_pipelining = context.wishes.connection.no_pipelining;
    let limit = super::parameters::message_size_limit(context);
    Ok(Extensions {
        size: Some(limit),
        eight_bit_mime: config.main.get(main::ACCEPT_8BITMIME),
        etrn: false,
        vrfy: config.main.get(main::ACL_SMTP_VRFY).is_some(),
        expn: config.main.get(main::ACL_SMTP_EXPN).is_some(),
        pipelining: !no_pipelining && offers(context, main::PIPELINING_ADVERTISE_HOSTS, false)?,
        chunking: offers(context, main::CHUNKING_ADVERTISE_HOSTS, true)?,
        starttls: context.facts.connection.tls.is_none() && offers(context, main::TLS_ADVERTISE_HOSTS, true)?,
        smtputf8: offers(context, main::SMTPUTF8_ADVERTISE_HOSTS, true)?,
        requiretls: context.facts.connection.tls.is_some()
            && offers(context, postrider::REQUIRETLS_ADVERTISE_HOSTS, false)?,
        ..Extensions::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments() {
        let table = [
            ("host.example", true),
            ("host", true),
            ("h\u{f6}st.example", true),
            ("[192.0.2.1]", true),
            ("[IPv6:2001:db8::1]", true),
            ("", false),
            ("a_b", false),
            ("a b", false),
            ("a;b", false),
            ("[192.0.2.1", false),
            ("[192.0.2]", false),
            ("[]", false),
        ];
        for (argument, sound) in table {
            assert_eq!(is_sound(argument.as_bytes(), b""), sound, "{argument}");
        }
        assert!(is_sound(b"a_b", b"_"), "helo_allow_chars");
    }
}
