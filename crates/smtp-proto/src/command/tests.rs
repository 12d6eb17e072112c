use super::*;

const ALL: Recognised = Recognised { esmtp: true, dsn: true, smtputf8: true, requiretls: true };

#[test]
fn verbs() {
    let cases: [(&[u8], Verb, &[u8]); 17] = [
        (b"NOOP", Verb::Noop, b""),
        (b"noop x ", Verb::Noop, b"x"),
        (b"NOOPx", Verb::Unknown, b"NOOPx"),
        (b"noop\tx", Verb::Unknown, b"noop\tx"),
        (b" NOOP", Verb::Unknown, b"NOOP"),
        (b"", Verb::Unknown, b""),
        (b"MAIL", Verb::Unknown, b"MAIL"),
        (b"MAIL FROM", Verb::Unknown, b"MAIL FROM"),
        (b"MAIL  FROM:<a>", Verb::Unknown, b"MAIL  FROM:<a>"),
        (b"mail from:a@b", Verb::Mail, b"a@b"),
        (b"MAIL FROM: <a@b> ", Verb::Mail, b"<a@b>"),
        (b"MAILFROM:<a>", Verb::Unknown, b"MAILFROM:<a>"),
        (b"RCPT TO:<a>", Verb::Rcpt, b"<a>"),
        (b"DATA", Verb::Data, b""),
        (b"BDAT 1 LAST", Verb::Bdat, b"1 LAST"),
        (b"STARTTLS", Verb::StartTls, b""),
        (b"\0\xff", Verb::Unknown, b"\0\xff"),
    ];
    for (line, verb, argument) in cases {
        assert_eq!(split(line), (verb, argument), "{}", line.escape_ascii());
    }
}

#[test]
fn mail_parameters_are_taken_from_the_end() {
    let cases: [(&[u8], &[u8]); 12] = [
        (b"<a@b.c> SIZE=10x", b"<a@b.c>"),
        (b"<a@b.c> BODY=7BIT SIZE=x", b"<a@b.c> BODY=7BIT"),
        (b"<a@b.c> SIZE=10 BODY=8BITMIME SMTPUTF8", b"<a@b.c>"),
        (b"<a@b.c> size=10\tsize=20", b"<a@b.c>"),
        (b"<a@b.c> RET=FULL ENVID=x AUTH=<> PRDR", b"<a@b.c>"),
        (b"<a@b.c>SIZE=10", b"<a@b.c>SIZE=10"),
        (b"<a@b.c> SIZE", b"<a@b.c>"),
        (b"<a@b.c> FOO=1 SIZE=1", b"<a@b.c> FOO=1"),
        (b"<a@b.c> SIZE=1 FOO", b"<a@b.c> SIZE=1 FOO"),
        (b"<a@b.c> SMTPUTF8=1", b"<a@b.c> SMTPUTF8=1"),
        (b"SIZE=1", b"SIZE=1"),
        (b"a@b.c x", b"a@b.c x"),
    ];
    for (argument, path) in cases {
        let command = MailCommand::parse(argument, ALL).unwrap();
        assert_eq!(command.path, path, "{}", argument.escape_ascii());
    }
    let command = MailCommand::parse(b"<a@b.c> SIZE=10 BODY=8BITMIME SMTPUTF8", ALL).unwrap();
    assert_eq!((command.size, command.body, command.smtputf8), (Some(10), Some(Body::EightBitMime), true));
    // The last one read, which is the first in the line, wins.
    assert_eq!(MailCommand::parse(b"<a> SIZE=10 SIZE=20", ALL).unwrap().size, Some(10));
    let helo = Recognised::default();
    assert_eq!(MailCommand::parse(b"<a> SIZE=10", helo).unwrap().path, b"<a> SIZE=10");
}

#[test]
fn mail_parameter_errors_are_exims() {
    let cases: [(&[u8], &str); 6] = [
        (b"<a> BODY=FOO", "invalid data for BODY"),
        (b"<a> BODY", "invalid data for BODY"),
        (b"<a> AUTH=a+b", "invalid data for AUTH"),
        (b"<a> RET=FOO", "Value for RET is invalid"),
        (b"<a> RET=FULL RET=HDRS", "RET can be specified once only"),
        (b"<a> ENVID=a ENVID=b", "ENVID can be specified once only"),
    ];
    for (argument, text) in cases {
        assert_eq!(MailCommand::parse(argument, ALL), Err(text), "{}", argument.escape_ascii());
    }
}

#[test]
fn sizes_that_do_not_fit_are_huge() {
    for argument in
        [&b"<a> SIZE=-1"[..], b"<a> SIZE=18446744073709551616", b"<a> SIZE=99999999999999999999999999"]
    {
        assert_eq!(MailCommand::parse(argument, ALL).unwrap().size, Some(u64::MAX));
    }
}

#[test]
fn rcpt_parameters() {
    let command = RcptCommand::parse(b"<a@b> NOTIFY=success,delay ORCPT=rfc822;x@y", ALL).unwrap();
    assert_eq!(command.path, b"<a@b>");
    let wanted = Notify { success: true, delay: true, ..Notify::default() };
    assert_eq!((command.notify, command.orcpt), (Some(wanted), Some(b"rfc822;x@y".to_vec())));
    let no_dsn = Recognised { dsn: false, ..ALL };
    assert_eq!(RcptCommand::parse(b"<a> NOTIFY=NEVER", no_dsn).unwrap().path, b"<a> NOTIFY=NEVER");
    for (argument, text) in [
        (&b"<a> NOTIFY=FOO"[..], "Invalid value for NOTIFY parameter"),
        (b"<a> NOTIFY=NEVER,SUCCESS", "Invalid value for NOTIFY parameter"),
        (b"<a> NOTIFY", "Invalid value for NOTIFY parameter"),
        (b"<a> NOTIFY=NEVER NOTIFY=NEVER", "NOTIFY can be specified once only"),
        (b"<a> ORCPT=x ORCPT=y", "ORCPT can be specified once only"),
    ] {
        assert_eq!(RcptCommand::parse(argument, ALL), Err(text), "{}", argument.escape_ascii());
    }
}

#[test]
fn xtext() {
    assert!(
        is_xtext(b"a+20b") && !is_xtext(b"a+2") && !is_xtext(b"a=b") && !is_xtext(b"") && !is_xtext(b"a b")
    );
    assert_eq!(decode_xtext(b"a+20b+0A").unwrap(), b"a b\n");
    assert_eq!(decode_xtext(b"+4"), None);
}

#[test]
fn chunk_headers_are_strict() {
    let header = |size, last| Ok(ChunkHeader { size, last });
    let cases: [(&[u8], Result<ChunkHeader, ChunkError>); 13] = [
        (b"5", header(5, false)),
        (b"5 LAST", header(5, true)),
        (b" 5  last ", header(5, true)),
        (b"0 LAST", header(0, true)),
        (b"18446744073709551615", header(u64::MAX, false)),
        (b"18446744073709551616", Err(ChunkError::Malformed)),
        (b"-1", Err(ChunkError::Malformed)),
        (b"+5 LAST", Err(ChunkError::Malformed)),
        (b"5x", Err(ChunkError::Malformed)),
        (b"5 FOO", Err(ChunkError::Malformed)),
        (b"5 LAST x", Err(ChunkError::Malformed)),
        (b"", Err(ChunkError::Missing)),
        (b"x", Err(ChunkError::Missing)),
    ];
    for (argument, want) in cases {
        assert_eq!(ChunkHeader::parse(argument), want, "{}", argument.escape_ascii());
    }
}
