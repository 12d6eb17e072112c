//! `passwd`: a login name's entry in the user database.
//!
//! # Compatibility
//! Spec section "Query-style lookup types": `*:uid:gid:full name:home:shell`, the password never.

use expand::EvalError;
use expand::lookup::LookupAnswer;
use mail_types::value::Value;
use nix::unistd::User;
use std::os::unix::ffi::OsStrExt as _;

/// One lookup. Blocks on the name service.
pub(crate) fn lookup(name: &[u8]) -> Result<LookupAnswer, EvalError> {
    let Ok(text) = std::str::from_utf8(name) else { return Ok(LookupAnswer::NotFound) };
    if text.is_empty() || text.contains('\0') {
        return Ok(LookupAnswer::NotFound);
    }
    match User::from_name(text) {
        Ok(Some(user)) => {
            let mut data = format!("*:{}:{}:", user.uid, user.gid).into_bytes();
            data.extend_from_slice(user.gecos.to_bytes());
            for path in [&user.dir, &user.shell] {
                data.push(b':');
                data.extend_from_slice(path.as_os_str().as_bytes());
            }
            Ok(LookupAnswer::Found { data: Value::clean(data), captures: None })
        }
        Ok(None) => Ok(LookupAnswer::NotFound),
        Err(errno) => Err(EvalError::defer(format!("the user database does not answer: {}", errno.desc()))),
    }
}
