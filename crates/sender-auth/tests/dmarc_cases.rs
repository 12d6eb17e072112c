//! DMARC by table: a zone, a message in a line, what comes out.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may fail loudly, and says what it skips"
)]

#[path = "dmarc_cases/opendmarc.rs"]
mod opendmarc;

use mail_types::dns::{Answer, DnsFailure, Record, RecordData, RecordType, Resolve};
use postrider_sender_auth::dmarc::{self, Authenticated, Mode, SignedBy, SuffixRules};
use postrider_sender_auth::spf::SpfVerdict;

/// `name = text`, `name ! failure`, `name` alone for a name without records.
const ZONE: &str = "
_dmarc.none.test = v=DMARC1; p=none
_dmarc.quar.test = v=DMARC1; p=quarantine
_dmarc.rej.test = v=DMARC1; p=reject
_dmarc.sub.test = v=DMARC1; p=reject; sp=none
_dmarc.subq.test = v=DMARC1; p=none; sp=quarantine
_dmarc.own.sub.test = v=DMARC1; p=quarantine
_dmarc.strict.test = v=DMARC1; p=reject; adkim=s; aspf=s
_dmarc.sspf.test = v=DMARC1; p=reject; aspf=s
_dmarc.sdkim.test = v=DMARC1; p=reject; adkim=s
_dmarc.pct0.test = v=DMARC1; p=reject; pct=0
_dmarc.pct50.test = v=DMARC1; p=reject; pct=50
_dmarc.pctq.test = v=DMARC1; p=quarantine; pct=50
_dmarc.bad.test = v=DMARC1; p=nonsense
_dmarc.badrua.test = v=DMARC1; p=nonsense; rua=mailto:x@badrua.test
_dmarc.wrong.test = v=DMARC2; p=reject
_dmarc.late.test = p=reject; v=DMARC1
_dmarc.two.test = v=DMARC1; p=reject
_dmarc.two.test = v=DMARC1; p=none
_dmarc.other.test = some other text
_dmarc.other.test = v=DMARC1; p=reject
_dmarc.dup.test = v=DMARC1; p=reject; p=none
_dmarc.caps.test = v=DMARC1; P=reject; p=Quarantine
_dmarc.fails.test ! ServFail
_dmarc.slow.test ! Timeout
_dmarc.a.fails.test
_dmarc.org.co.uk = v=DMARC1; p=reject
_dmarc.co.uk = v=DMARC1; p=none
_dmarc.np.test = v=DMARC1; p=none; sp=quarantine; np=reject
_dmarc.trying.test = v=DMARC1; p=reject; t=y
_dmarc.tryingq.test = v=DMARC1; p=quarantine; t=y
_dmarc.bank = v=DMARC1; p=reject; psd=y; np=reject
_dmarc.branch.bank = v=DMARC1; p=none
_dmarc.team.uni.test = v=DMARC1; p=quarantine; psd=n
_dmarc.uni.test = v=DMARC1; p=reject
a.np.test A
x.none.test A
";

/// mode | From domains | SPF | signatures | status, domain of the record, policy, aligned by
const CASES: &str = "
psl  | none.test      |                    |                             | none none.test none
psl  | quar.test      |                    |                             | quarantine quar.test quarantine
psl  | rej.test       |                    |                             | reject rej.test reject
psl  | rej.test       | pass rej.test      |                             | accept rej.test reject spf
psl  | rej.test       | pass REJ.Test      |                             | accept rej.test reject spf
psl  | rej.test       | pass rej.test.     |                             | accept rej.test reject spf
psl  | rej.test       | pass m.rej.test    |                             | accept rej.test reject spf
psl  | rej.test       | pass a.b.rej.test  |                             | accept rej.test reject spf
psl  | rej.test       | pass other.test    |                             | reject rej.test reject
psl  | rej.test       | pass xrej.test     |                             | reject rej.test reject
psl  | rej.test       | pass test          |                             | reject rej.test reject
psl  | rej.test       | fail rej.test      |                             | reject rej.test reject
psl  | rej.test       | softfail rej.test  |                             | reject rej.test reject
psl  | rej.test       | neutral rej.test   |                             | reject rej.test reject
psl  | rej.test       | none rej.test      |                             | reject rej.test reject
psl  | rej.test       | permerror rej.test |                             | reject rej.test reject
psl  | rej.test       | temperror rej.test |                             | temperror rej.test reject
psl  | rej.test       | temperror rej.test | pass rej.test               | accept rej.test reject dkim
psl  | rej.test       |                    | pass rej.test               | accept rej.test reject dkim
psl  | rej.test       |                    | pass m.rej.test             | accept rej.test reject dkim
psl  | rej.test       |                    | fail rej.test               | reject rej.test reject
psl  | rej.test       |                    | pass other.test             | reject rej.test reject
psl  | rej.test       |                    | fail rej.test, pass rej.test | accept rej.test reject dkim
psl  | rej.test       |                    | pass o.test, fail rej.test  | reject rej.test reject
psl  | rej.test       |                    | later rej.test              | temperror rej.test reject
psl  | rej.test       | pass rej.test      | later rej.test              | accept rej.test reject spf
psl  | rej.test       | pass rej.test      | pass rej.test               | accept rej.test reject spf dkim
psl  | rej.test       | fail rej.test      | pass m.rej.test             | accept rej.test reject dkim
psl  | quar.test      | fail quar.test     | fail quar.test              | quarantine quar.test quarantine
psl  | none.test      | pass none.test     |                             | accept none.test none spf
psl  | none.test      | fail none.test     | fail none.test              | none none.test none
psl  | x.rej.test     |                    |                             | reject rej.test reject
psl  | x.rej.test     | pass rej.test      |                             | accept rej.test reject spf
psl  | x.rej.test     | pass y.rej.test    |                             | accept rej.test reject spf
psl  | x.sub.test     |                    |                             | none sub.test none
psl  | sub.test       |                    |                             | reject sub.test reject
psl  | x.subq.test    |                    |                             | quarantine subq.test quarantine
psl  | subq.test      |                    |                             | none subq.test none
psl  | own.sub.test   |                    |                             | quarantine own.sub.test quarantine
psl  | x.own.sub.test |                    |                             | none sub.test none
psl  | own.sub.test   | pass sub.test      |                             | accept own.sub.test quarantine spf
psl  | strict.test    | pass strict.test   |                             | accept strict.test reject spf
psl  | strict.test    | pass m.strict.test |                             | reject strict.test reject
psl  | strict.test    |                    | pass strict.test            | accept strict.test reject dkim
psl  | strict.test    |                    | pass m.strict.test          | reject strict.test reject
psl  | x.strict.test  | pass strict.test   |                             | reject strict.test reject
psl  | x.strict.test  | pass x.strict.test |                             | accept strict.test reject spf
psl  | sspf.test      | pass m.sspf.test   | pass m.sspf.test            | accept sspf.test reject dkim
psl  | sdkim.test     | pass m.sdkim.test  | pass m.sdkim.test           | accept sdkim.test reject spf
psl  | pct0.test      |                    |                             | quarantine pct0.test reject
psl  | pct50.test     |                    |                             | reject pct50.test reject
psl80 | pct50.test    |                    |                             | quarantine pct50.test reject
psl49 | pct50.test    |                    |                             | reject pct50.test reject
psl50 | pct50.test    |                    |                             | quarantine pct50.test reject
psl80 | pctq.test     |                    |                             | none pctq.test quarantine
psl  | pctq.test      |                    |                             | quarantine pctq.test quarantine
psl80 | pct50.test    | pass pct50.test    |                             | accept pct50.test reject spf
psl  | bad.test       |                    |                             | norecord
psl  | badrua.test    |                    |                             | none badrua.test none
psl  | wrong.test     |                    |                             | norecord
psl  | late.test      |                    |                             | norecord
psl  | two.test       |                    |                             | norecord
psl  | other.test     |                    |                             | reject other.test reject
psl  | dup.test       |                    |                             | norecord
psl  | caps.test      |                    |                             | quarantine caps.test quarantine
psl  | absent.test    |                    |                             | norecord
psl  | absent.test    | pass absent.test   | pass absent.test            | norecord
psl  | fails.test     |                    |                             | temperror
psl  | fails.test     | pass fails.test    | pass fails.test             | temperror
psl  | slow.test      |                    |                             | temperror
psl  | a.fails.test   |                    |                             | temperror
psl  |                |                    |                             | nofrom
psl  |                | pass rej.test      | pass rej.test               | nofrom
psl  | rej.test, none.test |               |                             | reject rej.test reject
psl  | none.test, rej.test |               |                             | reject rej.test reject
psl  | none.test, quar.test | pass none.test |                           | quarantine quar.test quarantine
psl  | rej.test, quar.test | pass rej.test | pass quar.test              | accept rej.test reject spf
psl  | rej.test, absent.test | pass rej.test |                           | norecord
psl  | quar.test, fails.test |             |                             | temperror
psl  | org.co.uk      |                    |                             | reject org.co.uk reject
psl  | a.org.co.uk    | pass b.org.co.uk   |                             | accept org.co.uk reject spf
psl  | org.co.uk      | pass oth.co.uk     |                             | reject org.co.uk reject
psl  | new.co.uk      |                    |                             | norecord
psl  | co.uk          |                    |                             | none co.uk none
psl  | gone.np.test   |                    |                             | quarantine np.test quarantine
psl  | trying.test    |                    |                             | reject trying.test reject
tree | rej.test       |                    |                             | reject rej.test reject
tree | rej.test       | pass rej.test      |                             | accept rej.test reject spf
tree | rej.test       | pass m.rej.test    |                             | accept rej.test reject spf
tree | rej.test       | pass other.test    |                             | reject rej.test reject
tree | x.rej.test     | pass y.rej.test    |                             | accept rej.test reject spf
tree | a.np.test      |                    |                             | quarantine np.test quarantine
tree | gone.np.test   |                    |                             | reject np.test reject
tree | np.test        |                    |                             | none np.test none
tree | trying.test    |                    |                             | quarantine trying.test reject
tree | tryingq.test   |                    |                             | none tryingq.test quarantine
tree | pct0.test      |                    |                             | reject pct0.test reject
tree | branch.bank    |                    |                             | none branch.bank none
tree | x.branch.bank  |                    |                             | none branch.bank none
tree | gone.bank      |                    |                             | reject bank reject
tree | branch.bank    | pass gone.bank     |                             | none branch.bank none
tree | team.uni.test  | pass uni.test      |                             | quarantine team.uni.test quarantine
tree | x.team.uni.test | pass team.uni.test |                            | accept team.uni.test quarantine spf
tree | lab.uni.test   | pass uni.test      |                             | accept uni.test reject spf
tree | absent.test    |                    |                             | norecord
tree | fails.test     |                    |                             | temperror
tree | a.b.c.d.e.f.g.h.i.rej.test |        |                             | reject rej.test reject
tree |                |                    |                             | nofrom
";

struct Zone;

impl Resolve for Zone {
    fn query(&self, name: &[u8], rtype: RecordType) -> Result<Answer, DnsFailure> {
        let name = String::from_utf8(name.to_vec()).unwrap();
        let mut answer = Answer::default();
        let mut exists = false;
        for line in ZONE.lines() {
            let (owner, rest) = line.split_once(' ').unwrap_or((line, ""));
            exists |= owner == name || owner.ends_with(&format!(".{name}"));
            if owner != name {
                continue;
            }
            match rest.split_once(' ') {
                Some(("!", "ServFail")) => return Err(DnsFailure::ServFail),
                Some(("!", "Timeout")) => return Err(DnsFailure::Timeout),
                Some(("=", text)) if rtype == RecordType::Txt => {
                    let data = RecordData::Txt(vec![text.as_bytes().to_vec()]);
                    answer.records.push(Record { name: owner.into(), rtype, ttl: 1, data });
                }
                _ => {}
            }
        }
        match (answer.records.is_empty(), exists) {
            (false, _) => Ok(answer),
            (true, true) => Err(DnsFailure::NoData),
            (true, false) => Err(DnsFailure::NxDomain),
        }
    }
}

/// `co.uk` and every top label are public suffixes.
struct Rules;

impl SuffixRules for Rules {
    fn registered<'a>(&self, domain: &'a [u8]) -> Option<&'a [u8]> {
        let labels = if domain == b"co.uk" || domain.ends_with(b".co.uk") { 3 } else { 2 };
        let mut parts: Vec<usize> = vec![0];
        parts.extend(domain.iter().enumerate().filter(|(_, byte)| **byte == b'.').map(|(at, _)| at + 1));
        parts.len().checked_sub(labels).map(|at| &domain[parts[at]..])
    }
}

fn verdict(word: &str) -> SpfVerdict {
    use SpfVerdict::*;
    [Pass, Fail, SoftFail, Neutral, None, TempError, PermError]
        .into_iter()
        .find(|verdict| verdict.word() == word)
        .unwrap()
}

fn run(mode: &str, authors: &str, spf: &str, dkim: &str) -> String {
    let authors: Vec<Vec<u8>> = authors
        .split(", ")
        .filter(|author| !author.is_empty())
        .map(|author| author.as_bytes().to_vec())
        .collect();
    let spf = spf.split_once(' ').map(|(word, domain)| (domain.as_bytes(), verdict(word)));
    let dkim: Vec<SignedBy> = dkim
        .split(", ")
        .filter_map(|signed| signed.split_once(' '))
        .map(|(word, domain)| SignedBy {
            domain: domain.as_bytes(),
            passed: word == "pass",
            temporary: word == "later",
        })
        .collect();
    let roll = mode.trim_start_matches("psl").parse().unwrap_or(0);
    let message = Authenticated { authors: &authors, spf, dkim: &dkim, roll };
    let mode = if mode == "tree" { Mode::TreeWalk } else { Mode::SuffixList(&Rules) };
    let outcome = dmarc::check(&message, mode, &Zone);
    let mut words = vec![outcome.status.word().to_owned()];
    words.push(String::from_utf8(outcome.used_domain).unwrap());
    words.push(outcome.policy.map_or(String::new(), |policy| policy.word().to_owned()));
    words.extend(outcome.spf_aligned.then(|| "spf".to_owned()));
    words.extend(outcome.dkim_aligned.then(|| "dkim".to_owned()));
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

#[test]
fn cases() {
    let (mut count, mut wrong) = (0, Vec::new());
    for line in CASES.lines().filter(|line| !line.is_empty()) {
        let fields: Vec<&str> = line.split('|').map(str::trim).collect();
        let got = run(fields[0], fields[1], fields[2], fields[3]);
        count += 1;
        if got != fields[4] {
            wrong.push(format!("{line}\n    came to: {got}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 80, "{count} cases");
}
