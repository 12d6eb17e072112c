//! The bound on the work that one question may cause.
//!
//! # Security
//! Whoever writes a zone chooses how many keys share a tag, how many signatures a set has and how often a name is hashed
//! (CVE-2023-50387 "KeyTrap", CVE-2023-50868); whoever sends mail chooses how many labels a name has, each of which may be a
//! zone. All of it is counted here.

use mail_types::limits;

use super::Reason;

/// What one question has used up so far.
#[derive(Debug, Default)]
pub(crate) struct Effort {
    questions: u32,
    checks: u32,
    failed: u32,
    hashes: u32,
}

impl Effort {
    /// A server is about to be asked.
    pub(crate) fn ask(&mut self) -> Result<(), Reason> {
        self.questions += 1;
        if self.questions > limits::DNSSEC_QUESTIONS {
            return Err(too_much("others"));
        }
        Ok(())
    }

    /// A signature is about to be checked.
    pub(crate) fn check(&mut self) -> Result<(), Reason> {
        self.checks += 1;
        if self.checks > limits::DNSSEC_CHECKS {
            return Err(too_much("signatures to check"));
        }
        Ok(())
    }

    /// A signature was wrong.
    pub(crate) fn failed(&mut self) -> Result<(), Reason> {
        self.failed += 1;
        if self.failed > limits::DNSSEC_FAILED_CHECKS {
            return Err(too_much("wrong signatures"));
        }
        Ok(())
    }

    /// A name is about to be hashed.
    pub(crate) fn hash(&mut self) -> Result<(), Reason> {
        self.hashes += 1;
        if self.hashes > limits::DNSSEC_HASHES {
            return Err(too_much("names to hash"));
        }
        Ok(())
    }
}

fn too_much(what: &str) -> Reason {
    format!("one question leads to too many {what}").into()
}
