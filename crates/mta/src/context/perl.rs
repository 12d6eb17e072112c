//! `${perl`: the interpreter that belongs to a context.

use std::sync::Arc;

use config::Config;
use config::options::main;
use expand::EvalError;
use expand::env::{PerlReply, PerlSay};
use observe::{Event, Streams};

use super::Context;
use crate::services::perl::{Interpreter, PerlNews, PerlOptions};

/// What the configuration says of Perl; none without `perl_startup`.
pub fn perl_options(config: &Config) -> Option<PerlOptions> {
    let startup = config.main.get(main::PERL_STARTUP)?.to_vec();
    let environment = Arc::clone(&config.environment);
    Some(PerlOptions { startup, taint: config.main.get(main::PERL_TAINTMODE), environment })
}

/// One step of a call. The interpreter stays with the context unless it failed.
pub(super) fn step(context: &mut Context, say: &PerlSay) -> Result<PerlReply, EvalError> {
    let mut interpreter = match context.perl.take() {
        Some(interpreter) => interpreter,
        None => begin(context)?,
    };
    let started = interpreter.started(|text| log(context, text));
    if let Err(error) = started {
        // The code does not compile: there is an interpreter all the same, as in Exim.
        context.perl = Some(interpreter);
        return Err(error);
    }
    interpreter.say(say)?;
    loop {
        match interpreter.hear()? {
            PerlNews::Reply(reply) => {
                context.perl = Some(interpreter);
                return Ok(reply);
            }
            PerlNews::Log(text) => log(context, text),
            // Debugging output is off.
            PerlNews::Debug(_) => {}
        }
    }
}

fn begin(context: &Context) -> Result<Interpreter, EvalError> {
    let Some(options) = perl_options(&context.config) else {
        let text = "A setting of perl_startup is needed when using the Perl interpreter";
        return Err(EvalError::failed(text));
    };
    if let Some(spare) = context.services.spare_perl.take(&options) {
        return Ok(spare);
    }
    Interpreter::start(&options)
        .map_err(|error| EvalError::failed(format!("cannot start the Perl interpreter: {error}")))
}

fn log(context: &Context, text: Vec<u8>) {
    context.log_event(&Event::Text { text, streams: Streams::MAIN });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::facts::Facts;
    use crate::testing::Bench;
    use mail_types::SourceText;

    fn answers(config: &str, texts: &[&str]) -> (Vec<String>, Vec<String>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be made");
        let _inside = runtime.enter();
        let bench = Bench::new(config);
        let mut context = Context::new(Facts::default(), Arc::clone(&bench.services));
        let answer = |text: &&str| {
            let expansion = expand::Expansion::parse(&SourceText::nowhere(text.as_bytes()));
            match expansion.eval(&mut context) {
                Ok(value) => value.to_lossy(),
                Err(error) => format!("Failed: {error}"),
            }
        };
        (texts.iter().map(answer).collect(), bench.main_log())
    }

    #[test]
    fn what_perl_says_is_logged() {
        let config = "perl_startup = sub f { warn \"careful\\n\"; Exim::log_write('said'); Exim::debug_write('x'); 7 }\n";
        let (answers, log) = answers(config, &["${perl{f}}"]);
        assert_eq!(answers, ["7"]);
        assert_eq!(log, ["careful", "said"]);
    }

    #[test]
    fn an_interpreter_that_ends_is_replaced() {
        let config = "perl_startup = sub f { exit 3 } sub g { ++$n }\n";
        let (answers, _) = answers(config, &["${perl{g}}${perl{g}}", "${perl{f}}", "${perl{g}}"]);
        assert_eq!(answers, ["12", "Failed: the Perl interpreter ended unexpectedly", "1"]);
    }

    #[test]
    fn output_of_the_code_harms_nobody() {
        let config = "perl_startup = sub f { print 'R'; system 'echo R'; 1 }\n";
        assert_eq!(answers(config, &["${perl{f}}${perl{f}}"]).0, ["11"]);
    }

    #[test]
    fn a_spare_interpreter_is_used_and_replaced() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be made");
        let _inside = runtime.enter();
        let bench = Bench::new("perl_startup = sub g { ++$n }\n");
        let options = perl_options(&bench.services.snapshot()).expect("perl_startup is set");
        bench.services.spare_perl.put(Interpreter::start(&options).expect("perl is installed"));
        for _ in 0..2 {
            let mut context = Context::new(Facts::default(), Arc::clone(&bench.services));
            let expansion = expand::Expansion::parse(&SourceText::nowhere(&b"${perl{g}}"[..]));
            assert_eq!(expansion.eval(&mut context).map(|value| value.to_lossy()), Ok("1".to_owned()));
        }
        let other = PerlOptions { startup: b"1".to_vec(), ..options };
        assert!(bench.services.spare_perl.take(&other).is_none());
    }
}
