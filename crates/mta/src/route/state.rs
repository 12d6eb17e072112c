//! One address on its way along the routers.
//!
//! # Invariants
//! * What one router's preconditions found out (account, home, affixes, data of matches) is gone when the next router
//!   begins; `address_data`, `r_` variables and `self_hostname` stay.

use config::RouterInstance;
use config::options::router::generic;
use mail_types::value::Value;

use super::RouteMode;
use super::address::{Ancestor, Inherited, RouteAddress};
use super::affix::Affixes;
use super::outcome::{RouteDeferral, RouterUser, errno};
use super::world::World;
use crate::context::Context;
use crate::context::facts::{AddressFacts, LocalUser};
use crate::services::accounts::Account;

/// The address, what it has collected, and what the router at hand knows.
pub(crate) struct State<'a> {
    pub(crate) address: &'a RouteAddress,
    pub(crate) world: World<'a>,
    pub(crate) inherited: Inherited,
    /// What a router that declined had to say; the last such word is told when no router accepts.
    pub(crate) message: Option<Vec<u8>>,
    /// The local part that the router at hand works with.
    pub(crate) local_part: Vec<u8>,
    /// What `check_local_user` found.
    pub(crate) account: Option<Account>,
    /// `router_home_directory`.
    pub(crate) router_home: Option<Value>,
    /// `user` and `group` of the router at hand.
    pub(crate) user: RouterUser,
}

impl<'a> State<'a> {
    pub(crate) fn new(address: &'a RouteAddress, mode: RouteMode, context: &'a mut Context) -> Self {
        Self {
            address,
            world: World::new(context, mode),
            inherited: address.inherited.clone(),
            message: None,
            local_part: address.local_part.to_ascii_lowercase(),
            account: None,
            router_home: None,
            user: RouterUser::default(),
        }
    }

    /// Begins with a router: its affixes are off the local part, and nothing else is known.
    pub(crate) fn begin_router(&mut self, router: &RouterInstance, affixes: &Affixes) {
        let local_part = affixes.middle(&self.address.local_part);
        let caseful = router.options.get(generic::CASEFUL_LOCAL_PART);
        self.local_part = if caseful { local_part.to_vec() } else { local_part.to_ascii_lowercase() };
        self.account = None;
        self.router_home = None;
        self.user = RouterUser::default();
        let mut facts = self.fresh_facts(&router.name);
        affixes.record(&mut facts, &self.address.local_part, caseful);
        *self.facts() = facts;
    }

    /// The facts of the address in the context.
    pub(crate) fn facts(&mut self) -> &mut AddressFacts {
        &mut self.world.context.facts.address
    }

    /// An account whose home and numbers the rest of the router sees.
    pub(crate) fn set_account(&mut self, account: Account) {
        let home = home_of(&account);
        let name = Value::clean(account.name.clone());
        let user = LocalUser { uid: account.uid, gid: account.gid };
        let facts = self.facts();
        facts.home = Some(home);
        facts.local_part_data = Some(name);
        facts.local_user = Some(user);
        self.account = Some(account);
    }

    fn fresh_facts(&self, router: &str) -> AddressFacts {
        let top = self.address.original();
        let parent = self.address.parent.as_deref();
        let (original_local_part, original_domain) = match top {
            Some(top) => parts_of(top),
            None => (self.address.local_part.to_ascii_lowercase(), self.address.domain.clone()),
        };
        AddressFacts {
            address: self.address.address.clone(),
            recipient: Some(top.map_or_else(|| self.address.address.clone(), |top| top.address.clone())),
            local_part: Some(Value::tainted(self.local_part.clone())),
            domain: Some(Value::tainted(self.address.domain.clone())),
            original_local_part: Some(Value::tainted(original_local_part)),
            original_domain: Some(Value::tainted(original_domain)),
            parent_local_part: parent.map(|p| Value::tainted(p.local_part.clone())),
            parent_domain: parent.map(|p| Value::tainted(p.domain.clone())),
            address_data: self.inherited.address_data.clone(),
            router_variables: self.inherited.router_variables.clone(),
            self_hostname: self.inherited.self_hostname.clone(),
            srs: self.inherited.srs.clone(),
            router_name: Some(router.to_owned()),
            ..AddressFacts::default()
        }
    }
}

fn parts_of(ancestor: &Ancestor) -> (Vec<u8>, Vec<u8>) {
    (ancestor.local_part.clone(), ancestor.domain.clone())
}

/// An account's home directory, from the password file and so clean.
pub(crate) fn home_of(account: &Account) -> Value {
    Value::clean(account.home.clone().into_os_string().into_encoded_bytes())
}

impl RouteDeferral {
    /// A deferral by a router, without a number.
    pub(crate) fn by(router: &RouterInstance, message: impl Into<Vec<u8>>) -> Self {
        Self::numbered(router, errno::NONE, message)
    }

    /// A deferral by a router.
    pub(crate) fn numbered(router: &RouterInstance, errno: i32, message: impl Into<Vec<u8>>) -> Self {
        Self {
            router: Some(router.name.clone()),
            errno,
            message: message.into(),
            user_message: None,
            freeze: false,
            retry_use_local_part: retry_uses_local_part(router),
        }
    }
}

/// `retry_use_local_part`: unset, it follows from whether the router looks at the local part at all.
pub(crate) fn retry_uses_local_part(router: &RouterInstance) -> bool {
    let options = &router.options;
    options.get(generic::RETRY_USE_LOCAL_PART).unwrap_or_else(|| {
        options.get(generic::CHECK_LOCAL_USER)
            || options.get(generic::LOCAL_PARTS).is_some()
            || !options.get(generic::CONDITION).is_empty()
            || !options.get(generic::LOCAL_PART_PREFIX).is_empty()
            || !options.get(generic::LOCAL_PART_SUFFIX).is_empty()
            || options.get(generic::SENDERS).is_some()
            || options.get(generic::REQUIRE_FILES).is_some()
    })
}
