//! The option tables and typed access to their values.
//!
//! [`main`], [`router`], [`transport`] and [`authenticator`] hold one row per option; [`OptionSet`] holds the values of one
//! section or driver instance.
//!
//! # Compatibility
//! Names, kinds and defaults are Exim 4.99's; what is inert stands in docs/compat.md, which a test compares with the tables.

pub mod authenticator;
mod definition;
pub mod inert;
pub mod kind;
pub mod main;
pub mod postrider;
pub mod router;
mod set;
pub mod transport;
pub mod value;

pub use definition::{Class, Effect, Opt, OptionDef, OptionKind, Table};
pub use kind::OptionType;
pub use set::{OptionSet, Slot};
pub use value::{FlagValue, IdText, NumberValue, OptionValue, UserId};

static ROUTERS: [&Table; 7] = [
    &router::accept::TABLE,
    &router::dnslookup::TABLE,
    &router::ipliteral::TABLE,
    &router::iplookup::TABLE,
    &router::manualroute::TABLE,
    &router::queryprogram::TABLE,
    &router::redirect::TABLE,
];

static TRANSPORTS: [&Table; 6] = [
    &transport::appendfile::TABLE,
    &transport::autoreply::TABLE,
    &transport::lmtp::TABLE,
    &transport::pipe::TABLE,
    &transport::queuefile::TABLE,
    &transport::smtp::TABLE,
];

static AUTHENTICATORS: [&Table; 9] = [
    &authenticator::cram_md5::TABLE,
    &authenticator::cyrus_sasl::TABLE,
    &authenticator::dovecot::TABLE,
    &authenticator::external::TABLE,
    &authenticator::gsasl::TABLE,
    &authenticator::heimdal_gssapi::TABLE,
    &authenticator::plaintext::TABLE,
    &authenticator::spa::TABLE,
    &authenticator::tls::TABLE,
];

static MAIN: [&Table; 2] = [&main::TABLE, &postrider::TABLE];
static GENERIC_ROUTER: [&Table; 1] = [&router::generic::TABLE];
static GENERIC_TRANSPORT: [&Table; 1] = [&transport::generic::TABLE];
static GENERIC_AUTHENTICATOR: [&Table; 1] = [&authenticator::generic::TABLE];

/// The private tables of a class, one per driver.
pub fn drivers(class: Class) -> &'static [&'static Table] {
    match class {
        Class::Main => &[],
        Class::Router => &ROUTERS,
        Class::Transport => &TRANSPORTS,
        Class::Authenticator => &AUTHENTICATORS,
    }
}

/// The tables that every section or instance of a class has.
pub fn generic(class: Class) -> &'static [&'static Table] {
    match class {
        Class::Main => &MAIN,
        Class::Router => &GENERIC_ROUTER,
        Class::Transport => &GENERIC_TRANSPORT,
        Class::Authenticator => &GENERIC_AUTHENTICATOR,
    }
}

/// Every table.
pub fn tables() -> impl Iterator<Item = &'static Table> {
    [Class::Main, Class::Router, Class::Transport, Class::Authenticator]
        .into_iter()
        .flat_map(|class| generic(class).iter().chain(drivers(class)).copied())
}

/// Who else has an option of this name, in words, others of the same class before the rest; used for advice.
pub(crate) fn owner_of(name: &str, besides: Class) -> Option<String> {
    let table = tables()
        .filter(|table| table.find(name).is_some() && (table.class != besides || besides != Class::Main))
        .min_by_key(|table| table.class != besides)?;
    Some(match (table.class, table.owner) {
        (Class::Main, _) => "the main section".into(),
        (class, "generic") => format!("{}s", class.word()),
        (class, driver) => format!("the {driver} {}", class.word()),
    })
}

#[cfg(test)]
mod tests;
