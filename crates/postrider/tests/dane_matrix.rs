//! DANE over zones that are really signed, against a real TLS server: each case is a message that is delivered, or waits.
//!
//! Debian's ldnsutils sign the zones and its nsd serves them; Debian's Exim is the server, with another certificate at each
//! of its addresses. The same cases are put to two witnesses behind Debian's unbound: Exim as a client, and Postfix's
//! `posttls-finger`. Where a witness ends otherwise, the table says what, and who is right.
//!
//! A verdict stands twice: for a host that is in `hosts_try_dane` (level `dane` of Postfix), and for one that is in
//! `hosts_require_dane` (level `dane-only`).
#![allow(clippy::expect_used, clippy::print_stderr, reason = "test code outside #[test] functions")]

#[allow(dead_code, reason = "the resolver's tests use the rest")]
#[path = "../../dns/tests/dnssec/daemons.rs"]
mod daemons;
mod harness;
#[path = "dane_matrix/senders.rs"]
mod senders;
#[path = "dane_matrix/world.rs"]
mod world;
#[allow(dead_code, reason = "the resolver's tests use the rest")]
#[path = "../../dns/tests/dnssec/zones.rs"]
mod zones;

use senders::{Mode, Witness};
use world::{Case, Of, Record, Shown, Verdict, World, Zone};

use Of::{Authority, Intermediate, Own, Stranger};
use Shown::{Alone, Common, Deep, Expired, Good, Misnamed, Old, Rootless, Selfmade, Single};
use Verdict::{Encrypted, Returned, Verified, Waits};
use Zone::{Bogus, Insecure, Lapsed, Secure};

/// Selectors and matching types; each row of a table is a case for each.
type Forms = &'static [(u8, u8)];
const ALL: Forms = &[(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)];
/// The record holds the certificate or the key itself.
const FULL: Forms = &[(0, 0), (1, 0)];
const DIGESTS: Forms = &[(0, 1), (0, 2), (1, 1), (1, 2)];

/// Usage, whose certificate or key the record speaks of, what the server shows, what the zone is; how a message ends where
/// DANE is tried and where it is required.
type Row = (u8, Forms, Of, Shown, Zone, Verdict, Verdict);

const ONE_RECORD: &[Row] = &[
    // DANE-EE(3). rfc7672#3.1.1: neither names, nor dates, nor what stands above.
    (3, ALL, Own, Good, Secure, Verified, Verified),
    (3, ALL, Own, Alone, Secure, Verified, Verified),
    (3, ALL, Own, Expired, Secure, Verified, Verified),
    (3, ALL, Own, Misnamed, Secure, Verified, Verified),
    // Nor what else stands in it, or does not.
    (3, ALL, Own, Old, Secure, Verified, Verified),
    (3, ALL, Own, Single, Secure, Verified, Verified),
    (3, ALL, Own, Selfmade, Secure, Verified, Verified),
    (3, ALL, Stranger, Good, Secure, Waits, Waits),
    (3, ALL, Authority, Good, Secure, Waits, Waits),
    // DANE-TA(2). rfc7672#3.1.2, 3.2: the chain is sent, is valid, and the name is the host's.
    (2, ALL, Authority, Good, Secure, Verified, Verified),
    (2, ALL, Authority, Deep, Secure, Verified, Verified),
    (2, ALL, Intermediate, Deep, Secure, Verified, Verified),
    (2, ALL, Intermediate, Rootless, Secure, Verified, Verified),
    (2, DIGESTS, Authority, Alone, Secure, Waits, Waits),
    (2, FULL, Authority, Alone, Secure, Verified, Verified),
    (2, ALL, Authority, Expired, Secure, Waits, Waits),
    (2, ALL, Authority, Misnamed, Secure, Waits, Waits),
    (2, ALL, Stranger, Good, Secure, Waits, Waits),
    // The host's own certificate stands below no authority.
    (2, ALL, Own, Good, Secure, Waits, Waits),
    (2, ALL, Own, Single, Secure, Waits, Waits),
    (2, ALL, Own, Selfmade, Secure, Waits, Waits),
    // rfc7672#3.2.3: the common name counts where there is no other.
    (2, ALL, Authority, Common, Secure, Verified, Verified),
    (3, ALL, Own, Common, Secure, Verified, Verified),
    // rfc7672#3.1.3: PKIX-TA(0) and PKIX-EE(1) can't be used; such a set asks for encryption alone.
    (0, ALL, Authority, Good, Secure, Encrypted, Returned),
    (1, ALL, Own, Good, Secure, Encrypted, Returned),
    // rfc7672#2.2: records that were not signed say nothing.
    (3, ALL, Stranger, Good, Insecure, Encrypted, Returned),
    (2, ALL, Stranger, Good, Insecure, Encrypted, Returned),
    (3, ALL, Own, Good, Insecure, Encrypted, Returned),
    // rfc7672#2.1.2: forged ones make the message wait, even if they fit.
    (3, ALL, Own, Good, Bogus, Waits, Waits),
    (2, ALL, Authority, Good, Bogus, Waits, Waits),
    (3, DIGESTS, Own, Good, Lapsed, Waits, Waits),
];

/// The records of a host, what it shows, what the zone is; how a message ends where DANE is tried and where it is required.
type SetRow = (&'static [Record], Shown, Zone, Verdict, Verdict);

const SETS: &[SetRow] = &[
    (&[], Good, Secure, Encrypted, Returned),
    (&[], Good, Insecure, Encrypted, Returned),
    // rfc7671#8.1: a key that is about to change.
    (&[(3, 1, 1, Stranger), (3, 1, 1, Own)], Good, Secure, Verified, Verified),
    (&[(3, 1, 1, Own), (3, 0, 1, Stranger)], Good, Secure, Verified, Verified),
    (&[(3, 1, 1, Stranger), (3, 1, 1, Authority)], Good, Secure, Waits, Waits),
    // Usages beside each other.
    (&[(2, 0, 1, Stranger), (3, 1, 1, Own)], Good, Secure, Verified, Verified),
    (&[(3, 1, 1, Stranger), (2, 0, 1, Authority)], Good, Secure, Verified, Verified),
    (&[(3, 1, 1, Stranger), (2, 0, 1, Authority)], Misnamed, Secure, Waits, Waits),
    (&[(3, 1, 1, Own), (2, 0, 1, Authority)], Misnamed, Secure, Verified, Verified),
    // What can't be used takes nothing from what can be.
    (&[(1, 1, 1, Stranger), (3, 1, 1, Own)], Good, Secure, Verified, Verified),
    (&[(1, 1, 1, Own), (3, 1, 1, Stranger)], Good, Secure, Waits, Waits),
    (&[(3, 9, 1, Own), (3, 1, 1, Own)], Good, Secure, Verified, Verified),
    (&[(3, 1, 9, Own), (3, 1, 1, Stranger)], Good, Secure, Waits, Waits),
    (&[(3, 9, 1, Own)], Good, Secure, Encrypted, Returned),
    (&[(3, 1, 9, Own)], Good, Secure, Encrypted, Returned),
    (&[(9, 1, 1, Own)], Good, Secure, Encrypted, Returned),
    // rfc7671#9: of several digests of the same usage and selector the strongest counts, full values always do.
    (&[(3, 1, 1, Own), (3, 1, 2, Stranger)], Good, Secure, Waits, Waits),
    (&[(3, 1, 1, Stranger), (3, 1, 2, Own)], Good, Secure, Verified, Verified),
    (&[(3, 0, 1, Own), (3, 1, 2, Stranger)], Good, Secure, Verified, Verified),
    (&[(3, 1, 0, Own), (3, 1, 2, Stranger)], Good, Secure, Verified, Verified),
    (&[(2, 0, 1, Authority), (3, 0, 2, Stranger)], Good, Secure, Verified, Verified),
];

/// What is special, the zone of the domain, and the records (`#` tells the cases apart, `OWN` and `OTHER` are the data of a TLSA
/// record, `HOST` is the server); how a message ends where DANE is tried and where it is required.
type NameRow = (&'static str, Zone, &'static [(Zone, &'static str)], Verdict, Verdict);

/// rfc7672#2.2.1, 2.2.2, 2.2.3, 3.2.2, 8.1. `CHOOSER` shows to who asks for `r…` what `OWN` is about, and for `m…` what
/// `EXPIRED` is about. The certificate is for `*.secure.test`, that of `ELSEWHERE` for `*.end.secure.test`.
const NAMES: &[NameRow] = &[
    ("no MX record", Secure, &[(Secure, "d# A HOST\n_25._tcp.d# TLSA OWN")], Verified, Verified),
    (
        "the domain is an alias",
        Secure,
        &[(Secure, "d# CNAME e#\ne# MX 10 m#\nm# A HOST\n_25._tcp.m# TLSA OWN")],
        Verified,
        Verified,
    ),
    (
        "the host is an alias, with records at its end",
        Secure,
        &[(Secure, "d# MX 10 m#\nm# CNAME r#\nr# A HOST\n_25._tcp.r# TLSA OWN")],
        Verified,
        Verified,
    ),
    (
        "the host is an alias, with records at its beginning",
        Secure,
        &[(Secure, "d# MX 10 m#\nm# CNAME r#\nr# A HOST\n_25._tcp.m# TLSA OWN")],
        Verified,
        Verified,
    ),
    (
        "records at both, those at the end fit",
        Secure,
        &[(Secure, "d# MX 10 m#\nm# CNAME r#\nr# A HOST\n_25._tcp.r# TLSA OWN\n_25._tcp.m# TLSA OTHER")],
        Verified,
        Verified,
    ),
    (
        "records at both, those at the beginning fit",
        Secure,
        &[(Secure, "d# MX 10 m#\nm# CNAME r#\nr# A HOST\n_25._tcp.r# TLSA OTHER\n_25._tcp.m# TLSA OWN")],
        Waits,
        Waits,
    ),
    (
        "an alias into an unsigned zone, with records at its beginning",
        Secure,
        &[(Secure, "d# MX 10 m#\nm# CNAME r#.insecure.test.\n_25._tcp.m# TLSA OWN"), (Insecure, "r# A HOST")],
        Verified,
        Verified,
    ),
    (
        "an alias into an unsigned zone, with records at its beginning that do not fit",
        Secure,
        &[
            (Secure, "d# MX 10 m#\nm# CNAME r#.insecure.test.\n_25._tcp.m# TLSA OTHER"),
            (Insecure, "r# A HOST"),
        ],
        Waits,
        Waits,
    ),
    (
        "an alias into an unsigned zone, with records at its end",
        Secure,
        &[
            (Secure, "d# MX 10 m#\nm# CNAME r#.insecure.test."),
            (Insecure, "r# A HOST\n_25._tcp.r# TLSA OTHER"),
        ],
        Encrypted,
        Returned,
    ),
    (
        "an alias from an unsigned zone",
        Insecure,
        &[(Insecure, "d# MX 10 m#\nm# CNAME r#.secure.test."), (Secure, "r# A HOST\n_25._tcp.r# TLSA OTHER")],
        Encrypted,
        Returned,
    ),
    (
        "the end of the aliases is asked for by SNI",
        Secure,
        &[(Secure, "d# MX 10 m#\nm# CNAME r#\nr# A CHOOSER\n_25._tcp.r# TLSA OWN")],
        Verified,
        Verified,
    ),
    (
        "SNI, with records at its beginning",
        Secure,
        &[(Secure, "d# MX 10 m#\nm# CNAME r#\nr# A CHOOSER\n_25._tcp.m# TLSA EXPIRED")],
        Verified,
        Verified,
    ),
    (
        "SNI, without aliases",
        Secure,
        &[(Secure, "d# MX 10 m#\nm# A CHOOSER\n_25._tcp.m# TLSA EXPIRED")],
        Verified,
        Verified,
    ),
    (
        "the certificate is for the domain",
        Secure,
        &[(Secure, "d# MX 10 m#.of\nm#.of A HOST\n_25._tcp.m#.of TLSA AUTHORITY")],
        Verified,
        Verified,
    ),
    (
        "the certificate is for what the domain is an alias of",
        Secure,
        &[(Secure, "d# CNAME e#.end\ne#.end MX 10 m#\nm# A ELSEWHERE\n_25._tcp.m# TLSA AUTHORITY")],
        Verified,
        Verified,
    ),
    (
        "the certificate is for neither of them",
        Secure,
        &[(Secure, "d# CNAME e#\ne# MX 10 m#\nm# A ELSEWHERE\n_25._tcp.m# TLSA AUTHORITY")],
        Waits,
        Waits,
    ),
    (
        "the certificate is for the host at the end of its aliases",
        Secure,
        &[(Secure, "d# MX 10 m#\nm# CNAME r#.end\nr#.end A ELSEWHERE\n_25._tcp.r#.end TLSA AUTHORITY")],
        Verified,
        Verified,
    ),
    (
        "no MX record, and the certificate is for what the domain is an alias of",
        Secure,
        &[(Secure, "d# CNAME e#.end\ne#.end A ELSEWHERE\n_25._tcp.e#.end TLSA AUTHORITY")],
        Verified,
        Verified,
    ),
    (
        NO_MX_AND_ALIAS,
        Secure,
        &[(Secure, "d# CNAME e#.of\ne#.of A HOST\n_25._tcp.e#.of TLSA AUTHORITY")],
        Verified,
        Verified,
    ),
    (
        "the TLSA record is an alias",
        Secure,
        &[(Secure, "d# MX 10 m#\nm# A HOST\n_25._tcp.m# CNAME t#\nt# TLSA OWN")],
        Verified,
        Verified,
    ),
    (
        "the TLSA record is an alias of one that does not fit",
        Secure,
        &[(Secure, "d# MX 10 m#\nm# A HOST\n_25._tcp.m# CNAME t#\nt# TLSA OTHER")],
        Waits,
        Waits,
    ),
    (
        "the TLSA record is an alias into an unsigned zone",
        Secure,
        &[
            (Secure, "d# MX 10 m#\nm# A HOST\n_25._tcp.m# CNAME t#.insecure.test."),
            (Insecure, "t# TLSA OTHER"),
        ],
        Encrypted,
        Returned,
    ),
    (
        "the TLSA record is an alias into a forged zone",
        Secure,
        &[(Secure, "d# MX 10 m#\nm# A HOST\n_25._tcp.m# CNAME t#.bogus.test."), (Bogus, "t# TLSA OWN")],
        Waits,
        Waits,
    ),
    (
        "two hosts, only the records of the second fit",
        Secure,
        &[(
            Secure,
            "d# MX 10 m#\nd# MX 20 n#\nm# A ELSEWHERE\nn# A HOST\n_25._tcp.m# TLSA OTHER\n_25._tcp.n# TLSA OWN",
        )],
        Verified,
        Verified,
    ),
    (
        "two hosts, the records of neither fit",
        Secure,
        &[(
            Secure,
            "d# MX 10 m#\nd# MX 20 n#\nm# A ELSEWHERE\nn# A HOST\n_25._tcp.m# TLSA OTHER\n_25._tcp.n# TLSA OTHER",
        )],
        Waits,
        Waits,
    ),
    (
        "the host's name lies below a DNAME",
        Secure,
        &[(Secure, "d# MX 10 m.b#\nb# DNAME r#\nm.r# A HOST\n_25._tcp.m.r# TLSA OWN")],
        Verified,
        Verified,
    ),
    (
        "the host's name lies below a DNAME, records that do not fit",
        Secure,
        &[(Secure, "d# MX 10 m.b#\nb# DNAME r#\nm.r# A HOST\n_25._tcp.m.r# TLSA OTHER")],
        Waits,
        Waits,
    ),
    (
        "a signed host of an unsigned domain",
        Insecure,
        &[(Insecure, "d# MX 10 m#.secure.test."), (Secure, "m# A HOST\n_25._tcp.m# TLSA OWN")],
        Encrypted,
        Returned,
    ),
];

const NO_MX_AND_ALIAS: &str = "no MX record, and the certificate is for the domain, an alias";

/// Where a witness ends otherwise: of which cases, how, and who is right.
struct Difference {
    witness: Witness,
    of: fn(&Case, Mode) -> bool,
    /// Where DANE is tried, and where it is required.
    ends: (Verdict, Verdict),
    right: &'static str,
}

const DIFFERENCES: &[Difference] = &[
    Difference {
        witness: Witness::Exim,
        of: |case, _| case.shown == Alone && case.records.iter().any(|record| record.0 == 2 && record.2 == 0),
        ends: (Waits, Waits),
        right: "we and Postfix: rfc7671#5.2.2 asks for the authority in the chain where the record is a digest; GnuTLS \
                looks for it there alone",
    },
    Difference {
        witness: Witness::Exim,
        of: |case, _| case.records == [(3, 1, 1, Own), (3, 1, 2, Stranger)],
        ends: (Verified, Verified),
        right: "we and Postfix: rfc7671#9 has clients ignore all but the strongest digest",
    },
    Difference {
        witness: Witness::Exim,
        of: |case, mode| {
            mode == Mode::Required
                && case.tried == Encrypted
                && !case.records.is_empty()
                && case.zone == Secure
        },
        ends: (Encrypted, Encrypted),
        right: "we and Postfix: rfc7672#6 leaves it to the client what it requires, and records that can't be used \
                verify nothing; the specification says of hosts_require_dane that the session is verified by DANE",
    },
    Difference {
        witness: Witness::Exim,
        of: |case, _| case.says.ends_with("with records at its beginning"),
        ends: (Encrypted, Returned),
        right: "we and Postfix: rfc7672#2.2.2 names the beginning of the aliases as the second place",
    },
    Difference {
        witness: Witness::Exim,
        of: |case, _| {
            case.says == "an alias into an unsigned zone, with records at its beginning that do not fit"
        },
        ends: (Encrypted, Returned),
        right: "we and Postfix, by the same sentence",
    },
    Difference {
        witness: Witness::Exim,
        of: |case, _| {
            ["the certificate is for the domain", "the certificate is for what the domain is an alias of"]
                .contains(&case.says)
        },
        ends: (Waits, Waits),
        right: "we and Postfix: rfc7672#3.2.2 has clients take the domain, and what it is an alias of, beside the host",
    },
    Difference {
        witness: Witness::Postfix,
        of: |case, _| case.records == [(2, 1, 0, Own)] && [Single, Selfmade].contains(&case.shown),
        ends: (Verified, Verified),
        right: "we and Exim: usage 2 is for what stands above the host's certificate, and Postfix, too, refuses such a key \
                in any other form",
    },
    Difference {
        witness: Witness::Exim,
        of: |case, _| case.says == NO_MX_AND_ALIAS,
        ends: (Waits, Waits),
        right: "we: by the same section, for domains without MX records",
    },
    Difference {
        witness: Witness::Postfix,
        of: |case, _| case.says == NO_MX_AND_ALIAS,
        ends: (Waits, Waits),
        right: "we, by the same sentence",
    },
    Difference {
        witness: Witness::Postfix,
        of: |case, _| case.says == "two hosts, only the records of the second fit",
        ends: (Waits, Waits),
        right: "we and Exim: posttls-finger looks at the first host that answers, and sends nothing",
    },
    Difference {
        witness: Witness::Postfix,
        of: |case, _| case.says == "a signed host of an unsigned domain",
        ends: (Verified, Verified),
        right: "both: rfc7672#2.2.1 leaves it to the client; we do as Exim and its specification say",
    },
];

fn cases() -> Vec<Case> {
    let one = ONE_RECORD.iter().flat_map(|(usage, forms, of, shown, zone, tried, required)| {
        forms.iter().map(|(selector, matching)| Case {
            says: "",
            layout: &[],
            records: vec![(*usage, *selector, *matching, *of)],
            shown: *shown,
            zone: *zone,
            tried: *tried,
            required: *required,
        })
    });
    let sets = SETS.iter().map(|(records, shown, zone, tried, required)| Case {
        says: "",
        layout: &[],
        records: records.to_vec(),
        shown: *shown,
        zone: *zone,
        tried: *tried,
        required: *required,
    });
    let names = NAMES.iter().map(|(says, zone, layout, tried, required)| Case {
        says,
        layout,
        records: Vec::new(),
        shown: Good,
        zone: *zone,
        tried: *tried,
        required: *required,
    });
    one.chain(sets).chain(names).collect()
}

/// What `tls-policy` makes of it.
fn exit_code(verdict: Verdict) -> i32 {
    match verdict {
        Verified | Encrypted => 0,
        Waits => 1,
        Returned => 2,
    }
}

#[test]
fn verdicts_over_signed_zones() {
    if !world::can_run() || !harness::inside_of("verdicts_over_signed_zones", &["--net"], world::SETUP) {
        return;
    }
    let cases = cases();
    assert!(cases.len() > 200, "{}", cases.len());
    let world = World::set(&cases);
    let mut wrong = Vec::new();
    let mut told = vec![0; DIFFERENCES.len()];
    for mode in [Mode::Tried, Mode::Required] {
        let ours = senders::postrider(&world, mode);
        let explained = senders::tls_policy(&world, mode);
        let exims = senders::exim(&world, mode);
        let postfixes = senders::posttls_finger(&world, mode);
        for (at, case) in cases.iter().enumerate() {
            let want = mode.of((case.tried, case.required));
            if ours[at] != want {
                wrong.push(format!("{} ends {:?}: {case:?} {mode:?}", world.domains[at], ours[at]));
            }
            let (code, text) = &explained[at];
            if *code != Some(exit_code(want)) {
                wrong.push(format!(
                    "tls-policy {} ends with {code:?}: {case:?} {mode:?}\n{text}",
                    world.domains[at]
                ));
            }
            for (witness, ends) in [(Witness::Exim, exims[at]), (Witness::Postfix, postfixes[at])] {
                let difference =
                    DIFFERENCES.iter().position(|it| it.witness == witness && (it.of)(case, mode));
                let want = difference.map_or(want, |at| mode.of(DIFFERENCES[at].ends));
                if !witness.agrees(ends, want) {
                    wrong.push(format!("{} {witness:?} ends {ends:?}: {case:?} {mode:?}", world.domains[at]));
                }
                if let Some(at) = difference {
                    told[at] += 1;
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (difference, times) in DIFFERENCES.iter().zip(told) {
        assert!(times > 0, "no case shows it: {}", difference.right);
    }
}
