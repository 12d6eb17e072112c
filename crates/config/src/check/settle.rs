//! Defaults of a driver instance that follow from its other options.
//!
//! # Invariants
//! * Only options that the configuration did not set are changed; afterwards they read as if it had. The one exception is the
//!   public name of a `tls` authenticator.
//!
//! # Compatibility
//! Spec 15, 22, 26, 29 ("see below" in the tables of options); values as Exim 4.96 shows them with `-bP`.

use std::sync::Arc;

use crate::files::ConfigFiles;
use crate::options::authenticator::generic as authenticator;
use crate::options::router::{generic, queryprogram, redirect};
use crate::options::transport::{appendfile, generic as transport, pipe};
use crate::options::{Class, FlagValue, IdText, Opt, OptionSet, OptionType, OptionValue, kind};
use crate::snapshot::Instance;

/// Fills in the defaults.
pub(super) fn settle(class: Class, instance: &mut Instance, files: &dyn ConfigFiles) {
    let driver = instance.driver;
    let set = &mut instance.options;
    for (user, group) in OWNERS {
        own_group(set, user, group, files);
    }
    match class {
        Class::Router => router(set, driver),
        Class::Transport => {
            flag(set, transport::RETRY_USE_LOCAL_PART, driver != "smtp");
            match driver {
                "appendfile" => appendfile(set),
                "pipe" if set.get(pipe::USE_BSMTP) => {
                    batch_smtp(
                        set,
                        pipe::CHECK_STRING,
                        pipe::ESCAPE_STRING,
                        [pipe::MESSAGE_PREFIX, pipe::MESSAGE_SUFFIX],
                    );
                }
                _ => {}
            }
        }
        Class::Authenticator => {
            let name = instance.name.as_bytes();
            // Nobody asks for `tls` by a public name: it has none but its own, whatever was set.
            if driver == "tls"
                && let Some(slot) = instance.options.find_mut("public_name")
            {
                slot.value = OptionValue::Plain(name.into());
                slot.text = Some(name.into());
            }
            if driver == "tls" {
                same_setting(&mut instance.options, "server_param1", "server_param");
            }
            // An authenticator without a public name goes by its own.
            fill(
                &mut instance.options,
                authenticator::PUBLIC_NAME,
                OptionValue::Plain(name.into()),
                Some(name),
            );
        }
        Class::Main => {}
    }
}

/// What the second name of a setting shows: the same as the first.
fn same_setting(set: &mut OptionSet, name: &str, other: &str) {
    let Some((_, slot)) = set.find(name) else { return };
    let (value, text) = (slot.value.clone(), slot.text.clone());
    if let Some(slot) = set.find_mut(other) {
        (slot.value, slot.text) = (value, text);
    }
}

/// Options that name a user, and the group that goes with it.
const OWNERS: [(Opt<kind::UserText>, Opt<kind::GroupText>); 3] = [
    (generic::USER, generic::GROUP),
    (queryprogram::COMMAND_USER, queryprogram::COMMAND_GROUP),
    (transport::USER, transport::GROUP),
];

/// A user given by name brings the user's own group, unless a group is given.
fn own_group(
    set: &mut OptionSet,
    user: Opt<kind::UserText>,
    group: Opt<kind::GroupText>,
    files: &dyn ConfigFiles,
) {
    if let Some(IdText::Fixed { gid: Some(gid), .. }) = set.get(user) {
        let gid = *gid;
        let name = files.group_name(gid).unwrap_or_else(|| gid.to_string().into_bytes());
        fill(set, group, OptionValue::Id(IdText::Fixed { uid: None, gid: Some(gid) }), Some(&name));
    }
}

/// Gives an option a value unless the configuration did.
fn fill<T: OptionType>(set: &mut OptionSet, option: Opt<T>, value: OptionValue, text: Option<&[u8]>) {
    if set.is_set(option) || !set.has(option) {
        return;
    }
    if let Some(slot) = set.find_mut(option.definition().name) {
        slot.value = value;
        slot.text = text.map(Arc::from);
    }
}

/// Gives an option a number, also where the configuration gave another.
fn overrule<T: OptionType>(set: &mut OptionSet, option: Opt<T>, value: i64, text: &[u8]) {
    if let Some(slot) = set.find_mut(option.definition().name) {
        slot.value = OptionValue::Integer(value);
        slot.text = Some(text.into());
    }
}

fn flag(set: &mut OptionSet, option: Opt<kind::Tristate>, on: bool) {
    fill(set, option, OptionValue::Flag(FlagValue::Fixed(on)), None);
}

fn router(set: &mut OptionSet, driver: &str) {
    let by_local_part = set.get(generic::CHECK_LOCAL_USER)
        || set.is_set(generic::LOCAL_PARTS)
        || set.is_set(generic::CONDITION)
        || set.is_set(generic::LOCAL_PART_PREFIX)
        || set.is_set(generic::LOCAL_PART_SUFFIX)
        || set.is_set(generic::SENDERS)
        || set.is_set(generic::REQUIRE_FILES);
    flag(set, generic::RETRY_USE_LOCAL_PART, by_local_part);
    flag(set, generic::LOG_AS_LOCAL, driver == "accept");
    if driver == "redirect" {
        let local = set.get(generic::CHECK_LOCAL_USER);
        let group_writable = set.get(redirect::MODEMASK) & 0o020 == 0;
        let owners = set.is_set(redirect::OWNERS);
        let groups = set.is_set(redirect::OWNGROUPS);
        if set.get(redirect::ONE_TIME)
            && let Some(slot) = set.find_mut(redirect::FORBID_FILTER_REPLY.definition().name)
        {
            // Whatever the configuration says: the file is not there any more when the reply would be made.
            slot.value = OptionValue::Flag(FlagValue::Fixed(true));
        }
        flag(set, redirect::CHECK_OWNER, owners || local);
        flag(set, redirect::CHECK_GROUP, groups || (local && group_writable));
    }
}

fn appendfile(set: &mut OptionSet) {
    let mbx = set.get(appendfile::MBX_FORMAT);
    flag(set, appendfile::USE_LOCKFILE, !mbx);
    let flock = set.get(appendfile::USE_FLOCK_LOCK);
    flag(set, appendfile::USE_FCNTL_LOCK, !flock);
    flag(set, appendfile::USE_MBX_LOCK, mbx);
    // What is not used has no timeout, whatever the configuration says; a lock is tried once at least.
    if !flock {
        overrule(set, appendfile::LOCK_FLOCK_TIMEOUT, 0, b"0s");
    }
    if set.get(appendfile::USE_FCNTL_LOCK) != Some(true) {
        overrule(set, appendfile::LOCK_FCNTL_TIMEOUT, 0, b"0s");
    }
    if set.get(appendfile::LOCK_RETRIES) == 0 {
        overrule(set, appendfile::LOCK_RETRIES, 1, b"1");
    }
    let affixes = [appendfile::MESSAGE_PREFIX, appendfile::MESSAGE_SUFFIX];
    if set.get(appendfile::USE_BSMTP) {
        batch_smtp(set, appendfile::CHECK_STRING, appendfile::ESCAPE_STRING, affixes);
    } else if set.is_set(appendfile::DIRECTORY) || set.get(appendfile::MAILDIR_FORMAT) {
        // One file a message: nothing separates messages, and nothing needs escaping.
        fill(set, appendfile::CHECK_STRING, OptionValue::Unset, None);
        fill(set, appendfile::ESCAPE_STRING, OptionValue::Unset, None);
        for option in affixes {
            fill(set, option, OptionValue::Unset, None);
        }
    }
}

fn batch_smtp(
    set: &mut OptionSet,
    check: Opt<kind::Plain>,
    escape: Opt<kind::Plain>,
    affixes: [Opt<kind::Text>; 2],
) {
    for (option, text) in [(check, b".".as_slice()), (escape, b"..")] {
        fill(set, option, OptionValue::Plain(text.into()), Some(text));
    }
    for option in affixes {
        fill(set, option, OptionValue::Unset, None);
    }
}
