//! `ipv6denorm`, `ipv6norm`, `mask`, `reverse_ip`.

use std::net::{IpAddr, Ipv6Addr};

use super::Call;
use crate::EvalError;
use crate::ip::{self, Network};
use mail_types::value::Value;

fn as_v6(call: &Call<'_>) -> Result<Ipv6Addr, EvalError> {
    match ip::parse(call.bytes()) {
        Some(IpAddr::V6(address)) => Ok(address),
        Some(IpAddr::V4(address)) => Ok(address.to_ipv6_mapped()),
        None => Err(EvalError::failed(format!("\"{}\" is not an IP address", call.shown()))),
    }
}

pub(super) fn ipv6norm(call: &Call<'_>) -> Result<Value, EvalError> {
    Ok(Value::clean(ip::short_v6(as_v6(call)?)))
}

pub(super) fn ipv6denorm(call: &Call<'_>) -> Result<Value, EvalError> {
    Ok(Value::clean(ip::full_v6(as_v6(call)?, ':')))
}

/// An IPv6 address is written with dots, for use as a key in files; with a suffix, as usual.
pub(super) fn mask(call: &Call<'_>) -> Result<Value, EvalError> {
    let network = network(call)?;
    let address = match network.masked() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) if call.suffix == Some("n") => ip::short_v6(address),
        IpAddr::V6(address) => ip::full_v6(address, '.'),
    };
    Ok(Value::clean(format!("{address}/{}", network.bits)))
}

fn network(call: &Call<'_>) -> Result<Network, EvalError> {
    let text = call.bytes();
    let not_address = || EvalError::failed(format!("\"{}\" is not an IP address", call.shown()));
    let Some(slash) = text.iter().position(|&byte| byte == b'/') else {
        return Err(match ip::parse(text) {
            Some(_) => EvalError::failed(format!("missing mask value in \"{}\"", call.shown())),
            None => not_address(),
        });
    };
    let address = ip::parse(&text[..slash]).ok_or_else(not_address)?;
    let digits = &text[slash + 1..];
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(not_address());
    }
    let bits = digits
        .iter()
        .fold(0u32, |bits, &digit| bits.saturating_mul(10).saturating_add(u32::from(digit - b'0')));
    if bits > if address.is_ipv4() { 32 } else { 128 } {
        return Err(EvalError::failed(format!("mask value too big in \"{}\"", call.shown())));
    }
    Ok(Network { address, bits })
}

/// The form used in DNS names: dotted quads or dotted nibbles from the end.
pub(super) fn reverse_ip(call: &Call<'_>) -> Result<Value, EvalError> {
    let parts: Vec<String> = match ip::parse(call.bytes()) {
        Some(IpAddr::V4(address)) => address.octets().iter().rev().map(u8::to_string).collect(),
        Some(IpAddr::V6(address)) => address
            .octets()
            .iter()
            .rev()
            .flat_map(|octet| [format!("{:x}", octet & 15), format!("{:x}", octet >> 4)])
            .collect(),
        None => {
            return Err(EvalError::failed(format!(
                "reverse_ip() not given an IP address [{}]",
                call.shown()
            )));
        }
    };
    Ok(Value::clean(parts.join(".")))
}
