//! Who wants a report.
//!
//! # Failure
//! A record that can't be looked up now is an error: it is asked for again.

use mail_types::dns::{DnsFailure, RecordData, RecordType};
use reports::mail::Kind;
use reports::tlsrpt::{Destination, destinations};
use sender_auth::dmarc::DmarcRecord;

use super::content::Report;
use crate::context::Context;

/// A place that a report is sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) to: Destination,
    /// The largest message that is taken there, in octets.
    pub(super) limit: Option<u64>,
}

/// Finds the places that want a report.
pub(super) async fn targets(report: &Report, context: &mut Context) -> Result<Vec<Target>, String> {
    match report.kind {
        Kind::Tls => {
            let name = format!("_smtp._tls.{}", report.domain);
            let answer = match context.services.resolver.query(name.as_bytes(), RecordType::Txt).await {
                Ok(answer) => answer,
                Err(DnsFailure::NxDomain | DnsFailure::NoData | DnsFailure::BadName) => return Ok(Vec::new()),
                Err(failure) => return Err(format!("{name}: {failure}")),
            };
            let texts = answer.records.iter().filter_map(|record| match &record.data {
                RecordData::Txt(strings) => Some(strings.concat()),
                _ => None,
            });
            let texts: Vec<Vec<u8>> = texts.collect();
            let found = destinations(texts.iter().map(Vec::as_slice));
            Ok(found.into_iter().map(|to| Target { to, limit: None }).collect())
        }
        Kind::Dmarc => {
            let text = format!("v=DMARC1; {}", report.record);
            let Some(record) = DmarcRecord::parse(text.as_bytes()) else { return Ok(Vec::new()) };
            let domain = report.domain.clone();
            let agreed = context
                .on_pool(|context| crate::verify::agreed_destinations(&record, domain.as_bytes(), context))
                .await;
            let agreed = agreed.ok_or("the program is stopping")??;
            let target = |uri: sender_auth::dmarc::ReportUri| Target {
                to: Destination::Mail(uri.address),
                limit: uri.limit,
            };
            Ok(agreed.into_iter().map(target).collect())
        }
    }
}
