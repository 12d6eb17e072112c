//! Who local deliveries run as: every combination of settings, as the oracle's `id` showed them.

use std::sync::Arc;

use crate::context::Context;
use crate::context::facts::{AddressFacts, Facts};
use crate::deliver::identity::authorise;
use crate::services::local_agent::LocalRequest;
use crate::testing::Bench;

const CONFIGURATION: &str = "
never_users = 5
begin routers
plain:
  driver = accept
  transport = none
user:
  driver = accept
  user = ${if eq{1}{1}{daemon}}
  transport = none
usergroup:
  driver = accept
  user = ${if eq{1}{1}{daemon}}
  group = ${if eq{1}{1}{77}}
  transport = none
group:
  driver = accept
  group = ${if eq{1}{1}{77}}
  transport = none
account:
  driver = accept
  check_local_user
  transport = none
never:
  driver = accept
  user = ${if eq{1}{1}{5}}
  group = ${if eq{1}{1}{5}}
  transport = none
begin transports
none:
  driver = appendfile
  file = /mail/x
fixed:
  driver = appendfile
  file = /mail/x
  user = anybody
expanded:
  driver = appendfile
  file = /mail/x
  user = ${if eq{1}{1}{daemon}}
groupie:
  driver = appendfile
  file = /mail/x
  group = ${if eq{1}{1}{88}}
";

/// `uid:gid` of a delivery, or why there is none.
fn identity(bench: &Bench, router: &str, transport: &str, local_part: &str) -> String {
    let mut context = Context::new(Facts::default(), Arc::clone(&bench.services));
    let address = AddressFacts {
        router_name: Some(router.to_owned()),
        local_part: Some(mail_types::value::Value::tainted(local_part)),
        ..AddressFacts::default()
    };
    let request = LocalRequest {
        transport: transport.to_owned(),
        facts: Facts::default(),
        addresses: vec![address],
        run_as: None,
        home_directory: None,
        current_directory: None,
        headers_add: Vec::new(),
        headers_remove: Vec::new(),
        body_offset: 0,
    };
    let config = Arc::clone(&context.config);
    match authorise(&request, &config, &mut context) {
        Ok(run_as) => format!("{}:{}", run_as.uid, run_as.gid),
        Err(refusal) => refusal.message,
    }
}

#[tokio::test]
async fn users_and_groups() {
    let bench = Bench::new(CONFIGURATION);
    // "anybody" is user and group 1000 in the test's configuration; daemon is 1 and 1 on every system.
    for (router, transport, expected) in [
        ("plain", "none", "1000:1000"),
        ("user", "none", "1:1"),
        ("user", "fixed", "1000:1000"),
        ("usergroup", "none", "1:77"),
        ("usergroup", "fixed", "1000:1000"),
        ("usergroup", "expanded", "1:77"),
        ("group", "none", "1000:77"),
        ("plain", "expanded", "1:1"),
        ("user", "groupie", "1:88"),
        ("plain", "groupie", "1000:88"),
        ("never", "none", "User 5 set for none transport is on the never_users list"),
        ("nosuch", "none", "router \"nosuch\" not found"),
        ("plain", "nosuch", "transport \"nosuch\" not found"),
    ] {
        assert_eq!(identity(&bench, router, transport, "x"), expected, "{router} and {transport}");
    }
}

#[tokio::test]
async fn root_is_refused_whatever_the_configuration_says() {
    let bench = Bench::new(CONFIGURATION);
    assert_eq!(
        identity(&bench, "account", "none", "root"),
        "User 0 set for none transport is on the never_users list"
    );
    assert_eq!(identity(&bench, "account", "none", "daemon"), "1:1");
    assert_eq!(
        identity(&bench, "account", "none", "no-such-user"),
        "\"no-such-user\" is no local user, as account router wants it"
    );
}
