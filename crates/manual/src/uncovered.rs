//! `cargo xtask coverage FILE`: which names a program does not know, each with the reason why that is so.
//!
//! FILE holds what the coverage tool of the names' inventory printed about a program (with `--list`): lines of family, name,
//! tier and what was seen, with tabs between them. Its other lines are passed over.
//!
//! # Invariants
//! * A name is excused by the table that defines it (a row without an effect), or by [`EXEMPT`]; whatever is excused by neither
//!   is a gap, and a gap is a failure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use config::Class;
use config::builtin::driver_works;
use config::options::{drivers, inert};

use crate::chapters;
use crate::coverage::EXEMPT;
use crate::entry::Entry;

/// Names that work, and that the tool's own configuration cannot show: it names a router that there is not, and is refused
/// as Exim refuses it.
const NOT_SHOWN: [(&str, &str); 2] = [
    ("generic:pass_router", "the router of this name has to exist, as in Exim"),
    ("generic:redirect_router", "the router of this name has to exist, as in Exim"),
];

/// Why a name is not covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Excuse {
    Inert,
    Exempt,
}

/// The report: each name that is not covered, and the sums.
///
/// # Errors
/// A name has no excuse, or the text holds none of the tool's lines.
pub fn uncovered(list: &str) -> Result<String, String> {
    let missing = missing()?;
    let (mut out, mut gaps) = (String::new(), String::new());
    let mut sums: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for line in list.lines() {
        let [family, name, tier, _] = line.split('\t').collect::<Vec<_>>()[..] else { continue };
        if !tier.starts_with("tier ") {
            continue;
        }
        let Some((excuse, why)) = excuse(family, name, &missing) else {
            let _ = writeln!(gaps, "gap: {family} {name}");
            continue;
        };
        sums.entry(family).or_default()[usize::from(excuse == Excuse::Exempt)] += 1;
        let word = if excuse == Excuse::Exempt { "exempt" } else { "inert" };
        let _ = writeln!(out, "{word}: {family} {name}: {why}");
    }
    if sums.is_empty() && gaps.is_empty() {
        return Err(
            "there are no names in this file: it is what the coverage tool prints with --list".to_owned()
        );
    }
    out.push('\n');
    for (family, [inert, exempt]) in &sums {
        let _ = writeln!(
            out,
            "{family:24} {:4} not covered = {inert:4} inert + {exempt:3} exempt",
            inert + exempt
        );
    }
    if gaps.is_empty() { Ok(out) } else { Err(format!("{out}\n{gaps}")) }
}

/// What has no effect yet: the reason, by page and part and name.
type Missing = BTreeMap<(String, String), String>;

fn missing() -> Result<Missing, String> {
    let mut all = Missing::new();
    for page in chapters()? {
        for (part, entries) in &page.parts {
            for Entry { name, missing, .. } in entries {
                if let Some(why) = missing {
                    let place = if page.parts.len() > 1 {
                        format!("{}, {part}", page.title)
                    } else {
                        page.title.to_owned()
                    };
                    all.insert((place, (*name).to_owned()), why.clone());
                }
            }
        }
    }
    Ok(all)
}

fn excuse(family: &str, name: &str, missing: &Missing) -> Option<(Excuse, String)> {
    if let Some((_, why)) = EXEMPT.iter().chain(&NOT_SHOWN).find(|(known, _)| *known == name) {
        return Some((Excuse::Exempt, (*why).to_owned()));
    }
    match family {
        "main_options" => of_option(Class::Main, "main", name),
        "router_options" => {
            name.split_once(':').and_then(|(owner, name)| of_option(Class::Router, owner, name))
        }
        "transport_options" => {
            name.split_once(':').and_then(|(owner, name)| of_option(Class::Transport, owner, name))
        }
        "authenticator_options" => {
            name.split_once(':').and_then(|(owner, name)| of_option(Class::Authenticator, owner, name))
        }
        "variables" => {
            let bare = name.trim_start_matches('$');
            if let [b'n', digit] | [b's', b'n', digit] = bare.as_bytes()
                && digit.is_ascii_digit()
            {
                return Some((Excuse::Exempt, "there is one in filters only, as in Exim".to_owned()));
            }
            of_page(missing, "Variables", bare)
        }
        "builtin_macros" if name.ends_with('_') => no_macro_of(name),
        "builtin_macros" => of_page(missing, "Predefined macros, Features", name),
        "expansion_items" => of_page(missing, "Expansion items", name),
        "expansion_operators" => of_page(missing, "Expansion operators", name),
        "expansion_conditions" => of_page(missing, "Conditions", name),
        "lookups" => of_page(missing, "Lookups", name),
        _ => None,
    }
}

fn of_page(missing: &Missing, place: &str, name: &str) -> Option<(Excuse, String)> {
    let why = missing.get(&(place.to_owned(), name.to_owned()))?;
    Some((Excuse::Inert, why.clone()))
}

fn of_option(class: Class, owner: &str, name: &str) -> Option<(Excuse, String)> {
    let is_driver = drivers(class).iter().any(|table| table.owner == owner);
    if is_driver && !driver_works(class, owner) {
        return Some((Excuse::Inert, format!("the driver {owner} is not implemented yet")));
    }
    if class == Class::Authenticator && owner == "generic" && no_authenticator() {
        return Some((Excuse::Inert, "no authenticator works yet".to_owned()));
    }
    let mut rows = inert::all();
    let (.., why) =
        rows.find(|(table, def, _)| table.class == class && table.owner == owner && def.name == name)?;
    Some((Excuse::Inert, why.to_owned()))
}

fn no_authenticator() -> bool {
    !drivers(Class::Authenticator).iter().any(|table| driver_works(table.class, table.owner))
}

/// A row of the inventory that stands for all macros of one beginning: there are none where nothing of that kind works.
fn no_macro_of(beginning: &str) -> Option<(Excuse, String)> {
    let authenticators = ["_DRIVER_AUTHENTICATOR_", "_OPT_AUTHENTICATOR_"].contains(&beginning);
    (authenticators && no_authenticator()).then(|| (Excuse::Inert, "no authenticator works yet".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_its_reason_or_is_a_gap() {
        let list = "uncalibrated probe kind x\nmain_options   1/2\n\
                    builtin_macros\t_HAVE_GNUTLS\ttier 2\tunsupported macro\n\
                    variables\t$sn3\ttier 2\tunknown\n";
        let report = uncovered(list).unwrap();
        assert!(report.contains("exempt: builtin_macros _HAVE_GNUTLS: one TLS library"), "{report}");
        assert!(report.contains("exempt: variables $sn3: there is one in filters only"), "{report}");
        assert!(
            report.contains("variables                   1 not covered =    0 inert +   1 exempt"),
            "{report}"
        );
        for (table, def, why) in inert::all() {
            let name = match table.class {
                Class::Main => def.name.to_owned(),
                _ => format!("{}:{}", table.owner, def.name),
            };
            let line = format!("{}_options\t{name}\ttier 3\t?\n", table.class.word());
            // Postrider's own options are in no inventory.
            if table.owner != "postrider" {
                assert!(uncovered(&line).is_ok(), "{line}{why}");
            }
        }
        for line in [
            "main_options\tacl_smtp_rcpt\ttier 1\t?",
            "variables\t$nonsense\ttier 1\t?",
            "lookups\tlsearch\ttier 1\t?",
        ] {
            let gap = uncovered(line).unwrap_err();
            assert!(gap.contains("gap: "), "{gap}");
        }
        assert!(uncovered("nothing").is_err());
    }
}
