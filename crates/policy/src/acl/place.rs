//! Where an ACL runs, and how Exim names that place.
//!
//! # Compatibility
//! Names and sets as Exim shows them in messages ("cannot test domains condition in HELO or EHLO ACL").

/// The point at which an ACL is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum AclPlace {
    /// `acl_smtp_rcpt`.
    Rcpt,
    /// `acl_smtp_mail`.
    Mail,
    /// `acl_smtp_predata`.
    Predata,
    /// `acl_smtp_mime`.
    Mime,
    /// `acl_smtp_dkim`.
    Dkim,
    /// `acl_smtp_data`.
    Data,
    /// `acl_smtp_data_prdr`.
    Prdr,
    /// `acl_not_smtp`.
    NotSmtp,
    /// `acl_smtp_auth`.
    Auth,
    /// `acl_smtp_connect`.
    Connect,
    /// `acl_smtp_etrn`.
    Etrn,
    /// `acl_smtp_expn`.
    Expn,
    /// `acl_smtp_helo`.
    Helo,
    /// `acl_smtp_mailauth`.
    MailAuth,
    /// `acl_not_smtp_start`.
    NotSmtpStart,
    /// `acl_smtp_notquit`.
    NotQuit,
    /// `acl_smtp_quit`.
    Quit,
    /// `acl_smtp_starttls`.
    StartTls,
    /// `acl_smtp_vrfy`.
    Vrfy,
    /// `acl_smtp_atrn`.
    Atrn,
    /// `acl_smtp_wellknown`.
    Wellknown,
    /// `acl_not_smtp_mime`.
    NotSmtpMime,
    /// Outside of reception: `${acl` in a router or a transport.
    Delivery,
}

/// A set of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places(u32);

impl AclPlace {
    /// Exim's word for it in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rcpt => "RCPT",
            Self::Mail => "MAIL",
            Self::Predata => "PREDATA",
            Self::Mime => "MIME",
            Self::Dkim => "DKIM",
            Self::Data => "DATA",
            Self::Prdr => "PRDR",
            Self::NotSmtp => "non-SMTP",
            Self::Auth => "AUTH",
            Self::Connect => "connection",
            Self::Etrn => "ETRN",
            Self::Expn => "EXPN",
            Self::Helo => "EHLO or HELO",
            Self::MailAuth => "MAILAUTH",
            Self::NotSmtpStart => "non-SMTP-start",
            Self::NotQuit => "NOTQUIT",
            Self::Quit => "QUIT",
            Self::StartTls => "STARTTLS",
            Self::Vrfy => "VRFY",
            Self::Atrn => "ATRN",
            Self::Wellknown => "WELLKNOWN",
            Self::NotSmtpMime => "non-SMTP-MIME",
            Self::Delivery => "delivery",
        }
    }

    /// The lower-case word used in reason ids (`acl.rcpt.deny`).
    pub fn is_smtp(self) -> bool {
        !matches!(self, Self::NotSmtp | Self::NotSmtpStart | Self::NotSmtpMime | Self::Delivery)
    }
}

impl Places {
    /// No place.
    pub const NONE: Self = Self(0);
    /// Every place.
    pub const ALL: Self = Self(u32::MAX);

    /// A set of some places.
    pub const fn of(places: &[AclPlace]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < places.len() {
            bits |= 1 << places[at] as u32;
            at += 1;
        }
        Self(bits)
    }

    /// All places but some.
    pub const fn all_but(places: &[AclPlace]) -> Self {
        Self(!Self::of(places).0)
    }

    /// Whether a place is in the set.
    pub const fn contains(self, place: AclPlace) -> bool {
        self.0 & (1 << place as u32) != 0
    }
}
