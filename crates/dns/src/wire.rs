//! Questions and answers as bytes.
//!
//! # Security
//! With [`crate::validate`] the only place that reads DNS messages. `domain` checks lengths and compression pointers; we check that the message
//! answers the question, and bound what we take from it.

use std::net::{Ipv4Addr, Ipv6Addr};

use domain::base::iana::{Class, Opcode, OptRcode};
use domain::base::name::ToName;
use domain::base::wire::ParseError;
use domain::base::{Message, MessageBuilder, Name, ParsedName, ParsedRecord, Rtype};
use domain::rdata::AllRecordData;
use mail_types::dns::{DnsFailure, Record, RecordData, RecordType};
use mail_types::limits;

use crate::name::to_text;
use crate::validate::Sections;

/// A question.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) name: Name<Vec<u8>>,
    pub(crate) rtype: RecordType,
}

/// How a question is put.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edns {
    pub(crate) enabled: bool,
    pub(crate) dnssec_ok: bool,
}

/// What a server says.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) kind: ResponseKind,
    pub(crate) truncated: bool,
    /// The server says that it has checked signatures.
    pub(crate) authentic: bool,
    /// The zone that the server answers for itself (AA): owner of the first NS, for an empty answer of the first SOA.
    pub(crate) authority_for: Option<Vec<u8>>,
    /// All records of the answer section, in their order.
    pub(crate) records: Vec<Record>,
    /// How long the absence of records holds, from the SOA.
    pub(crate) negative_ttl: Option<u32>,
    /// What a validator looks at; empty where nobody asked for signatures.
    pub(crate) sections: Sections,
}

/// The response code, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseKind {
    NoError,
    NxDomain,
    FormErr,
    Failure(Failed),
}

/// A server that can't or won't answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    ServFail,
    Refused,
    /// Neither an answer nor the word of somebody responsible: a server that was asked by mistake.
    Lame,
}

/// Why a message is no answer to the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAnAnswer {
    /// Another id or question: it may be forged, the true one may still come.
    NotOurs,
    /// Ours by its id, and makes no sense.
    Malformed,
}

/// The bytes of a question.
pub(crate) fn query(id: u16, question: &Question, options: Edns) -> Result<Vec<u8>, DnsFailure> {
    let mut builder = MessageBuilder::new_vec();
    let header = builder.header_mut();
    header.set_id(id);
    header.set_rd(true);
    // rfc6840#5.7: asks for AD in the answer without asking for signatures.
    header.set_ad(true);
    // rfc4035#3.2.2: who checks signatures himself wants to see also what the server doesn't believe.
    header.set_cd(options.enabled && options.dnssec_ok);
    let mut builder = builder.question();
    let rtype = Rtype::from_int(question.rtype.code());
    builder.push((&question.name, rtype, Class::IN)).map_err(|_| DnsFailure::BadName)?;
    let mut builder = builder.additional();
    if options.enabled {
        let pushed = builder.opt(|opt| {
            opt.set_udp_payload_size(UDP_PAYLOAD);
            opt.set_dnssec_ok(options.dnssec_ok);
            Ok(())
        });
        pushed.map_err(|_| DnsFailure::BadName)?;
    }
    Ok(builder.finish())
}

/// Reads a server's message.
pub(crate) fn response(
    bytes: &[u8],
    id: u16,
    question: &Question,
    options: Edns,
) -> Result<Response, NotAnAnswer> {
    let message = Message::from_octets(bytes).map_err(|_| NotAnAnswer::NotOurs)?;
    let header = message.header();
    if header.id() != id || !header.qr() || header.opcode() != Opcode::QUERY {
        return Err(NotAnAnswer::NotOurs);
    }
    let kind = kind(message.opt_rcode());
    match message.sole_question() {
        Ok(asked) => {
            let ours = asked.qname().name_eq(&question.name)
                && asked.qtype().to_int() == question.rtype.code()
                && asked.qclass() == Class::IN;
            if !ours {
                return Err(NotAnAnswer::NotOurs);
            }
        }
        // A server that can't read the question can't repeat it.
        Err(_) if kind == ResponseKind::FormErr => {}
        Err(_) => return Err(NotAnAnswer::Malformed),
    }
    let mut response = Response {
        kind,
        truncated: header.tc(),
        authentic: header.ad(),
        authority_for: None,
        records: Vec::new(),
        negative_ttl: None,
        sections: Sections::default(),
    };
    if response.truncated {
        // The rest is asked for again by TCP: a torn record here means nothing.
        return Ok(response);
    }
    fill(&mut response, &message, options).map_err(|_| NotAnAnswer::Malformed)?;
    let empty = kind == ResponseKind::NoError && message.header_counts().ancount() == 0;
    if empty && response.negative_ttl.is_none() && !header.aa() && !header.ra() {
        response.kind = ResponseKind::Failure(Failed::Lame);
    }
    Ok(response)
}

fn fill(response: &mut Response, message: &Message<&[u8]>, options: Edns) -> Result<(), ParseError> {
    response.records = answers(message)?;
    response.negative_ttl = negative_ttl(message)?;
    if message.header().aa() {
        let rtype = if response.records.is_empty() { Rtype::SOA } else { Rtype::NS };
        response.authority_for = authority_owner(message, rtype)?;
    }
    if options.dnssec_ok {
        response.sections = Sections::read(message)?;
    }
    Ok(())
}

/// The owner of the first record of a type in the authority section.
fn authority_owner(message: &Message<&[u8]>, rtype: Rtype) -> Result<Option<Vec<u8>>, ParseError> {
    for parsed in message.authority()? {
        let parsed = parsed?;
        if parsed.rtype() == rtype {
            return Ok(Some(to_text(&parsed.owner()).to_ascii_lowercase()));
        }
    }
    Ok(None)
}

/// rfc6891#6.1.3: half of the code stands in the OPT record.
fn kind(rcode: OptRcode) -> ResponseKind {
    match rcode {
        OptRcode::NOERROR => ResponseKind::NoError,
        OptRcode::NXDOMAIN => ResponseKind::NxDomain,
        OptRcode::FORMERR => ResponseKind::FormErr,
        OptRcode::REFUSED | OptRcode::NOTIMP => ResponseKind::Failure(Failed::Refused),
        _ => ResponseKind::Failure(Failed::ServFail),
    }
}

fn answers(message: &Message<&[u8]>) -> Result<Vec<Record>, ParseError> {
    let mut records = Vec::new();
    // The same ones as in `Sections`: what is checked there is believed of these.
    for parsed in message.answer()?.take(limits::DNS_RECORDS) {
        let parsed = parsed?;
        if parsed.class() == Class::IN {
            records.push(record(&parsed)?);
        }
    }
    Ok(records)
}

/// rfc2308#5: the lesser of the SOA's own lifetime and its minimum.
fn negative_ttl(message: &Message<&[u8]>) -> Result<Option<u32>, ParseError> {
    for parsed in message.authority()? {
        let parsed = parsed?;
        if parsed.rtype() == Rtype::SOA
            && let Record { data: RecordData::Soa { minimum, .. }, ttl, .. } = record(&parsed)?
        {
            return Ok(Some(minimum.min(ttl)));
        }
    }
    Ok(None)
}

fn record(parsed: &ParsedRecord<'_, &[u8]>) -> Result<Record, ParseError> {
    let rtype = RecordType::from_code(parsed.rtype().to_int());
    // rfc2181#8: a lifetime with its first bit set is zero.
    let ttl = i32::try_from(parsed.ttl().as_secs()).map_or(0, i32::cast_unsigned);
    let any = parsed.to_any_record::<AllRecordData<&[u8], ParsedName<&[u8]>>>()?;
    Ok(Record { name: to_text(&parsed.owner()), rtype, ttl, data: data(any.data(), parsed) })
}

fn data(any: &AllRecordData<&[u8], ParsedName<&[u8]>>, parsed: &ParsedRecord<'_, &[u8]>) -> RecordData {
    match any {
        AllRecordData::A(a) => RecordData::A(Ipv4Addr::from(a.addr().octets())),
        AllRecordData::Aaaa(aaaa) => RecordData::Aaaa(Ipv6Addr::from(aaaa.addr().octets())),
        AllRecordData::Mx(mx) => {
            RecordData::Mx { preference: mx.preference(), exchange: to_text(mx.exchange()) }
        }
        AllRecordData::Txt(txt) => RecordData::Txt(txt.iter().map(<[u8]>::to_vec).collect()),
        AllRecordData::Ptr(ptr) => RecordData::Ptr(to_text(ptr.ptrdname())),
        AllRecordData::Cname(cname) => RecordData::Cname(to_text(cname.cname())),
        AllRecordData::Ns(ns) => RecordData::Ns(to_text(ns.nsdname())),
        AllRecordData::Soa(soa) => RecordData::Soa {
            mname: to_text(soa.mname()),
            rname: to_text(soa.rname()),
            serial: soa.serial().into_int(),
            refresh: soa.refresh().as_secs(),
            retry: soa.retry().as_secs(),
            expire: soa.expire().as_secs(),
            minimum: soa.minimum().as_secs(),
        },
        AllRecordData::Srv(srv) => RecordData::Srv {
            priority: srv.priority(),
            weight: srv.weight(),
            port: srv.port(),
            target: to_text(srv.target()),
        },
        AllRecordData::Tlsa(tlsa) => RecordData::Tlsa {
            usage: tlsa.usage().to_int(),
            selector: tlsa.selector().to_int(),
            matching: tlsa.matching_type().to_int(),
            association: tlsa.data().to_vec(),
        },
        _ => RecordData::Other(raw_data(parsed)),
    }
}

/// The bytes of a record that we have no form for; names in it may be compressed and are then of no use.
fn raw_data(parsed: &ParsedRecord<'_, &[u8]>) -> Vec<u8> {
    let raw = parsed.to_record::<domain::base::rdata::UnknownRecordData<&[u8]>>();
    raw.ok().flatten().map(|record| record.data().data().to_vec()).unwrap_or_default()
}

/// What is safe from fragments (DNS flag day 2020).
pub(crate) const UDP_PAYLOAD: u16 = 1_232;
