//! From host names to addresses.
//!
//! # Invariants
//! * The addresses of one name are in random order, IPv6 before IPv4 unless the router says otherwise.
//!
//! # Security
//! Names from MX records are hostile: they are only asked for and shown.
//!
//! # Compatibility
//! `byname` means the hosts file and then the DNS: other sources of the system's name service are not asked.

use std::net::IpAddr;

use config::options::main;
use config::options::router::generic;
use config::{Config, RouterInstance};
use mail_types::clock::Entropy;
use mail_types::dns::{Answer, DnsFailure, RecordData, RecordType, Security};
use policy::list::Subject;

use super::outcome::{RouteDeferral, RouteHost};
use super::state::State;

/// Which addresses count, and in which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Families {
    pub(crate) ipv4_only: bool,
    pub(crate) ipv4_prefer: bool,
}

/// What DNSSEC has to say (`dnssec_request_domains`, `dnssec_require_domains`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Dnssec {
    /// Answers are looked at for it.
    pub(crate) requested: bool,
    /// Answers that are not secure don't count.
    pub(crate) required: bool,
}

impl Dnssec {
    /// What the options of a router say about a domain.
    pub(crate) async fn of(
        state: &mut State<'_>,
        router: &RouterInstance,
        domain: &[u8],
    ) -> Result<Self, RouteDeferral> {
        let required = state.world.option_has(router, generic::DNSSEC_REQUIRE_DOMAINS, domain).await?;
        let requested =
            required || state.world.option_has(router, generic::DNSSEC_REQUEST_DOMAINS, domain).await?;
        Ok(Self { requested, required })
    }

    /// Whether an answer is of use.
    pub(crate) fn accepts(self, answer: &Answer) -> bool {
        !self.required || answer.security == Security::Secure
    }
}

/// How a name is looked up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Method {
    /// The DNS, then the hosts file.
    #[default]
    Both,
    /// `bydns`.
    Dns,
    /// `byname`.
    Name,
}

/// The addresses of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Addresses {
    /// At least one, and the name that they belong to (which the resolver may have completed).
    Found {
        addresses: Vec<IpAddr>,
        name: Vec<u8>,
        dnssec: bool,
        /// What was asked for, where that is an alias of `name`.
        alias: Option<Vec<u8>>,
    },
    /// None at all.
    Unknown,
    /// Not known now.
    Again,
    /// All that was found is not secure, and must be.
    Insecure,
    /// The name cannot be asked for.
    BadName,
}

/// Looks a name up.
pub(crate) async fn look_up(
    state: &mut State<'_>,
    name: &[u8],
    method: Method,
    families: Families,
    dnssec: Dnssec,
    complete: bool,
) -> Addresses {
    if let Some(address) = literal(name) {
        return Addresses::Found {
            addresses: vec![address],
            name: name.to_vec(),
            dnssec: false,
            alias: None,
        };
    }
    let found = match method {
        Method::Name => Addresses::Unknown,
        Method::Both | Method::Dns => in_dns(state, name, families, dnssec, complete).await,
    };
    if found != Addresses::Unknown || method == Method::Dns {
        return found;
    }
    match in_hosts_file(state, name, families) {
        Addresses::Unknown if method == Method::Name => in_dns(state, name, families, dnssec, complete).await,
        found => found,
    }
}

/// An address written as a host name.
pub(crate) fn literal(name: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(name).ok()?.parse().ok()
}

async fn in_dns(
    state: &mut State<'_>,
    name: &[u8],
    families: Families,
    dnssec: Dnssec,
    complete: bool,
) -> Addresses {
    let mut found = Addresses::Unknown;
    for candidate in candidates(state, name, complete) {
        found = one_name(state, &candidate, families, dnssec).await;
        if found != Addresses::Unknown {
            break;
        }
    }
    found
}

/// The names to ask for: a single label is completed with the resolver's domains first (`qualify_single`).
pub(crate) fn candidates(state: &State<'_>, name: &[u8], complete: bool) -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    if complete && !name.contains(&b'.') {
        let services = &state.world.context.services;
        names.extend(
            services.resolver.config().search.iter().map(|domain| [name, b".", domain.as_slice()].concat()),
        );
    }
    names.push(name.to_vec());
    names
}

async fn one_name(state: &mut State<'_>, name: &[u8], families: Families, dnssec: Dnssec) -> Addresses {
    let without_ipv6 = families.ipv4_only || no_ipv6(state, name).await;
    let v6 = if without_ipv6 {
        Err(DnsFailure::NoData)
    } else {
        state.world.query(name, RecordType::Aaaa, dnssec.requested).await
    };
    let v4 = state.world.query(name, RecordType::A, dnssec.requested).await;
    let mut addresses = Vec::new();
    let mut again = false;
    let mut bad = false;
    let mut insecure = false;
    let mut secure = dnssec.requested;
    let mut full_name = None;
    for answer in [v6, v4] {
        match answer {
            Ok(answer) if !dnssec.accepts(&answer) => insecure = true,
            // Where the name is an alias, the host is what it stands for.
            Ok(answer) => {
                secure &= answer.security == Security::Secure;
                addresses.extend(addresses_of(&answer));
                full_name.get_or_insert(answer.canonical_name);
            }
            Err(DnsFailure::BadName) => bad = true,
            Err(failure) => again |= failure.is_temporary(),
        }
    }
    match full_name {
        Some(full_name) if !addresses.is_empty() => {
            arrange(&mut addresses, families, state.world.context.services.entropy.as_ref());
            let alias = (!full_name.eq_ignore_ascii_case(name)).then(|| name.to_vec());
            Addresses::Found { addresses, name: full_name, dnssec: secure, alias }
        }
        _ if insecure => Addresses::Insecure,
        _ if again => Addresses::Again,
        _ if bad => Addresses::BadName,
        _ => Addresses::Unknown,
    }
}

/// `disable_ipv6`, `dns_ipv4_lookup`.
async fn no_ipv6(state: &mut State<'_>, name: &[u8]) -> bool {
    state.world.config().main.get(main::DISABLE_IPV6)
        || state.world.main_has(main::DNS_IPV4_LOOKUP, name).await
}

fn addresses_of(answer: &Answer) -> impl Iterator<Item = IpAddr> {
    answer.records.iter().filter_map(|record| match record.data {
        RecordData::A(address) => Some(IpAddr::V4(address)),
        RecordData::Aaaa(address) => Some(IpAddr::V6(address)),
        _ => None,
    })
}

/// Random order, then one family before the other.
fn arrange(addresses: &mut [IpAddr], families: Families, entropy: &dyn Entropy) {
    shuffle(addresses, entropy);
    addresses.sort_by_key(|address| address.is_ipv4() != families.ipv4_prefer);
}

/// Puts items into random order.
pub(crate) fn shuffle<T>(items: &mut [T], entropy: &dyn Entropy) {
    for last in (1..items.len()).rev() {
        items.swap(last, random_below(last + 1, entropy));
    }
}

fn random_below(limit: usize, entropy: &dyn Entropy) -> usize {
    let mut bytes = [0; 8];
    entropy.fill(&mut bytes);
    (u64::from_ne_bytes(bytes) % limit.max(1) as u64) as usize
}

/// A number for [`RouteHost::sort_key`].
pub(crate) fn sort_key(entropy: &dyn Entropy) -> u32 {
    let mut bytes = [0; 4];
    entropy.fill(&mut bytes);
    u32::from_ne_bytes(bytes)
}

fn in_hosts_file(state: &State<'_>, name: &[u8], families: Families) -> Addresses {
    let services = &state.world.context.services;
    let without_ipv6 = families.ipv4_only || state.world.config().main.get(main::DISABLE_IPV6);
    let entries = services.resolver.config().hosts.addresses(name).iter();
    let mut addresses: Vec<_> =
        entries.map(|(address, _)| *address).filter(|a| a.is_ipv4() || !without_ipv6).collect();
    if addresses.is_empty() {
        return Addresses::Unknown;
    }
    arrange(&mut addresses, families, services.entropy.as_ref());
    Addresses::Found { addresses, name: name.to_vec(), dnssec: false, alias: None }
}

/// Takes out the addresses that `ignore_target_hosts` names. True when there was one such; none where the list can't tell:
/// then nobody may be spoken to, and the panic log says why.
pub(crate) async fn drop_ignored(
    state: &mut State<'_>,
    router: &RouterInstance,
    name: &[u8],
    addresses: &mut Vec<IpAddr>,
) -> Option<bool> {
    let Some(list) = router.options.get(generic::IGNORE_TARGET_HOSTS) else { return Some(false) };
    let before = addresses.len();
    let mut kept = Vec::with_capacity(before);
    for address in addresses.drain(..) {
        state.world.context.facts.host.address = Some(address);
        let found = if list.may_block() {
            state.world.on_pool(|context| list.matches(Subject::host(&[name], Some(address)), context)).await
        } else {
            Some(list.matches(Subject::host(&[name], Some(address)), state.world.context))
        };
        match found? {
            Ok(found) if found.matched => {}
            Err(error) if !error.unanswered => {
                let name = &router.name;
                let text = format!("failed to check \"ignore_target_hosts\" in {name} router: {error}");
                state.world.log_panic(text);
                return None;
            }
            Ok(_) | Err(_) => kept.push(address),
        }
    }
    state.world.context.facts.host.address = None;
    *addresses = kept;
    Some(addresses.len() != before)
}

/// Takes out hosts with an address that a more preferred one has too.
pub(crate) fn drop_repeated(hosts: &mut Vec<RouteHost>) {
    let mut seen = Vec::with_capacity(hosts.len());
    hosts.retain(|host| {
        let Some(address) = host.address else { return true };
        let known = (address, host.port);
        let new = !seen.contains(&known);
        if new {
            seen.push(known);
        }
        new
    });
}

/// One host an address, with what they share.
pub(crate) fn as_hosts(pattern: &RouteHost, addresses: &[IpAddr]) -> Vec<RouteHost> {
    addresses.iter().map(|address| RouteHost { address: Some(mapped(*address)), ..pattern.clone() }).collect()
}

/// `::ffff:192.0.2.1` is the IPv4 address in it.
fn mapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// Whether a domain has the form of a host name (`dns_check_names_pattern`).
pub(crate) fn is_valid_domain(config: &Config, domain: &[u8]) -> bool {
    // What the DNS will be asked about is what has to have the form.
    let domain = &*dns::a_labels(domain);
    if config.main.is_set(main::DNS_CHECK_NAMES_PATTERN) {
        return match config.main.get(main::DNS_CHECK_NAMES_PATTERN) {
            Some(pattern) if !pattern.is_empty() => matches_pattern(pattern, domain),
            _ => true,
        };
    }
    let domain = domain.strip_suffix(b".").unwrap_or(domain);
    let allow_utf8 = config.main.get(main::ALLOW_UTF8_DOMAINS);
    domain.split(|byte| *byte == b'.').all(|label| is_label(label, allow_utf8))
}

/// The same check for names of hosts that the DNS is asked about, apart from the configuration.
pub fn valid_names(config: &Config) -> impl Fn(&[u8]) -> bool + Send + Sync + use<> {
    let set = config.main.is_set(main::DNS_CHECK_NAMES_PATTERN);
    let pattern = config.main.get(main::DNS_CHECK_NAMES_PATTERN).filter(|pattern| !pattern.is_empty());
    let caseless = expand::regex::Flags { caseless: true };
    // A pattern that is no regular expression was reported when the configuration was read.
    let pattern = pattern.map(|pattern| expand::regex::Regex::compile(pattern, caseless).ok());
    let allow_utf8 = config.main.get(main::ALLOW_UTF8_DOMAINS);
    move |name| match &pattern {
        _ if name.is_empty() => true,
        Some(Some(regex)) if set => regex.is_match(name).unwrap_or(true),
        Some(None) if set => false,
        None if set => true,
        _ => name.split(|byte| *byte == b'.').all(|label| is_label(label, allow_utf8)),
    }
}

fn matches_pattern(pattern: &[u8], domain: &[u8]) -> bool {
    // A pattern that is no regular expression was reported when the configuration was read.
    expand::regex::Regex::compile(pattern, expand::regex::Flags { caseless: true })
        .is_ok_and(|regex| regex.is_match(domain).unwrap_or(true))
}

fn is_label(label: &[u8], allow_utf8: bool) -> bool {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || (allow_utf8 && !byte.is_ascii());
    let inner = |byte: &u8| word(byte) || matches!(byte, b'-' | b'/');
    match label {
        [] => false,
        [only] => word(only),
        [first, middle @ .., last] => word(first) && word(last) && middle.iter().all(inner),
    }
}

#[cfg(test)]
mod tests {
    use mail_types::clock::SeededEntropy;

    use super::*;

    #[test]
    fn one_family_comes_first_and_the_order_is_random() {
        let parse = |text: &str| text.parse::<IpAddr>().expect("a literal address");
        let all: Vec<_> =
            ["192.0.2.1", "192.0.2.2", "2001:db8::1", "192.0.2.3"].into_iter().map(parse).collect();
        let entropy = SeededEntropy::new(7);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..50 {
            let mut addresses = all.clone();
            arrange(&mut addresses, Families::default(), &entropy);
            assert!(addresses[0].is_ipv6());
            seen.insert(addresses[1..].to_vec());
            arrange(&mut addresses, Families { ipv4_prefer: true, ipv4_only: false }, &entropy);
            assert!(addresses[3].is_ipv6());
        }
        assert_eq!(seen.len(), 6, "every order turns up");
    }

    #[test]
    fn labels_are_checked_as_the_default_pattern_does() {
        for good in ["a", "a-b", "a_b", "a/b1", "_x"] {
            assert!(is_label(good.as_bytes(), false), "{good}");
        }
        for bad in ["", "-a", "a-", "[1", "a b"] {
            assert!(!is_label(bad.as_bytes(), false), "{bad}");
        }
        assert!(is_label("b\u{fc}".as_bytes(), true));
    }
}
