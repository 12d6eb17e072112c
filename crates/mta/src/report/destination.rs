//! Who wants a report.
//!
//! # Failure
//! A record that can't be looked up now is an error: it is asked for again.

use mail_types::dns::{DnsFailure, RecordData, RecordType};
use reports::mail::Kind;
use reports::tlsrpt::{Destination, destinations};
use sender_auth::dmarc::{DmarcRecord, ReportUri};

use super::content::Report;
use crate::context::Context;

/// A place that a report is sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) to: Destination,
    /// The largest message that is taken there, in octets.
    pub(super) limit: Option<u64>,
}

/// Who wants a report.
#[derive(Debug)]
pub(super) struct Wanting {
    pub(super) targets: Vec<Target>,
    /// Those of whom it is not known now, in words.
    pub(super) unknown: Option<String>,
}

/// Finds the places that want a report.
pub(super) async fn targets(report: &Report, context: &mut Context) -> Result<Wanting, String> {
    match report.kind {
        Kind::Tls => of_tls(report, context).await,
        Kind::Dmarc => of_dmarc(report, context).await,
    }
}

async fn of_tls(report: &Report, context: &Context) -> Result<Wanting, String> {
    let name = format!("_smtp._tls.{}", report.domain);
    let answer = match context.services.resolver.query(name.as_bytes(), RecordType::Txt).await {
        Ok(answer) => answer,
        Err(DnsFailure::NxDomain | DnsFailure::NoData | DnsFailure::BadName) => {
            return Ok(Wanting { targets: Vec::new(), unknown: None });
        }
        Err(failure) => return Err(format!("{name}: {failure}")),
    };
    let texts = answer.records.iter().filter_map(|record| match &record.data {
        RecordData::Txt(strings) => Some(strings.concat()),
        _ => None,
    });
    let texts: Vec<Vec<u8>> = texts.collect();
    let mut targets: Vec<Target> = Vec::new();
    for to in destinations(texts.iter().map(Vec::as_slice)) {
        if targets.iter().all(|target| target.to != to) {
            targets.push(Target { to, limit: None });
        }
    }
    Ok(Wanting { targets, unknown: None })
}

async fn of_dmarc(report: &Report, context: &mut Context) -> Result<Wanting, String> {
    let text = format!("v=DMARC1; {}", report.record);
    let Some(record) = DmarcRecord::parse(text.as_bytes()) else {
        return Ok(Wanting { targets: Vec::new(), unknown: None });
    };
    let domain = report.domain.clone();
    let agreed = context
        .on_pool(|context| crate::verify::agreed_destinations(&record, domain.as_bytes(), context))
        .await;
    let agreed = agreed.ok_or("the program is stopping")??;
    let target = |uri: ReportUri| Target { to: Destination::Mail(uri.address), limit: uri.limit };
    let unknown: Vec<String> =
        agreed.unknown.iter().map(|uri| String::from_utf8_lossy(&uri.address).into_owned()).collect();
    let unknown = (!unknown.is_empty())
        .then(|| format!("whether {} want the report can't be found out now", unknown.join(", ")));
    Ok(Wanting { targets: agreed.uris.into_iter().map(target).collect(), unknown })
}
