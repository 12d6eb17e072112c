//! A flow case on disk: `exim.conf`, `script`, optionally `zone`, and the oracle's answers under `oracle/`.
//!
//! The script is a list of steps. A line `== WORD ARGUMENTS` begins a step, the lines up to the next one are its
//! text (file content, standard input, an SMTP dialogue). `@DIR@` is the scratch directory, `@PORT:name@` a port
//! of the case's own, `@ID@` the newest message in the queue, `@NOW@` the seconds since 1970 by the machine's clock
//! (ages that a queue listing shows must not grow with the calendar).
//!
//! | step | meaning |
//! |---|---|
//! | `file PATH [MODE [OWNER]]` | write a file below `@DIR@` |
//! | `octets PATH [MODE [OWNER]]` | the same, the text is base64 |
//! | `mkdir PATH [MODE [OWNER]]` | make a directory below `@DIR@` |
//! | `run ARGS` | run the program, standard input empty |
//! | `as USER ARGS` | run it as that user (and group of the same name), the text as standard input (LF) |
//! | `submit ARGS` | run it with the text as standard input (LF) |
//! | `quiet ARGS` | as `submit`, what comes on standard error is not compared |
//! | `told ARGS` | as `submit`; of standard error only what it tells of ACLs and the log is compared |
//! | `smtp ARGS` | run it with `-bs ARGS`, the text as standard input with CRLF line ends |
//! | `raw ARGS` | run it with `-bs ARGS`; the text's `\r \n \0 \xNN` escapes are the only line ends |
//! | `daemon ARGS` | start `-bdf ARGS -oX` on `@PORT:smtp@` of loopback; it is stopped by `stop` or at the end |
//! | `tcp [PORT]` | an SMTP dialogue with the daemon, one command at a time, waiting for each reply |
//! | `stop` | SIGTERM to the daemon, wait for its end |
//! | `sink NAME` | a scripted SMTP server on `@PORT:NAME@`; text: `PREFIX => REPLY` overrides, first match wins |
//! | `clock +N` | later steps see a clock N seconds ahead (libfaketime) |

use std::fs;
use std::path::{Path, PathBuf};

/// One step of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The line of the script it stands on.
    pub line: usize,
    /// What to do: the first word.
    pub word: String,
    /// The words after it.
    pub args: Vec<String>,
    /// The lines that follow.
    pub text: Vec<String>,
}

/// A flow case as read from its folder.
#[derive(Clone, Debug)]
pub struct Case {
    /// The folder's name.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
    /// The configuration, with placeholders.
    pub config: String,
    /// Zone text for the fixture server, when the case needs DNS.
    pub zone: Option<String>,
    /// The steps.
    pub steps: Vec<Step>,
}

impl Case {
    /// Reads the case in `folder`.
    ///
    /// # Errors
    /// A file is missing or the script has a line before its first step.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let text = |name: &str| {
            fs::read_to_string(folder.join(name)).map_err(|e| format!("{}/{name}: {e}", folder.display()))
        };
        Ok(Self {
            name: folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
            folder: folder.to_path_buf(),
            config: text("exim.conf")?,
            zone: text("zone").ok(),
            steps: parse_script(&text("script")?)?,
        })
    }

    /// All cases below `root/tests/parity/flow`, sorted by name, `only` matching part of the name.
    ///
    /// # Errors
    /// As [`Case::read`].
    pub fn all(root: &Path, only: Option<&str>) -> Result<Vec<Self>, String> {
        let base = root.join("tests/parity/flow");
        let entries = fs::read_dir(&base).map_err(|e| format!("{}: {e}", base.display()))?;
        let mut folders: Vec<PathBuf> =
            entries.filter_map(Result::ok).map(|e| e.path()).filter(|p| p.is_dir()).collect();
        folders.sort();
        folders.retain(|p| only.is_none_or(|o| p.to_string_lossy().contains(o)));
        folders.iter().map(|p| Self::read(p)).collect()
    }
}

fn parse_script(text: &str) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if let Some(head) = line.strip_prefix("== ") {
            let mut words = split_words(head).into_iter();
            let word = words.next().ok_or_else(|| format!("script line {}: empty step", index + 1))?;
            steps.push(Step { line: index + 1, word, args: words.collect(), text: Vec::new() });
        } else if let Some(step) = steps.last_mut() {
            step.text.push(line.to_owned());
        } else if !line.is_empty() && !line.starts_with('#') {
            return Err(format!("script line {}: text before the first step", index + 1));
        }
    }
    Ok(steps)
}

/// Splits on blanks; single quotes keep a word together.
fn split_words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut started) = (Vec::new(), String::new(), false, false);
    for c in line.chars() {
        match c {
            '\'' => (quoted, started) = (!quoted, true),
            ' ' if !quoted => {
                if started {
                    words.push(std::mem::take(&mut word));
                }
                started = false;
            }
            _ => {
                word.push(c);
                started = true;
            }
        }
    }
    if started {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_steps_with_their_text() {
        let steps = parse_script("# two steps\n== file aliases 0644\na: b\n== run -bt 'a b@c'\n").unwrap();
        assert_eq!(steps.len(), 2);
        assert_eq!((steps[0].word.as_str(), steps[0].text.as_slice()), ("file", &["a: b".to_owned()][..]));
        assert_eq!(steps[1].args, ["-bt", "a b@c"]);
    }

    #[test]
    fn text_before_the_first_step_is_refused() {
        assert!(parse_script("hello\n== run\n").is_err());
    }
}
