//! Passwords and what the system's `crypt()` makes of them.
//!
//! Served: the traditional DES form, its extended form (`_`), `$1$`, `$2a$`, `$2b$`, `$2y$`, `$5$`, `$6$`, `$y$`, and the
//! sixteen-character form that Exim calls `crypt16`.
//!
//! # Security
//! Comparisons take the same time wherever the texts differ. The cost is what the stored text asks for, up to a limit:
//! stored texts are the administrator's.
//!
//! # Compatibility
//! The answers are those of Debian's libxcrypt: a stored text that is not well formed matches no password. Methods of
//! libxcrypt that are not here fail with a text.

mod bcrypt;
mod des;
mod md5_crypt;

use mail_types::limits;
use sha_crypt::{Params as ShaParams, ShaCrypt};
use yescrypt::{Params as YescryptParams, Yescrypt};

/// The alphabet of `crypt()`.
const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Whether a password fits a stored text; the error says why that cannot be told.
pub(crate) fn matches(password: &[u8], stored: &[u8]) -> Result<bool, String> {
    // To crypt(), a password ends at a zero byte.
    let password = password.split(|&byte| byte == 0).next().unwrap_or_default();
    let made = match stored {
        [b'$', b'1', b'$', ..] => md5_crypt::crypt(password, stored),
        [b'$', b'2', b'a' | b'b' | b'y', b'$', ..] => bcrypt::crypt(password, stored)?,
        [b'$', b'5' | b'6', b'$', ..] => return sha(password, stored),
        [b'$', b'y', b'$', ..] => return yescrypt(password, stored),
        [b'$', ..] => return other_method(stored),
        [b'_', ..] => des::extended(password, stored),
        _ => des::traditional(password, stored),
    };
    Ok(made.is_some_and(|made| same(&made, stored)))
}

/// Whether a password fits a stored text of the `crypt16` form.
pub(crate) fn matches_16(password: &[u8], stored: &[u8]) -> bool {
    des::sixteen(password, stored).is_some_and(|made| same(&made, stored))
}

/// Equality in a time that depends on the lengths only.
pub(crate) fn same(first: &[u8], second: &[u8]) -> bool {
    first.len() == second.len() && first.iter().zip(second).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// `$5$` and `$6$`.
fn sha(password: &[u8], stored: &[u8]) -> Result<bool, String> {
    use sha_crypt::PasswordVerifier as _;
    let Ok(text) = std::str::from_utf8(stored) else { return Ok(false) };
    let asked = text[3..].strip_prefix("rounds=").map(|rest| rest.split('$').next().unwrap_or_default());
    if let Some(rounds) = asked {
        let Ok(rounds) = rounds.parse::<u32>() else { return Ok(false) };
        // Outside the bounds, libxcrypt takes no rounds but those of the bounds, so that the texts differ.
        if !(ShaParams::ROUNDS_MIN..=ShaParams::ROUNDS_MAX).contains(&rounds) {
            return Ok(false);
        }
        within("rounds", rounds.into(), limits::CRYPT_SHA_ROUNDS.into())?;
    }
    Ok(ShaCrypt::default().verify_password(password, text).is_ok())
}

/// `$y$`.
fn yescrypt(password: &[u8], stored: &[u8]) -> Result<bool, String> {
    use yescrypt::PasswordVerifier as _;
    let Ok(text) = std::str::from_utf8(stored) else { return Ok(false) };
    let Some(params) = text[3..].split('$').next().and_then(|params| params.parse::<YescryptParams>().ok())
    else {
        return Ok(false);
    };
    let lanes = u64::from(params.r()).saturating_mul(u64::from(params.p()));
    // The library would compare a shortened digest as far as it goes.
    if text.rsplit('$').next().map(str::len) != Some(YESCRYPT_LETTERS) {
        return Ok(false);
    }
    let memory = params.n().saturating_mul(lanes).saturating_mul(128);
    within("memory in bytes", memory, limits::CRYPT_MEMORY)?;
    Ok(Yescrypt::default().verify_password(password, text).is_ok())
}

/// Letters of the digest of `$y$`.
const YESCRYPT_LETTERS: usize = 43;

fn within(what: &str, asked: u64, limit: u64) -> Result<(), String> {
    if asked <= limit {
        return Ok(());
    }
    Err(format!("crypt error: {what} {asked} exceed the limit of {limit}"))
}

/// What libxcrypt knows and we don't; anything else is no method at all.
fn other_method(stored: &[u8]) -> Result<bool, String> {
    const OTHERS: [&[u8]; 7] = [b"$3$", b"$7$", b"$2x$", b"$gy$", b"$md5$", b"$md5,", b"$sha1$"];
    match OTHERS.iter().find(|method| stored.starts_with(method)) {
        Some(method) => {
            let method = String::from_utf8_lossy(method);
            Err(format!("crypt error: the method \"{method}\" is not served"))
        }
        None => Ok(false),
    }
}

/// The value of a letter of the alphabet.
fn letter_value(letter: u8) -> Option<u32> {
    Some(match letter {
        b'.' => 0,
        b'/' => 1,
        b'0'..=b'9' => u32::from(letter - b'0') + 2,
        b'A'..=b'Z' => u32::from(letter - b'A') + 12,
        b'a'..=b'z' => u32::from(letter - b'a') + 38,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with Perl's `crypt` on Debian 12 (libxcrypt 4.4.33).
    const MADE: [(&[u8], &[u8]); 26] = [
        (b"secret", b"abNANd1rDfiNc"),
        (b"a rather long password of many letters", b"abatlYMGbi7GQ"),
        (b"secret", b"a.p.EoZq2pwgo"),
        (b"a rather long password of many letters", b"a.Emm09/oHNXE"),
        (b"secret", b"_J9..abcd/H6HLCcf7nw"),
        (b"a rather long password of many letters", b"_J9..abcdlQOVnDiJEr2"),
        (b"secret", b"$1$saltsalt$9xy1btjgzLYfb7hivXtC//"),
        (b"a rather long password of many letters", b"$1$saltsalt$ROZMH7aEg3aPEmGt7TWsY0"),
        (b"secret", b"$1$s$g6MVG540q1A9FJTwmPkOH0"),
        (b"a rather long password of many letters", b"$1$s$EaJiEzOBGI9Q9fgi0Uhfc0"),
        (b"secret", b"$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"),
        (b"a rather long password of many letters", b"$2b$04$abcdefghijklmnopqrstuuS2MTP8LAIlZbLm7cT/rZLdEz3ay40ny"),
        (b"secret", b"$2a$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"),
        (b"a rather long password of many letters", b"$2a$04$abcdefghijklmnopqrstuuS2MTP8LAIlZbLm7cT/rZLdEz3ay40ny"),
        (b"secret", b"$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a"),
        (b"a rather long password of many letters", b"$2y$05$abcdefghijklmnopqrstuu/H8vc8CJU.aPZKClEQi1Lrbz561X4fu"),
        (b"secret", b"$5$salt$kpa26zwgX83BPSR8d7w93OIXbFt/d3UOTZaAu5vsTM6"),
        (b"a rather long password of many letters", b"$5$salt$X81UZDFMfGJzOa3NpsxtrfbHMPhYcUtQTrcS.7SzvB."),
        (b"secret", b"$5$rounds=1000$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7"),
        (b"a rather long password of many letters", b"$5$rounds=1000$salt$s6qGVFHTM/ysJi4Ya.JyuH8NlD9KYRqhBlGxG5gRRp4"),
        (b"secret", b"$6$saltstring123456$eASl8vnMsG0T1ejyU5vMuEl4xSADrI5T25n5SMRXn4jkIi9FTF3tTL48rg33jh4RAZzyoFnNhPVPA5io8Bw8M0"),
        (b"a rather long password of many letters", b"$6$saltstring123456$DJmK.mOkHY6DJF47G0nfMC2qGpXitBbLS71zcu2HKSlzyq2q9eDundEm/YrjfJaRV.0j0Jqn4R0G3grJDzRZd0"),
        (b"secret", b"$6$rounds=1500$x$6NhMuGrQf168n58zYoyUNJyUiIV6lOJuzc8BJYtnK3adA0KvWmr5HTi0eHv/UvudRV84hH5U27KUvFP9lUpbt/"),
        (b"a rather long password of many letters", b"$6$rounds=1500$x$SjlrPK4AO8dwosclSG/Y0K6bMcyeSEEdd4ponWMYHr5z8lbOgrSMLi/F3dtPAKYotJr1Vu5Y/09rehLOVXKEY."),
        (b"secret", b"$y$j75$abcdefgh$uMUXG79B2cFpoAYyDccUnsaH/aGTyBYMlnQidzyag01"),
        (b"a rather long password of many letters", b"$y$j75$abcdefgh$yRWp0u9JGVtEPmoYTZRLNxRqE5BthRUxeyia3F5Bex2"),
    ];

    #[test]
    fn stored_texts_of_libxcrypt() {
        for (password, stored) in MADE {
            let shown = String::from_utf8_lossy(stored);
            assert_eq!(matches(password, stored), Ok(true), "{shown}");
            assert_eq!(matches(b"another", stored), Ok(false), "{shown}");
            for end in 0..stored.len() {
                assert_ne!(matches(password, &stored[..end]), Ok(true), "{shown} up to {end}");
            }
        }
    }

    #[test]
    fn costs_are_bounded() {
        let yescrypt = format!("$y$jQ5T$x${}", "x".repeat(YESCRYPT_LETTERS));
        for stored in [
            "$6$rounds=900000000$salt$x",
            "$2b$31$abcdefghijklmnopqrstuuxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            &yescrypt,
        ] {
            let error = matches(b"a", stored.as_bytes()).expect_err(stored);
            assert!(error.contains("limit"), "{error}");
        }
    }
}
