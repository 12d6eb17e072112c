//! Compiling the value of one option, by its kind.
//!
//! # Invariants
//! * What Exim only notices when it uses a value (a broken expansion, an unknown named list) is a warning here.
//! * Users and groups are looked up once, at load, as Exim does; the numbers are what deliveries use.
//!
//! # Compatibility
//! Spec 6.12 to 6.20; texts as Exim 4.96 prints them.

use std::sync::Arc;

use expand::{BareEnv, Expansion, ListKind};
use mail_types::Value;
use mail_types::diagnostic::{Diagnostic, Severity, SourceText};
use policy::list::{List, NamedLists, split};
use policy::rewrite::RewriteRules;

use super::cursor::Cursor;
use super::scan::{self, Fault, Width};
use crate::files::ConfigFiles;
use crate::options::{FlagValue, IdText, NumberValue, OptionDef, OptionKind, OptionValue, UserId};
use crate::print::number::{display_bytes, display_fixed, display_kilobytes, display_octal, display_time};
use crate::reader::text::Text;

/// What compiling needs besides the text.
pub(crate) struct Context<'a> {
    pub(crate) files: &'a dyn ConfigFiles,
    pub(crate) lists: NamedLists,
    /// `$primary_hostname` and its like, for what is expanded at load.
    pub(crate) env: BareEnv,
}

/// A compiled value.
pub(crate) struct Compiled {
    pub(crate) value: OptionValue,
    /// What `-bP` shows after the equals sign; `None` for flags.
    pub(crate) text: Option<Arc<[u8]>>,
    pub(crate) warnings: Vec<Diagnostic>,
}

impl Compiled {
    fn new(value: OptionValue, text: impl Into<Arc<[u8]>>) -> Self {
        Self { value, text: Some(text.into()), warnings: Vec::new() }
    }

    fn flag(value: FlagValue) -> Self {
        Self { value: OptionValue::Flag(value), text: None, warnings: Vec::new() }
    }

    fn warned(mut self, warnings: impl IntoIterator<Item = Diagnostic>) -> Self {
        self.warnings.extend(warnings.into_iter().map(as_warning));
        self
    }
}

/// Something that Exim would notice only at run time.
pub(crate) fn as_warning(mut diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.severity = diagnostic.severity.min(Severity::Warning);
    diagnostic
}

/// Compiles what stands at the cursor.
pub(crate) fn compile(
    def: &OptionDef,
    cursor: &mut Cursor<'_>,
    context: &mut Context<'_>,
) -> Result<Compiled, Fault> {
    use OptionKind as K;
    let name = def.name;
    let number = |value: i64, text: String| Compiled::new(OptionValue::Integer(value), text.into_bytes());
    Ok(match def.kind {
        K::Flag | K::Tristate | K::FlagPair => Compiled::flag(FlagValue::Fixed(scan::flag(cursor, name)?)),
        K::FlagText => flag_text(cursor, name)?,
        K::Integer => {
            let value = scan::integer(cursor, name, Width::Narrow)?;
            number(value, value.to_string())
        }
        K::Bytes => {
            let value = scan::integer(cursor, name, Width::Narrow)?;
            number(value, display_bytes(value))
        }
        K::Kilobytes => {
            let value = scan::kilobytes(cursor, name)?;
            number(value, display_kilobytes(value))
        }
        K::Octal => {
            let value = scan::octal(cursor, name)?;
            number(value, display_octal(value))
        }
        K::Fixed => {
            let value = scan::fixed(cursor, name)?;
            number(value, display_fixed(value))
        }
        K::Time => {
            let value = scan::time(cursor, name)?;
            number(value, display_time(value))
        }
        K::Times => {
            let times = scan::times(cursor, name)?;
            let text = times.iter().map(|time| display_time(*time)).collect::<Vec<_>>().join(":");
            Compiled::new(OptionValue::Times(times), text.into_bytes())
        }
        K::IntegerText => number_text(cursor, |c| scan::integer(c, name, Width::Narrow), |n| n.to_string())?,
        K::TimeText => number_text(cursor, |c| scan::time(c, name), display_time)?,
        _ => {
            let text = scan::string(cursor, name)?;
            return compile_text(def, cursor, text, context);
        }
    })
}

/// The value of an option that has no default.
pub(crate) fn unset(def: &OptionDef) -> Compiled {
    let value = match def.kind {
        OptionKind::Integer
        | OptionKind::Bytes
        | OptionKind::Kilobytes
        | OptionKind::Octal
        | OptionKind::Time => OptionValue::Integer(0),
        _ => OptionValue::Unset,
    };
    Compiled { value, text: None, warnings: Vec::new() }
}

/// A flag that was given without a value.
pub(crate) fn plain_flag(on: bool) -> Compiled {
    Compiled::flag(FlagValue::Fixed(on))
}

fn flag_text(cursor: &mut Cursor<'_>, name: &str) -> Result<Compiled, Fault> {
    if !cursor.rest().contains(&b'$') {
        return Ok(Compiled::flag(FlagValue::Fixed(scan::flag(cursor, name)?)));
    }
    let text = scan::string(cursor, name)?;
    let expansion = Expansion::parse(&text.to_source());
    let warnings = expansion.diagnostics().to_vec();
    Ok(Compiled::new(OptionValue::Flag(FlagValue::Expanded(expansion)), text.bytes).warned(warnings))
}

fn number_text(
    cursor: &mut Cursor<'_>,
    read: impl Fn(&mut Cursor<'_>) -> Result<i64, Fault>,
    show: impl Fn(i64) -> String,
) -> Result<Compiled, Fault> {
    if !cursor.rest().contains(&b'$') {
        let value = read(cursor)?;
        return Ok(Compiled::new(OptionValue::Number(NumberValue::Fixed(value)), show(value).into_bytes()));
    }
    let text = scan::string(cursor, "")?;
    let expansion = Expansion::parse(&text.to_source());
    let warnings = expansion.diagnostics().to_vec();
    Ok(Compiled::new(OptionValue::Number(NumberValue::Expanded(expansion)), text.bytes).warned(warnings))
}

fn compile_text(
    def: &OptionDef,
    cursor: &Cursor<'_>,
    text: Text,
    context: &mut Context<'_>,
) -> Result<Compiled, Fault> {
    use OptionKind as K;
    let source = text.to_source();
    let list = |kind| {
        let (list, found) = List::compile(&source, kind, &context.lists);
        Compiled::new(OptionValue::List(list), text.bytes.clone()).warned(found)
    };
    Ok(match def.kind {
        K::Plain => Compiled::new(OptionValue::Plain(source.bytes.clone()), text.bytes),
        K::PlainList => {
            let items = split(&text.bytes).map(|item| item.bytes).collect();
            Compiled::new(OptionValue::Items(items), text.bytes)
        }
        K::Domains => list(ListKind::Domain),
        K::Hosts => list(ListKind::Host),
        K::Addresses => list(ListKind::Address),
        K::LocalParts => list(ListKind::LocalPart),
        K::User | K::Group | K::Users | K::Groups | K::UserText | K::GroupText => {
            compile_ids(def, cursor, &text, context)?
        }
        K::Lines => lines(def, &text),
        K::Conditions => conditions(&source, text),
        K::Assignments => assignments(&text),
        K::Rewrites => rewrites(cursor, &text, &context.lists)?,
        _ => {
            let expansion = Expansion::parse(&source);
            let warnings = expansion.diagnostics().to_vec();
            Compiled::new(OptionValue::Text(expansion), text.bytes).warned(warnings)
        }
    })
}

fn compile_ids(
    def: &OptionDef,
    cursor: &Cursor<'_>,
    text: &Text,
    context: &mut Context<'_>,
) -> Result<Compiled, Fault> {
    use OptionKind as K;
    let place = (0, cursor.text.bytes.len());
    let expanded = || {
        let expansion = Expansion::parse(&text.to_source());
        let warnings = expansion.diagnostics().to_vec();
        Compiled::new(OptionValue::Id(IdText::Expanded(expansion)), text.bytes.clone()).warned(warnings)
    };
    Ok(match def.kind {
        K::UserText | K::GroupText if text.bytes.contains(&b'$') => expanded(),
        K::User => {
            let (user, shown) = user(&text.bytes, context.files, place)?;
            Compiled::new(OptionValue::User(user), shown)
        }
        K::UserText => {
            let (user, shown) = user(&text.bytes, context.files, place)?;
            Compiled::new(OptionValue::Id(IdText::Fixed { uid: Some(user.uid), gid: user.gid }), shown)
        }
        K::Group => {
            let (gid, shown) = group(&text.bytes, context.files, place)?;
            Compiled::new(OptionValue::Group(gid), shown)
        }
        K::GroupText => {
            let (gid, shown) = group(&text.bytes, context.files, place)?;
            Compiled::new(OptionValue::Id(IdText::Fixed { uid: None, gid: Some(gid) }), shown)
        }
        _ => id_list(def, text, context, place)?,
    })
}

/// A user by name or number, and how `-bP` shows it. A number says nothing about the group.
fn user(name: &[u8], files: &dyn ConfigFiles, place: (usize, usize)) -> Result<(UserId, Vec<u8>), Fault> {
    if let Some(uid) = all_digits(name) {
        let shown =
            files.user_by_id(uid).map_or_else(|| uid.to_string().into_bytes(), |account| account.name);
        return Ok((UserId { uid, gid: None }, shown));
    }
    let account = files.user(name).ok_or_else(|| not_found("user", name, place))?;
    Ok((UserId { uid: account.uid, gid: Some(account.gid) }, account.name))
}

fn group(name: &[u8], files: &dyn ConfigFiles, place: (usize, usize)) -> Result<(u32, Vec<u8>), Fault> {
    if let Some(gid) = all_digits(name) {
        return Ok((gid, files.group_name(gid).unwrap_or_else(|| gid.to_string().into_bytes())));
    }
    let gid = files.group(name).ok_or_else(|| not_found("group", name, place))?;
    Ok((gid, name.to_vec()))
}

fn all_digits(text: &[u8]) -> Option<u32> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn not_found(what: &str, name: &[u8], place: (usize, usize)) -> Fault {
    let text = format!("{what} {} was not found", String::from_utf8_lossy(name));
    Fault::new(if what == "user" { "config.user.unknown" } else { "config.group.unknown" }, text, place)
}

/// A list of users or groups, expanded now.
fn id_list(
    def: &OptionDef,
    text: &Text,
    context: &mut Context<'_>,
    place: (usize, usize),
) -> Result<Compiled, Fault> {
    let expanded = Expansion::parse(&text.to_source()).eval(&mut context.env).map_err(|error| {
        let text = format!("failed to expand {}: {}", def.name, error.message());
        Fault::new("config.expansion.failed", text, place)
    })?;
    let users = matches!(def.kind, OptionKind::Users);
    let mut ids = Vec::new();
    let mut shown = Vec::new();
    for item in split(expanded.bytes()) {
        let (id, name) = if users {
            let (user, name) = user(&item.bytes, context.files, place)?;
            (user.uid, name)
        } else {
            group(&item.bytes, context.files, place)?
        };
        ids.push(id);
        shown.push(name);
    }
    Ok(Compiled::new(OptionValue::Ids(ids), shown.join(&b':')))
}

/// The items of a list whose separator is `separator` unless the text says otherwise, with their places.
fn items_of(text: &Text, separator: u8) -> Vec<Text> {
    let mut whole = Text::default();
    if !text.bytes.trim_ascii_start().starts_with(b"<") {
        whole.push_replacement(&[b'<', separator], text.span());
    }
    whole.push_part(text, 0..text.bytes.len());
    split(&whole.bytes)
        .map(|item| {
            let end = item.offset + item.bytes.len();
            if whole.bytes.get(item.offset..end) == Some(item.bytes.as_slice()) {
                whole.part(item.offset..end)
            } else {
                // Doubled separators were made single: places inside the item can't be told any more.
                let mut out = Text::default();
                out.push_replacement(&item.bytes, whole.span_at(item.offset, item.bytes.len()));
                out
            }
        })
        .collect()
}

fn lines(def: &OptionDef, text: &Text) -> Compiled {
    let separator = if def.name == "headers_add" { b'\n' } else { b':' };
    let texts: Vec<Expansion> =
        items_of(text, separator).iter().map(|item| Expansion::parse(&item.to_source())).collect();
    let warnings: Vec<Diagnostic> = texts.iter().flat_map(|text| text.diagnostics().to_vec()).collect();
    Compiled::new(OptionValue::Texts(texts), text.bytes.clone()).warned(warnings)
}

fn conditions(source: &SourceText, text: Text) -> Compiled {
    let expansion = Expansion::parse(source);
    let warnings = expansion.diagnostics().to_vec();
    Compiled::new(OptionValue::Texts(vec![expansion]), text.bytes).warned(warnings)
}

fn assignments(text: &Text) -> Compiled {
    let mut all = Vec::new();
    let mut warnings = Vec::new();
    for item in items_of(text, b';') {
        let equals = item.bytes.iter().position(|b| *b == b'=').unwrap_or(item.bytes.len());
        let name = item.bytes[..equals].trim_ascii().to_vec();
        if equals == item.bytes.len() || !name.starts_with(b"r_") {
            let message = "a router variable is set with \"r_name = value\"";
            warnings.push(Diagnostic::warning("config.router.set", item.span(), message));
        }
        let value = item.bytes.get(equals + 1..).unwrap_or_default();
        let start = item.bytes.len() - value.trim_ascii_start().len();
        let expansion = Expansion::parse(&item.part(start..item.bytes.len()).to_source());
        warnings.extend_from_slice(expansion.diagnostics());
        all.push((name, expansion));
    }
    Compiled::new(OptionValue::Assignments(all), text.bytes.clone()).warned(warnings)
}

fn rewrites(cursor: &Cursor<'_>, text: &Text, lists: &NamedLists) -> Result<Compiled, Fault> {
    let lines: Vec<SourceText> = items_of(text, b':').iter().map(Text::to_source).collect();
    let (rules, found) = RewriteRules::compile_for_transport(&lines, lists);
    if let Some(error) = found.iter().find(|d| d.severity == Severity::Error) {
        let text = error.exim_text.clone().unwrap_or_else(|| error.message.clone());
        return Err(Fault::new(error.id, text, (0, cursor.text.bytes.len())));
    }
    Ok(Compiled::new(OptionValue::Rewrites(Arc::new(rules)), text.bytes.clone()).warned(found))
}

/// Adds what a further setting of a repeatable option gave.
pub(crate) fn merge(value: &mut OptionValue, more: OptionValue) {
    match (value, more) {
        (OptionValue::Texts(texts), OptionValue::Texts(more)) => texts.extend(more),
        (OptionValue::Assignments(all), OptionValue::Assignments(more)) => all.extend(more),
        (value, more) => *value = more,
    }
}

/// Expands a text at load.
pub(crate) fn expand_now(text: &[u8], context: &mut Context<'_>) -> Result<Value, String> {
    Expansion::parse(&SourceText::nowhere(text))
        .eval(&mut context.env)
        .map_err(|error| error.message().to_owned())
}
