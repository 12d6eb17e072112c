//! Which transport and hosts an address goes to: the routers.
//!
//! [`route`] offers one address to the routers of the configuration, in order, until one of them decides. What comes
//! out is a [`RouteOutcome`]: a transport with its hosts, or new addresses, or a failure, or a reason to wait. Callers
//! route the generated addresses in turn: [`crate::deliver`] all of a message's, `verify` and `-bv` a single child,
//! `-bt` everything.
//!
//! Between two conditions the routing may wait (DNS, files as a user, slow lookups): it holds a task, not a thread.
//!
//! # Invariants
//! * Routing changes nothing but hints: what is to be logged, rewritten or reported stands in the outcome.
//! * One call handles one address and never recurses into the addresses that it generates. The single exception, the
//!   check of an `errors_to` address, does not check further ones.
//!
//! # Security
//! Addresses, DNS answers and users' files are hostile. File names must be clean; host names from the DNS only travel
//! as names.
//!
//! # Failure
//! Whatever cannot be found out now defers the address.
//!
//! # Compatibility
//! Specification chapters 3, 15, 16, 17, 20 and 22; texts as Debian's Exim 4.96 gives them.

mod address;
mod affix;
mod chain;
mod driver;
mod generic;
mod hosts;
mod local_host;
mod mx;
mod outcome;
mod preconditions;
mod report;
mod require_files;
mod srv;
mod state;
mod step;
mod translate;
mod verified;
mod world;

pub(crate) use hosts::shuffle;

pub use address::{AddressKind, Ancestor, Inherited, RouteAddress, Special};
pub use hosts::valid_names;
pub use outcome::{
    Assignment, Decision, Directory, HeaderRewrite, HostSource, HostTls, RouteDeferral, RouteFailure,
    RouteHost, RouteLog, RouteOutcome, RouterUser, SyntaxErrorNotice, errno,
};
pub use report::{TestReport, test_address, verify_address};

use crate::context::Context;

/// Why an address is routed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteMode {
    /// To deliver a message.
    Deliver,
    /// For EXPN.
    Expn,
    /// For `-bt`.
    Test,
    /// To verify a recipient (ACL, VRFY, `-bv`).
    VerifyRecipient,
    /// To verify a sender (ACL, `-bvs`).
    VerifySender,
}

impl RouteMode {
    /// Verifying a sender or a recipient.
    pub fn is_verify(self) -> bool {
        matches!(self, Self::VerifyRecipient | Self::VerifySender)
    }
}

/// Offers an address to the routers.
///
/// The facts of the address in `context` are replaced while routing runs and left as the last router saw them.
pub async fn route(address: &RouteAddress, mode: RouteMode, context: &mut Context) -> RouteOutcome {
    chain::run(address, mode, context).await
}

/// The operating system's words for an error number.
pub(crate) fn errno_text(errno: i32) -> String {
    let text = std::io::Error::from_raw_os_error(errno).to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
