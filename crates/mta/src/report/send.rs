//! A report on its way: a message of our own queue, or a POST.
//!
//! # Security
//! The private key is read with the rights of this process, and never shown.
//!
//! # Failure
//! A key that can't be read or used is an error: a report without a signature would be worth nothing (rfc8460#3).

use std::io::Read as _;

use mail_types::Timestamp;
use reports::mail::ReportMail;
use reports::packed::gzip;
use reports::tlsrpt::Destination;
use sender_auth::dkim::Canon;
use sender_auth::dkim::body::BodyHasher;
use sender_auth::dkim::crypto::{Hash, PrivateKey};
use sender_auth::dkim::sign::{DEFAULT_NAMES, SignRequest, sign};

use super::content::Report;
use super::destination::Target;
use super::fate::Fate;
use super::post;
use super::settings::Settings;
use crate::context::Context;
use crate::dsn::{Submission, hand_in};

/// Largest file with a key.
const KEY_FILE: u64 = 64 << 10;

/// Sends a report to one place.
pub(super) async fn send(
    report: &Report,
    target: &Target,
    settings: &Settings,
    context: &mut Context,
) -> Fate {
    trying(report, target, settings, context).await.unwrap_or_else(Fate::Failed)
}

async fn trying(
    report: &Report,
    target: &Target,
    settings: &Settings,
    context: &mut Context,
) -> Result<Fate, String> {
    let packed = gzip(&report.content);
    match &target.to {
        Destination::Https(place) => {
            post::post(place, report.kind.media_type(), &packed, context).await.map(Fate::Sent)
        }
        Destination::Mail(to) => {
            let (header, body) = message(report, to, &packed, settings, context).await?;
            let size = (header.len() + body.len()) as u64;
            if let Some(limit) = target.limit.filter(|limit| size > *limit) {
                // RFC 7489 section 6.2: not sent there; trying again would not make it smaller.
                return Ok(Fate::NotSent(format!("{size} octets, the limit is {limit}")));
            }
            let submission = Submission {
                sender: settings.address.clone(),
                to: vec![to.clone()],
                about: None,
                requiretls: false,
                header,
                body: vec![body],
            };
            let id = Box::pin(hand_in(submission, context)).await.map_err(|error| error.to_string())?;
            Ok(Fate::Sent(id.to_string()))
        }
    }
}

/// Header and body of the message.
async fn message(
    report: &Report,
    to: &[u8],
    packed: &[u8],
    settings: &Settings,
    context: &Context,
) -> Result<(Vec<u8>, Vec<u8>), String> {
    let now = context.services.clock.now();
    let boundary = format!("=_{:016x}", context.services.entropy.next_u64());
    let mail = ReportMail {
        kind: report.kind,
        from: &settings.from,
        to,
        date: &context.zone.rfc5322(now),
        domain: &report.domain,
        submitter: &settings.domain,
        report_id: &report.id,
        file_name: &report.file_name(settings),
        boundary: &boundary,
        text: &report.summary,
        packed,
    };
    let (mut header, body) = (mail.header(), mail.body());
    if let Some((selector, file)) = settings.dkim.clone() {
        let domain = settings.domain.clone();
        let work = (header.clone(), body.clone());
        let signed = context.services.pools.files.run(move || {
            let key = key_of(&file)?;
            signature(&work.0, &work.1, (domain.as_bytes(), &selector, &key), now)
        });
        let mut field = signed.await.map_err(|_stopped| "the program is stopping")??;
        field.extend_from_slice(&header);
        header = field;
    }
    Ok((header, body))
}

fn key_of(file: &std::path::Path) -> Result<PrivateKey, String> {
    let told = |why: String| format!("reports_dkim_private_key: {}: {why}", file.display());
    let mut pem = Vec::new();
    std::fs::File::open(file)
        .and_then(|file| file.take(KEY_FILE).read_to_end(&mut pem))
        .map_err(|error| told(error.to_string()))?;
    PrivateKey::from_pem(&pem, Hash::Sha256).map_err(|error| told(error.to_string()))
}

/// The field that signs a message for a domain with a selector and a key.
fn signature(
    header: &[u8],
    body: &[u8],
    (domain, selector, key): (&[u8], &[u8], &PrivateKey),
    now: Timestamp,
) -> Result<Vec<u8>, String> {
    let request = SignRequest {
        domain,
        selector,
        identity: None,
        canon: Canon::Relaxed,
        hash: Hash::Sha256,
        names: DEFAULT_NAMES.as_bytes(),
        created: u64::try_from(now.secs()).ok(),
        expires: None,
    };
    let form = request.body_form(key);
    let mut hasher = BodyHasher::new([form]);
    hasher.feed(body);
    let hashes = hasher.finish();
    let hash = hashes.hash(form).ok_or("the body cannot be hashed")?;
    let fields = fields_of(header);
    sign(&request, &fields, &hash.octets, key).ok_or_else(|| "the message cannot be signed".to_owned())
}

/// The fields of a header, each with its continuation lines.
fn fields_of(header: &[u8]) -> Vec<&[u8]> {
    let mut fields: Vec<&[u8]> = Vec::new();
    let mut begin = 0;
    let mut at = 0;
    for line in header.split_inclusive(|byte| *byte == b'\n') {
        if at > begin && !line.starts_with(b" ") && !line.starts_with(b"\t") {
            fields.push(&header[begin..at]);
            begin = at;
        }
        at += line.len();
    }
    fields.push(&header[begin..at]);
    fields
}
