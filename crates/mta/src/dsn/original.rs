//! The original message within a report: its header, and its body where that is wanted and not too much.
//!
//! # Compatibility
//! A message whose body is larger than `bounce_return_size_limit`, rounded up to the next 8 KiB, or that has a line
//! longer than `bounce_return_linesize_limit`, goes back as its header alone, with a line that says so.
//! `bounce_return_message` has no effect, as in Exim since it writes `multipart/report`.

use config::options::main;
use mail_message::bounce::LINES_TOO_LONG;
use spool::{DataFile, Header};

use super::DsnError;
use crate::context::Context;

/// Whether the body goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// Yes.
    Returned,
    /// Nobody wants it (`RET=HDRS`, `bounce_return_body`, a warning).
    NotWanted,
    /// It is too large, or its lines are too long.
    TooMuch,
}

impl Body {
    /// What a bounce returns.
    pub(super) fn of_bounce(header: &Header, data: &DataFile, context: &Context) -> Self {
        const RET_HDRS: i64 = 2;
        let options = &context.config.main;
        // rfc8689#5: a message with REQUIRETLS goes back as with RET=HDRS.
        if !options.get(main::BOUNCE_RETURN_BODY) || header.dsn_ret == RET_HDRS || header.requiretls {
            return Self::NotWanted;
        }
        let limit = options.get(main::BOUNCE_RETURN_SIZE_LIMIT);
        let longest = options.get(main::BOUNCE_RETURN_LINESIZE_LIMIT);
        let too_long = longest > 0 && header.body.longest_line.is_some_and(|length| length > longest);
        if too_long || data.body_len().is_ok_and(|size| exceeds(size, limit)) {
            Self::TooMuch
        } else {
            Self::Returned
        }
    }
}

/// The limit is met in steps of Exim's buffer; 0 is none.
fn exceeds(size: u64, limit: i64) -> bool {
    const STEP: u64 = 8_192;
    let limit = u64::try_from(limit).unwrap_or(0);
    limit > 0 && size > (limit / STEP + 1) * STEP
}

/// The original as the report's last part.
pub(super) async fn copy(
    body: Body,
    header: &Header,
    data: &DataFile,
    context: &Context,
) -> Result<Vec<u8>, DsnError> {
    let mut out = [b"Return-path: <", &header.sender[..], b">\n"].concat();
    for line in header.live_headers() {
        out.extend_from_slice(&line.text);
    }
    match body {
        Body::NotWanted => out.push(b'\n'),
        Body::TooMuch => {
            out.extend_from_slice(LINES_TOO_LONG);
            out.push(b'\n');
        }
        Body::Returned => {
            out.push(b'\n');
            out.append(&mut read(data, context).await?);
        }
    }
    Ok(out)
}

async fn read(data: &DataFile, context: &Context) -> Result<Vec<u8>, DsnError> {
    let mut reader = data.reader();
    let job = context.services.pools.spool.run(move || {
        let mut body = Vec::new();
        std::io::Read::read_to_end(&mut reader, &mut body).map(|_| body)
    });
    let body = job.await.map_err(|_| DsnError::new("shutting down"))?;
    body.map_err(|error| DsnError::new(format!("failed to read the original message: {error}")))
}

#[cfg(test)]
mod tests {
    use super::exceeds;

    #[test]
    fn the_limit_is_met_in_steps() {
        for (size, limit, over) in [
            (8_192, 20, false),
            (8_193, 20, true),
            (102_400, 102_400, false),
            (106_496, 102_400, false),
            (106_497, 102_400, true),
            (9_999, 0, false),
        ] {
            assert_eq!(exceeds(size, limit), over, "{size} {limit}");
        }
    }
}
