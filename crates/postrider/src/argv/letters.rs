//! The options by their letters.

use mail_types::trace::Selection;

use super::*;

impl<'a> Parser<'a> {
    /// One option; `arg` begins with a hyphen and is longer than that.
    pub(super) fn option(&mut self, arg: &'a [u8]) -> Result<(), Refusal> {
        if arg.starts_with(b"--") {
            return self.long_option(arg);
        }
        let rest = &arg[2..];
        match arg[1] {
            b'b' => self.mode_option(arg, rest),
            b'C' => {
                let list = self.value(arg, rest)?;
                let files =
                    list.split(|c| *c == b':').filter(|f| !f.is_empty()).map(<[u8]>::to_vec).collect();
                self.invocation.config_files = Some(files);
                Ok(())
            }
            b'D' => self.macro_option(arg, rest),
            b'd' => {
                Selection::parse(rest).map_err(|why| Refusal(format!("exim: {why}")))?;
                self.invocation.debug = Some(rest.to_vec());
                Ok(())
            }
            b'F' => {
                self.invocation.sender_name = Some(self.value(arg, rest)?);
                Ok(())
            }
            b'f' | b'r' => {
                self.invocation.sender = Some(self.value(arg, rest)?);
                Ok(())
            }
            b't' if arg == b"-tls-on-connect" => {
                self.invocation.tls_on_connect = true;
                Ok(())
            }
            b'G' | b'i' | b'm' | b'n' | b'N' | b't' | b'U' | b'v' | b'x' | b'e' => self.plain_letter(arg),
            b'B' => {
                self.ignored_number(rest);
                Ok(())
            }
            b'h' => self.hop_count(arg, rest),
            b'O' | b'X' => self.ignored(arg, rest),
            b'L' => {
                let tag = self.value(arg, rest)?;
                if tag.is_empty() {
                    return Err(Refusal("exim: the -L syslog name is too short".to_owned()));
                }
                if tag.len() > LOG_TAG_MAX {
                    let shown = String::from_utf8_lossy(&tag);
                    return Err(Refusal(format!("exim: the -L syslog name is too long: \"{shown}\"")));
                }
                self.invocation.log_tag = Some(tag);
                Ok(())
            }
            b'M' => self.message_option(arg, rest),
            b'o' => self.o_option(arg, rest),
            b'p' => self.protocol_option(arg, rest),
            b'q' => self.queue_option(arg, rest),
            b'R' => self.select_option(rest, true),
            b'S' => self.select_option(rest, false),
            b'z' if arg == b"-z" => {
                let text = self.next().cloned();
                let text = text.ok_or_else(|| Refusal("exim: file name expected after -z".to_owned()))?;
                self.invocation.log_line = Some(text);
                Ok(())
            }
            _ => Err(other(arg)),
        }
    }

    fn long_option(&mut self, arg: &[u8]) -> Result<(), Refusal> {
        match arg {
            b"--version" => self.invocation.tells_version = true,
            b"--help" => self.set_mode(Mode::Usage),
            b"--strict" => self.invocation.strict = true,
            _ => return Err(unknown(arg)),
        }
        Ok(())
    }

    /// Options that are complete words of one or a few letters.
    fn plain_letter(&mut self, arg: &[u8]) -> Result<(), Refusal> {
        match arg {
            b"-G" => self.invocation.no_qualify = true,
            b"-i" => self.invocation.dot_is_data = true,
            b"-m" | b"-U" | b"-x" => {}
            b"-n" => self.invocation.values_only = true,
            b"-N" => {
                self.invocation.pretend = true;
                self.invocation.verbose = true;
            }
            b"-t" => self.invocation.extract_recipients = true,
            b"-ti" => {
                self.invocation.extract_recipients = true;
                self.invocation.dot_is_data = true;
            }
            b"-v" => self.invocation.verbose = true,
            _ if arg.starts_with(b"-e") => return self.error_mode(arg, &arg[2..]),
            _ => return Err(unknown(arg)),
        }
        Ok(())
    }

    /// Sendmail's options that mean nothing here but take a value.
    fn ignored(&mut self, arg: &'a [u8], rest: &'a [u8]) -> Result<(), Refusal> {
        if rest.is_empty() {
            self.next().ok_or_else(|| expected("string", arg))?;
        }
        Ok(())
    }

    /// `-h`: Sendmail's count of hops, a number, which means nothing here.
    fn hop_count(&mut self, arg: &'a [u8], rest: &'a [u8]) -> Result<(), Refusal> {
        let count = if rest.is_empty() { self.next().map_or(&b""[..], Vec::as_slice) } else { rest };
        if count.is_empty() || !count.iter().all(u8::is_ascii_digit) {
            return Err(unknown(arg));
        }
        Ok(())
    }

    /// The same, with a number that may follow.
    fn ignored_number(&mut self, rest: &[u8]) {
        let next =
            self.args.get(self.at).filter(|next| rest.is_empty() && next.iter().all(u8::is_ascii_digit));
        self.at += usize::from(next.is_some());
    }

    /// `-oB`: how many messages go down one connection, a matter of the `smtp` transport; digits count as far as they go.
    fn connection_limit(&mut self, attached: &[u8]) -> Result<(), Refusal> {
        let number = |text: &[u8]| text.first().is_some_and(u8::is_ascii_digit);
        if attached.is_empty() {
            self.at += usize::from(self.args.get(self.at).is_some_and(|next| number(next)));
            return Ok(());
        }
        if number(attached) { Ok(()) } else { Err(expected("number", b"-oB")) }
    }

    /// What `-or` and `-os` say: seconds.
    fn seconds(&mut self, arg: &'a [u8], attached: &'a [u8]) -> Result<u64, Refusal> {
        let (shown, value) = match self.args.get(self.at) {
            _ if !attached.is_empty() => (arg, attached),
            Some(next) => (next.as_slice(), next.as_slice()),
            None => (arg, attached),
        };
        self.at += usize::from(attached.is_empty());
        interval::parse(value).ok_or_else(|| bad_time(shown))
    }

    /// `-b…`
    fn mode_option(&mut self, arg: &'a [u8], rest: &'a [u8]) -> Result<(), Refusal> {
        let mode = match rest {
            b"d" => Mode::Daemon { foreground: false },
            b"df" => Mode::Daemon { foreground: true },
            b"e" => Mode::Expand { message: None },
            b"em" => Mode::Expand { message: Some(self.value(arg, b"")?) },
            b"h" => Mode::HostTest { address: self.value(arg, b"")? },
            b"i" => Mode::BuildAliases,
            b"m" => Mode::Receive,
            b"nq" => {
                self.invocation.no_qualify = true;
                return Ok(());
            }
            b"P" => {
                self.invocation.whole_configuration =
                    self.args.get(self.at).is_some_and(|next| next == b"config");
                Mode::Print
            }
            b"rt" => Mode::RetryTest,
            b"rw" => Mode::RewriteTest,
            b"s" => Mode::Smtp,
            b"S" => Mode::BatchedSmtp,
            b"t" => Mode::AddressTest,
            b"v" => Mode::Verify { as_sender: false },
            b"vs" => Mode::Verify { as_sender: true },
            b"V" => {
                self.invocation.tells_version = true;
                return Ok(());
            }
            b"hc" => return Err(not_served(arg, ": callouts are not built yet")),
            b"w" => {
                return Err(not_served(
                    arg,
                    ": use -bd, or socket activation by -bd under the service manager",
                ));
            }
            b"malware" => return Err(not_served(arg, ": content scanning is not built yet")),
            b"f" | b"F" | b"fd" | b"fl" | b"fp" | b"fs" => {
                return Err(not_served(arg, ": filters are not built yet"));
            }
            _ if rest.starts_with(b"p") => Mode::ListQueue(list_style(arg, &rest[1..])?),
            _ if rest.starts_with(b"I:") => Mode::Information(rest[2..].to_vec()),
            _ => return Err(unknown(arg)),
        };
        self.set_mode(mode);
        Ok(())
    }

    /// `-DNAME=VALUE`, `-DNAME`: one argument.
    fn macro_option(&mut self, arg: &[u8], rest: &[u8]) -> Result<(), Refusal> {
        let text = mail_types::bytes::trim_start(rest);
        if !text.first().is_some_and(u8::is_ascii_uppercase) {
            return Err(Refusal(
                "exim: macro name set by -D must start with an upper case letter".to_owned(),
            ));
        }
        let end = text.iter().position(|c| !(c.is_ascii_alphanumeric() || *c == b'_')).unwrap_or(text.len());
        let (name, value) = text.split_at(end);
        let value = match mail_types::bytes::trim_start(value) {
            b"" => &b""[..],
            value => mail_types::bytes::trim_start(value.strip_prefix(b"=").ok_or_else(|| unknown(arg))?),
        };
        let name = String::from_utf8_lossy(name).into_owned();
        if self.invocation.macros.iter().any(|(known, _)| *known == name) {
            return Err(Refusal("exim: duplicated -D in command line".to_owned()));
        }
        self.invocation.macros.push((name, value.to_vec()));
        Ok(())
    }

    /// `-o…`
    fn o_option(&mut self, arg: &'a [u8], rest: &'a [u8]) -> Result<(), Refusal> {
        match rest {
            b"i" | b"itrue" => self.invocation.dot_is_data = true,
            b"m" | b"o" => {}
            b"v" => self.invocation.verbose = true,
            b"db" => self.invocation.delivery = Some(DeliveryMode::Background),
            b"df" | b"di" => self.invocation.delivery = Some(DeliveryMode::Foreground),
            b"dq" => self.invocation.delivery = Some(DeliveryMode::Queue),
            b"dqs" => self.invocation.delivery = Some(DeliveryMode::QueueSmtp),
            b"X" => self.invocation.listen = Some(self.value(arg, b"")?),
            b"P" => {
                let file = self.next().cloned().ok_or_else(|| Refusal(USAGE.trim_end().to_owned()))?;
                self.invocation.pid_file = Some(file);
            }
            b"PX" => return Err(not_served(arg, ": the server removes its own pid file")),
            b"Y" => return Err(not_served(arg, "")),
            _ if rest.starts_with(b"e") => return self.error_mode(arg, &rest[1..]),
            _ if rest.starts_with(b"M") => return self.origin_option(arg, &rest[1..]),
            _ if rest.starts_with(b"A") => return self.ignored(arg, &rest[1..]),
            _ if rest.starts_with(b"B") => self.connection_limit(&rest[1..])?,
            _ if rest.starts_with(b"r") => {
                self.invocation.receive_timeout = Some(self.seconds(arg, &rest[1..])?);
            }
            _ if rest.starts_with(b"s") => {
                self.invocation.smtp_timeout = Some(self.seconds(arg, &rest[1..])?);
            }
            _ => return Err(unknown(arg)),
        }
        Ok(())
    }

    fn error_mode(&mut self, arg: &[u8], letter: &[u8]) -> Result<(), Refusal> {
        let mode = match letter {
            b"m" | b"w" => ErrorMode::Mail,
            b"e" => ErrorMode::MailQuietly,
            b"p" | b"q" => ErrorMode::Print,
            _ => return Err(unknown(arg)),
        };
        self.invocation.errors = Some(mode);
        Ok(())
    }

    /// `-oM…`
    fn origin_option(&mut self, arg: &'a [u8], letters: &'a [u8]) -> Result<(), Refusal> {
        let value = self.next().cloned().ok_or_else(|| expected("data", arg))?;
        check_origin(letters, &value)?;
        let origin = &mut self.invocation.origin;
        let place = match letters {
            b"a" => &mut origin.host_address,
            b"aa" => &mut origin.authenticator,
            b"ai" => &mut origin.authenticated_id,
            b"as" => &mut origin.authenticated_sender,
            b"i" => &mut origin.interface,
            b"m" => &mut origin.message_reference,
            b"r" => &mut origin.protocol,
            b"s" => &mut origin.host_name,
            b"t" => &mut origin.ident,
            _ => return Err(unknown(arg)),
        };
        *place = Some(value);
        Ok(())
    }

    /// `-p PROTOCOL:HOST`; `-pd` and `-ps` were about Perl.
    fn protocol_option(&mut self, arg: &'a [u8], rest: &'a [u8]) -> Result<(), Refusal> {
        if matches!(rest, b"d" | b"s") {
            return Ok(());
        }
        let value = self.value(arg, rest)?;
        let mut parts = value.splitn(2, |c| *c == b':').map(<[u8]>::to_vec);
        self.invocation.origin.protocol = parts.next();
        if let Some(host) = parts.next() {
            self.invocation.origin.host_name = Some(host);
        }
        Ok(())
    }
}

/// What Exim looks at as it reads the option.
fn check_origin(letters: &[u8], value: &[u8]) -> Result<(), Refusal> {
    match letters {
        b"a" | b"i" if crate::mode::address_and_port(value).is_none() => {
            let shown = String::from_utf8_lossy(value);
            Err(Refusal(format!("exim abandoned: \"{shown}\" is not an IP address")))
        }
        b"m" if MessageId::parse(value).is_none() => {
            Err(Refusal("-oMm must be a valid message ID".to_owned()))
        }
        _ => Ok(()),
    }
}

/// Longest name of `-L`.
const LOG_TAG_MAX: usize = 32;

/// An option that is none of Exim's, or one that isn't served.
fn other(arg: &[u8]) -> Refusal {
    match arg {
        b"-atrn" => not_served(arg, ""),
        _ if arg.starts_with(b"-T") => not_served(arg, ": it belongs to Exim's own tests"),
        _ => unknown(arg),
    }
}

/// The letters after `-bp`.
fn list_style(arg: &[u8], letters: &[u8]) -> Result<ListStyle, Refusal> {
    let mut style = ListStyle::default();
    for (n, letter) in letters.iter().enumerate() {
        match letter {
            b'c' if letters.len() == 1 => style.count = true,
            b'r' if n == 0 => style.unsorted = true,
            b'a' if !style.undelivered => style.generated = true,
            b'u' if !style.generated => style.undelivered = true,
            b'i' => style.ids = true,
            _ => return Err(unknown(arg)),
        }
    }
    Ok(style)
}
