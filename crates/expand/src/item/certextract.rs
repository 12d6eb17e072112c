//! `certextract`: a field of a certificate.
//!
//! # Compatibility
//! The second argument is not expanded: it is the name of a variable, after a dollar sign.

use super::env::decide;
use crate::EvalError;
use crate::eval::{Machine, Mode};
use crate::parse::{Branches, Outcome, Parser};
use crate::tree::{Broken, Item, Sequence};
use crate::variable::{self, Variable, VariableName};
use mail_types::value::Value;

#[derive(Debug)]
struct CertExtract {
    field: Sequence,
    certificate: Result<Certificate, Broken>,
    branches: Option<Branches>,
}

/// What the second argument names.
#[derive(Debug)]
enum Certificate {
    Of(Variable),
    /// A name that holds none: wrong only where it is used.
    Wrong(Broken),
}

pub(super) fn parse(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    parser.skip_space();
    if parser.peek() != Some(b'{') {
        return Box::new(parser.fail("missing '{' for field arg of certextract"));
    }
    let field = parser.braced();
    if parser.stopped {
        return Box::new(CertExtract { field, certificate: Err(Broken::new("")), branches: None });
    }
    let certificate = certificate(parser);
    let branches = (certificate.is_ok() && !parser.stopped).then(|| Branches::parse(parser, "certextract"));
    Box::new(CertExtract { field, certificate, branches })
}

fn certificate(parser: &mut Parser<'_>) -> Result<Certificate, Broken> {
    parser.skip_space();
    if !parser.take(b'{') {
        return Err(parser.fail("missing '{' for cert variable arg of certextract"));
    }
    if !parser.take(b'$') {
        return Err(parser.fail("second argument of \"certextract\" must be a certificate variable"));
    }
    let start = parser.at;
    parser.word(|byte| byte != b'}');
    let name = parser.text_from(start).to_vec();
    if !parser.take(b'}') {
        return Err(parser.fail("missing '}' closing cert variable arg of certextract"));
    }
    let shown = String::from_utf8_lossy(&name);
    Ok(match variable::lookup(&name) {
        Some(VariableName::Fixed(found)) if found.is_certificate() => Certificate::Of(found),
        Some(_) => Certificate::Wrong(Broken::new(format!("\"{shown}\" is not a certificate"))),
        None => Certificate::Wrong(Broken::new(format!("no variable named \"{shown}\""))),
    })
}

impl Item for CertExtract {
    fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError> {
        let field = machine.sequence(&self.field, mode)?;
        let certificate = match &self.certificate {
            Ok(certificate) => certificate,
            Err(broken) => return broken.raise(),
        };
        let Some(branches) = &self.branches else { return Ok(Value::empty()) };
        if mode.is_skip() {
            return branches.eval(machine, mode, &Outcome::No);
        }
        match certificate {
            Certificate::Of(variable) => {
                let found = machine.env.certificate_field(*variable, &field)?;
                decide(machine, branches, found)
            }
            Certificate::Wrong(broken) => broken.raise(),
        }
    }
}
