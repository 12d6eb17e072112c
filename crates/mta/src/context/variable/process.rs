//! Variables about this program, its caller and its configuration.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use config::options::main;
use expand::variable::Variable;

use super::{Family, clean, number};
use crate::context::Context;

/// What `$version_number` and `$exim_version` say: the version of Exim whose documentation is followed.
pub(super) const EXIM_VERSION: &str = "4.99";

pub(super) fn value(context: &mut Context, variable: Variable) -> Family {
    if let Some(answer) = options(context, variable) {
        return Some(answer);
    }
    let process = &context.services.process;
    Some(Ok(match variable {
        Variable::CompileNumber => number(1),
        Variable::CompileDate => clean(process.compile_date.clone()),
        Variable::CallerUid => number(process.caller_uid),
        Variable::CallerGid => number(process.caller_gid),
        Variable::EximUid => number(process.exim_uid),
        Variable::EximGid => number(process.exim_gid),
        Variable::EximPath => clean(process.exim_path.as_os_str().as_bytes()),
        Variable::InitialCwd => clean(process.initial_cwd.as_os_str().as_bytes()),
        Variable::Pid => number(std::process::id()),
        Variable::ConfigFile => clean(context.config.path.as_os_str().as_bytes()),
        Variable::ConfigDir => {
            let directory = context.config.path.parent().unwrap_or(Path::new("."));
            clean(directory.as_os_str().as_bytes())
        }
        Variable::PrimaryHostname => clean(context.primary_hostname()),
        _ => return None,
    }))
}

/// Variables that show an option.
fn options(context: &mut Context, variable: Variable) -> Family {
    let options = &context.config.main;
    Some(Ok(match variable {
        Variable::VersionNumber | Variable::EximVersion => {
            clean(options.get(main::EXIM_VERSION).unwrap_or(EXIM_VERSION.as_bytes()))
        }
        Variable::QualifyDomain => clean(context.qualify_domain()),
        Variable::QualifyRecipient => clean(context.qualify_recipient()),
        Variable::BounceReturnSizeLimit | Variable::ReturnSizeLimit => {
            number(options.get(main::BOUNCE_RETURN_SIZE_LIMIT))
        }
        Variable::LocalhostNumber => number(context.services.process.localhost_number),
        Variable::SpoolDirectory => clean(context.services.process.spool_directory.as_os_str().as_bytes()),
        Variable::SpfGuess => clean(options.get(main::SPF_GUESS).unwrap_or_default()),
        _ => return None,
    }))
}
