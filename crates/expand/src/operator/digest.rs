//! `md5`, `sha1`, `sha256`, `sha2`, `sha3`.

use super::Call;
use crate::EvalError;
use crate::digest::{self, Sha2, Sha3};
use mail_types::value::Value;

pub(super) fn md5(call: &Call<'_>) -> Value {
    let digest = digest::md5(call.bytes());
    // The oracle writes fingerprints in capitals.
    Value::clean(if call.of_certificate { digest::hex_upper(&digest) } else { digest::hex_lower(&digest) })
}

pub(super) fn sha1(call: &Call<'_>) -> Value {
    Value::clean(digest::hex_upper(&digest::sha1(call.bytes())))
}

pub(super) fn sha256(call: &Call<'_>) -> Result<Value, EvalError> {
    if call.of_certificate {
        return Ok(Value::clean(digest::hex_upper(&digest::sha2(call.bytes(), Sha2::Bits256))));
    }
    sha2(call)
}

pub(super) fn sha2(call: &Call<'_>) -> Result<Value, EvalError> {
    let length = match call.suffix {
        None | Some("256") => Sha2::Bits256,
        Some("384") => Sha2::Bits384,
        Some("512") => Sha2::Bits512,
        Some(_) => return Err(EvalError::failed("unrecognised sha2 variant")),
    };
    Ok(Value::clean(digest::hex_upper(&digest::sha2(call.bytes(), length))))
}

pub(super) fn sha3(call: &Call<'_>) -> Result<Value, EvalError> {
    let length = match call.suffix {
        None | Some("256") => Sha3::Bits256,
        Some("224") => Sha3::Bits224,
        Some("384") => Sha3::Bits384,
        Some("512") => Sha3::Bits512,
        Some(_) => return Err(EvalError::failed("unrecognised sha3 variant")),
    };
    Ok(Value::clean(digest::hex_upper(&digest::sha3(call.bytes(), length))))
}
