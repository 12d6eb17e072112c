//! Routing against what Debian's Exim answers to `-bt` and `-bv` with the same configuration and the same DNS.

mod dns_routers;
mod generic_options;
mod redirection;

use std::sync::Arc;

use dns::fixture::FixtureServer;

use super::{TestReport, test_address, verify_address};
use crate::context::Context;
use crate::context::facts::Facts;
use crate::deliver::InProcessAgent;
use crate::testing::Bench;

/// The DNS of all these tests.
const ZONE: &str = "
    mx.example       MX 10 m1.mx.example
    mx.example       MX 20 m2.mx.example
    m1.mx.example    A 192.0.2.1
    m2.mx.example    A 192.0.2.2
    m2.mx.example    AAAA 2001:db8::2
    a.example        A 192.0.2.9
    null.example     MX 0 .
    self.example     MX 10 me.self.example
    self.example     MX 20 m1.mx.example
    me.self.example  A 127.0.0.1
    sec.example      MX 10 m1.mx.example
    sec.example      MX 20 me.self.example
    sec.example      MX 30 m2.mx.example
    nohost.example   MX 10 nosuch.nohost.example
    ipmx.example     MX 10 192.0.2.77
    sf.example       FAULT servfail
    sfa.example      MX 10 sf.example
    sfa2.example     MX 10 sf.example
    sfa2.example     MX 20 m1.mx.example
    self2.example    A 127.0.0.1
    txt.example      TXT hello
    six.example      A 192.0.2.10
    six.example      AAAA 2001:db8::10
    short.dict.fict.example A 192.0.2.4
    x.s.example      A 192.0.2.30
";

const TRANSPORTS: &str = "
begin transports
tlocal:
  driver = appendfile
  file = /nowhere/x
remote:
  driver = smtp
tfile:
  driver = appendfile
tpipe:
  driver = pipe
begin retry
* * F,2h,15m
";

/// A server with these routers, a name server with [`ZONE`], and a process that reads files as itself.
struct Routing {
    bench: Bench,
    _server: FixtureServer,
}

impl Routing {
    fn new(routers: &str) -> Self {
        Self::with_main("", routers)
    }

    fn with_main(main: &str, routers: &str) -> Self {
        let server = FixtureServer::start(ZONE).expect("the zone is sound");
        let address = server.address();
        let agent = Arc::new(InProcessAgent::new());
        let for_bench = Arc::clone(&agent);
        let configuration =
            format!("local_interfaces = 127.0.0.1\n{main}\nbegin routers\n{routers}\n{TRANSPORTS}");
        let bench = Bench::with(&configuration, move |services| {
            let settings = dns::ResolverConfig { tries: 1, ..dns::ResolverConfig::with_servers([address]) };
            let resolver =
                dns::Resolver::new(settings, Arc::clone(&services.clock), Arc::clone(&services.entropy));
            services.blocking_resolver = Arc::new(resolver.blocking(tokio::runtime::Handle::current()));
            services.resolver = Arc::new(resolver);
            services.local_agent = for_bench;
        });
        agent.attach(&bench.services);
        Self { bench, _server: server }
    }

    fn context(&self) -> Context {
        let mut context = Context::new(Facts::default(), Arc::clone(&self.bench.services));
        context.facts.message.sender_address = b"sender@test.example".to_vec();
        context
    }

    /// `-bt` as an administrator: what is printed, log lines first.
    async fn test(&self, address: &str) -> String {
        shown(test_address(address.as_bytes(), true, &mut self.context()).await)
    }

    /// `-bv`.
    async fn verify(&self, address: &str, verbose: bool) -> String {
        shown(verify_address(address.as_bytes(), false, verbose, true, &mut self.context()).await)
    }
}

fn shown(report: TestReport) -> String {
    let mut text = String::new();
    for line in report.log {
        let mark = if line.panic { "PANIC: " } else { "LOG: " };
        text.push_str(mark);
        text.push_str(String::from_utf8_lossy(&line.text).trim_end());
        text.push('\n');
    }
    text.push_str(&report.text);
    format!("{text}[{}]", report.exit_code)
}

/// Runs `-bt` for the local part `x` at `test.example` with one router, once a case.
async fn check_router(cases: &[(&str, &str)]) {
    for (options, expected) in cases {
        let routing = Routing::new(&format!("r:\n  {options}\n"));
        assert_eq!(routing.test("x@test.example").await, *expected, "with {options}");
    }
}
