//! Asking the system's authentication modules (PAM): the life of the process that [`mta::services::pam`] starts.
//!
//! `libpam.so.0` is opened when it is needed, so that the program runs on systems without it.
//!
//! # Invariants
//! * The process serves one question and ends.
//! * The modules talk to [`converse`] alone; nothing they say is shown to anybody.
//!
//! # Security
//! Runs with the rights of the process that asks. The strings come from a peer; the service's name is fixed.
//!
//! # Failure
//! Without the library, or with modules that fail, the answer says why. Modules that end the process leave no answer.
//!
//! # Compatibility
//! Exim specification, condition `pam`. Asked of Debian's Exim with a module that shows what it gets: `PAM_SILENT` is set;
//! authentication, then the account; a question after the last string gets an empty answer, those after it none.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::io::{Read as _, Write as _};
use std::process::ExitCode;
use std::ptr;

use mta::services::pam::{LONGEST, PamVerdict, from_wire, verdict_to_wire};
use nix::libc;

const LIBRARY: &CStr = c"libpam.so.0";
const SERVICE: &CStr = c"exim";

const SUCCESS: c_int = 0;
const BUF_ERR: c_int = 5;
const AUTH_ERR: c_int = 7;
const USER_UNKNOWN: c_int = 10;
const ACCT_EXPIRED: c_int = 13;
const CONV_ERR: c_int = 19;
const SILENT: c_int = 0x8000;
const PROMPT_ECHO_OFF: c_int = 1;
const PROMPT_ECHO_ON: c_int = 2;
const ERROR_MSG: c_int = 3;
const TEXT_INFO: c_int = 4;
/// Most messages of one conversation (Linux-PAM's own bound).
const MESSAGES: usize = 32;

/// Reads a question from the standard input, asks, and answers there.
pub fn answer() -> ExitCode {
    let mut question = Vec::new();
    let read = std::io::stdin().lock().take(LONGEST).read_to_end(&mut question);
    let verdict = match (read, from_wire(&question).as_deref()) {
        (Ok(_), Some([user, answers @ ..])) => ask(LIBRARY, None, user, answers),
        _ => PamVerdict::Failed("PAM: there is no question".to_owned()),
    };
    // The standard input is a socket: what asks reads at its other end.
    let sent = nix::unistd::dup(std::io::stdin())
        .map_err(std::io::Error::from)
        .and_then(|socket| std::fs::File::from(socket).write_all(&verdict_to_wire(&verdict)));
    if sent.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Asks the modules of the service, as `confdir` configures them or else the system.
fn ask(library: &CStr, confdir: Option<&CStr>, user: &[u8], answers: &[&[u8]]) -> PamVerdict {
    let texts = answers.iter().map(|text| CString::new(*text)).collect::<Result<Vec<_>, _>>();
    let (Ok(user), Ok(texts)) = (CString::new(user), texts) else {
        return PamVerdict::Failed("PAM: a name or an answer holds a NUL byte".to_owned());
    };
    let library = match Library::open(library) {
        Ok(library) => library,
        Err(why) => return PamVerdict::Failed(format!("PAM: {why}")),
    };
    library.ask(confdir, &user, &mut Answers { texts: texts.into_iter(), ended: false })
}

/// What is left to be said.
struct Answers {
    texts: std::vec::IntoIter<CString>,
    ended: bool,
}

impl Answers {
    /// The next answer: after the last one an empty one, then none.
    fn next(&mut self) -> Option<CString> {
        self.texts.next().or_else(|| (!std::mem::replace(&mut self.ended, true)).then(CString::default))
    }
}

/// `struct pam_message`.
#[repr(C)]
struct Message {
    style: c_int,
    text: *const c_char,
}

/// `struct pam_response`.
#[repr(C)]
struct Response {
    text: *mut c_char,
    code: c_int,
}

/// The function of `struct pam_conv`.
type Converse = unsafe extern "C" fn(c_int, *mut *const Message, *mut *mut Response, *mut c_void) -> c_int;

/// `struct pam_conv`.
#[repr(C)]
struct Conversation {
    function: Converse,
    data: *mut c_void,
}

/// `pam_handle_t`.
#[repr(C)]
struct Handle {
    _opaque: [u8; 0],
}

type Start =
    unsafe extern "C" fn(*const c_char, *const c_char, *const Conversation, *mut *mut Handle) -> c_int;
type StartConfdir = unsafe extern "C" fn(
    *const c_char,
    *const c_char,
    *const Conversation,
    *const c_char,
    *mut *mut Handle,
) -> c_int;
type Step = unsafe extern "C" fn(*mut Handle, c_int) -> c_int;
type ErrorText = unsafe extern "C" fn(*mut Handle, c_int) -> *const c_char;

/// The library, open until the process ends.
struct Library {
    start: Start,
    start_confdir: Option<StartConfdir>,
    authenticate: Step,
    account: Step,
    end: Step,
    error_text: ErrorText,
}

impl Library {
    /// Opens it.
    #[expect(unsafe_code, reason = "the library is opened at run time, so that the program does without it")]
    fn open(name: &CStr) -> Result<Self, String> {
        // SAFETY: the name is a C string. RTLD_GLOBAL, because modules may rely on the library's symbols.
        let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
        if handle.is_null() {
            return Err(why_not_opened());
        }
        let symbol = |name: &CStr| {
            // SAFETY: the handle is the library's, which is never closed; the name is a C string.
            let found = unsafe { libc::dlsym(handle, name.as_ptr()) };
            if found.is_null() { Err(why_not_opened()) } else { Ok(found) }
        };
        // SAFETY: each symbol is a function of Linux-PAM with the signature that its manual page gives; the type it is
        // stored under has that signature, and function pointers have the size of data pointers here (POSIX, dlsym).
        unsafe {
            Ok(Self {
                start: std::mem::transmute::<*mut c_void, Start>(symbol(c"pam_start")?),
                start_confdir: symbol(c"pam_start_confdir")
                    .ok()
                    .map(|found| std::mem::transmute::<*mut c_void, StartConfdir>(found)),
                authenticate: std::mem::transmute::<*mut c_void, Step>(symbol(c"pam_authenticate")?),
                account: std::mem::transmute::<*mut c_void, Step>(symbol(c"pam_acct_mgmt")?),
                end: std::mem::transmute::<*mut c_void, Step>(symbol(c"pam_end")?),
                error_text: std::mem::transmute::<*mut c_void, ErrorText>(symbol(c"pam_strerror")?),
            })
        }
    }

    /// Authentication and account.
    #[expect(unsafe_code, reason = "the functions of the library are C")]
    fn ask(&self, confdir: Option<&CStr>, user: &CStr, answers: &mut Answers) -> PamVerdict {
        let conversation = Conversation { function: converse, data: ptr::from_mut(answers).cast::<c_void>() };
        let mut handle = ptr::null_mut();
        // SAFETY: strings and conversation outlive the handle, which is ended below; `data` is what `converse` expects,
        // and nothing else uses the answers meanwhile. The library says by its status whether the handle is valid.
        unsafe {
            let mut status = match (confdir, self.start_confdir) {
                (None, _) => {
                    (self.start)(SERVICE.as_ptr(), user.as_ptr(), &raw const conversation, &raw mut handle)
                }
                (Some(place), Some(start)) => start(
                    SERVICE.as_ptr(),
                    user.as_ptr(),
                    &raw const conversation,
                    place.as_ptr(),
                    &raw mut handle,
                ),
                (Some(_), None) => return PamVerdict::Failed("PAM: no pam_start_confdir".to_owned()),
            };
            if status == SUCCESS {
                status = (self.authenticate)(handle, SILENT);
                if status == SUCCESS {
                    status = (self.account)(handle, SILENT);
                }
                let verdict = self.verdict(handle, status);
                (self.end)(handle, status);
                return verdict;
            }
            self.verdict(ptr::null_mut(), status)
        }
    }

    /// What a status means.
    ///
    /// # Safety
    /// The handle is valid or null.
    #[expect(unsafe_code, reason = "the library has the texts")]
    unsafe fn verdict(&self, handle: *mut Handle, status: c_int) -> PamVerdict {
        match status {
            SUCCESS => PamVerdict::Yes,
            AUTH_ERR | USER_UNKNOWN | ACCT_EXPIRED => PamVerdict::No,
            // SAFETY: pam_strerror looks at the status only and returns a constant text.
            _ => PamVerdict::Failed(unsafe { text((self.error_text)(handle, status)) }),
        }
    }
}

/// A text of C's.
///
/// # Safety
/// Null, or a C string that lives during the call.
#[expect(unsafe_code, reason = "C has no other strings")]
unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return "PAM: an unknown error".to_owned();
    }
    // SAFETY: by this function's own condition.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

#[expect(unsafe_code, reason = "dlerror is C")]
fn why_not_opened() -> String {
    // SAFETY: dlerror returns null or a string that lives until the next call; the process has one thread here.
    unsafe { text(libc::dlerror()) }
}

/// Answers what modules ask; errors and information are acknowledged and dropped.
///
/// # Safety
/// As PAM calls it: `messages` points to `count` pointers to messages, `responses` to where the answers go, and `data`
/// is the [`Answers`] that nobody else uses meanwhile.
#[expect(unsafe_code, reason = "C calls this")]
unsafe extern "C" fn converse(
    count: c_int,
    messages: *mut *const Message,
    responses: *mut *mut Response,
    data: *mut c_void,
) -> c_int {
    let Some(count) = usize::try_from(count).ok().filter(|count| (1..=MESSAGES).contains(count)) else {
        return CONV_ERR;
    };
    // SAFETY: by this function's own conditions. The memory is C's, zeroed (so that every response is valid from the
    // start), of `count` responses, and given to PAM or freed with what it holds; `strdup` copies a C string.
    unsafe {
        let answers = &mut *data.cast::<Answers>();
        let made = libc::calloc(count, size_of::<Response>()).cast::<Response>();
        if made.is_null() {
            return BUF_ERR;
        }
        for at in 0..count {
            let given = match (**messages.add(at)).style {
                PROMPT_ECHO_OFF | PROMPT_ECHO_ON => match answers.next() {
                    Some(answer) => libc::strdup(answer.as_ptr()),
                    None => ptr::null_mut(),
                },
                ERROR_MSG | TEXT_INFO => continue,
                _ => ptr::null_mut(),
            };
            if given.is_null() {
                release(made, count);
                return CONV_ERR;
            }
            (*made.add(at)).text = given;
        }
        *responses = made;
    }
    SUCCESS
}

/// Frees responses that PAM does not get.
///
/// # Safety
/// `made` is from `calloc`, of `count` responses whose texts are null or C's own.
#[expect(unsafe_code, reason = "the memory is C's")]
unsafe fn release(made: *mut Response, count: usize) {
    for at in 0..count {
        // SAFETY: by this function's own condition; free takes null.
        unsafe { libc::free((*made.add(at)).text.cast::<c_void>()) };
    }
    // SAFETY: as above.
    unsafe { libc::free(made.cast::<c_void>()) };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation(answers: &[&str], styles: &[&[c_int]]) -> Vec<Result<Vec<Option<String>>, c_int>> {
        let texts: Vec<CString> = answers.iter().map(|text| CString::new(*text).unwrap()).collect();
        let mut answers = Answers { texts: texts.into_iter(), ended: false };
        styles.iter().map(|styles| once(&mut answers, styles)).collect()
    }

    /// What a module gets that asks in these styles.
    #[expect(unsafe_code, reason = "this is the module's part")]
    fn once(answers: &mut Answers, styles: &[c_int]) -> Result<Vec<Option<String>>, c_int> {
        let messages: Vec<Message> =
            styles.iter().map(|&style| Message { style, text: c"text: ".as_ptr() }).collect();
        let mut pointers: Vec<*const Message> = messages.iter().map(ptr::from_ref).collect();
        let mut responses = ptr::null_mut();
        let count = c_int::try_from(styles.len()).unwrap();
        // SAFETY: `count` messages stand behind the pointers; the answers are not used by anybody else.
        let status = unsafe {
            converse(
                count,
                pointers.as_mut_ptr(),
                &raw mut responses,
                ptr::from_mut(answers).cast::<c_void>(),
            )
        };
        if status != SUCCESS {
            assert!(responses.is_null());
            return Err(status);
        }
        let given = |at: usize| {
            // SAFETY: there are as many responses as messages; a text is null or a C string.
            unsafe {
                let given = &*responses.add(at);
                assert_eq!(given.code, 0);
                (!given.text.is_null()).then(|| text(given.text))
            }
        };
        let all = (0..styles.len()).map(given).collect();
        // SAFETY: the responses are those that were made.
        unsafe { release(responses, styles.len()) };
        Ok(all)
    }

    /// The answers are those that a module got from Debian's Exim.
    #[test]
    fn modules_get_the_answers_that_the_oracle_gives() {
        let some = |text: &str| Some(text.to_owned());
        let answers = ["one", "two:x", "three"];
        assert_eq!(
            conversation(&answers, &[&[1], &[2], &[1], &[1], &[1]]),
            [
                Ok(vec![some("one")]),
                Ok(vec![some("two:x")]),
                Ok(vec![some("three")]),
                Ok(vec![some("")]),
                Err(CONV_ERR)
            ]
        );
        assert_eq!(
            conversation(&answers, &[&[1, 3, 4, 1], &[3], &[1]]),
            [Ok(vec![some("one"), None, None, some("two:x")]), Ok(vec![None]), Ok(vec![some("three")])]
        );
        assert_eq!(conversation(&answers, &[&[5], &[1]]), [Err(CONV_ERR), Ok(vec![some("one")])]);
        assert_eq!(conversation(&[], &[&[1], &[1]]), [Ok(vec![some("")]), Err(CONV_ERR)]);
        assert_eq!(conversation(&[], &[&[1, 1]]), [Err(CONV_ERR)]);
        assert_eq!(conversation(&[], &[&[]]), [Err(CONV_ERR)]);
    }

    #[test]
    fn without_the_library_the_answer_says_so() {
        let verdict = ask(c"libpam-of-nobody.so.0", None, b"usr", &[]);
        let PamVerdict::Failed(why) = verdict else { panic!("{verdict:?}") };
        assert!(why.starts_with("PAM: libpam-of-nobody.so.0: cannot open shared object file"), "{why}");
    }

    #[test]
    fn a_nul_byte_is_refused() {
        let refused = PamVerdict::Failed("PAM: a name or an answer holds a NUL byte".to_owned());
        assert_eq!(ask(LIBRARY, None, b"us\0r", &[]), refused);
        assert_eq!(ask(LIBRARY, None, b"usr", &[b"a", b"b\0"]), refused);
    }

    /// What the modules of Debian say, and what Debian's Exim makes of it.
    #[test]
    fn verdicts_of_modules_are_those_of_the_oracle() {
        if Library::open(LIBRARY).is_err() {
            assert!(std::env::var_os("CI").is_none(), "libpam is missing");
            println!("skipped: libpam is not installed");
            return;
        }
        let place = std::env::temp_dir().join(format!("postrider-pam-{}", std::process::id()));
        std::fs::create_dir_all(&place).unwrap();
        let confdir = CString::new(place.as_os_str().as_encoded_bytes()).unwrap();
        let asked = |service: &str| {
            std::fs::write(place.join("exim"), service).unwrap();
            ask(LIBRARY, Some(&confdir), b"usr", &[b"secret"])
        };
        let code = |kind: &str, code: &str| {
            let (auth, account) = match kind {
                "auth" => (format!("pam_debug.so auth={code}"), "pam_permit.so".to_owned()),
                _ => ("pam_permit.so".to_owned(), format!("pam_debug.so acct={code}")),
            };
            asked(&format!("auth required {auth}\naccount required {account}\n"))
        };
        for kind in ["auth", "acct"] {
            assert_eq!(code(kind, "success"), PamVerdict::Yes, "{kind}");
            for no in ["auth_err", "user_unknown", "acct_expired"] {
                assert_eq!(code(kind, no), PamVerdict::No, "{kind} {no}");
            }
            for (failure, text) in [
                ("perm_denied", "Permission denied"),
                ("maxtries", "Have exhausted maximum number of retries for service"),
                ("new_authtok_reqd", "Authentication token is no longer valid; new one required"),
                ("cred_insufficient", "Insufficient credentials to access authentication data"),
                ("authinfo_unavail", "Authentication service cannot retrieve authentication info"),
                ("system_err", "System error"),
                ("abort", "Critical error - immediate abort"),
                ("conv_err", "Conversation error"),
            ] {
                assert_eq!(code(kind, failure), PamVerdict::Failed(text.to_owned()), "{kind} {failure}");
            }
        }
        let unknown = asked("auth required pam_of_nobody.so\naccount required pam_permit.so\n");
        assert_eq!(unknown, PamVerdict::Failed("Module is unknown".to_owned()));
        std::fs::remove_dir_all(&place).unwrap();
    }
}
