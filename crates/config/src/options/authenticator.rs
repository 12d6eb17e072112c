//! The options of authenticators: the generic ones, and a module per driver.
//!
//! One row per option, as in [`super::main`].
//!
//! # Compatibility
//! Exim 4.99, spec chapters on the authenticators.

/// Options of every authenticator.
pub mod generic {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "generic";
        /// The client tries this mechanism only where this comes out as true.
        /// `client_condition = ${if !eq{$tls_out_cipher}{}}`
        CLIENT_CONDITION: Text = "client_condition", unset, inert AUTH;
        /// What is kept as `$authenticated_id` of a session to another host that authenticated by this.
        /// `client_set_id = ann`
        CLIENT_SET_ID: Text = "client_set_id", unset, inert AUTH;
        /// The kind of the authenticator. Every authenticator needs it.
        /// `driver = plaintext`
        DRIVER: Plain = "driver", unset;
        /// The name of the mechanism in AUTH; unset means the name of the instance.
        /// `public_name = PLAIN`
        PUBLIC_NAME: Plain = "public_name", unset;
        /// The mechanism is offered to clients only where this comes out as true.
        /// `server_advertise_condition = ${if def:tls_in_cipher}`
        SERVER_ADVERTISE_CONDITION: Text = "server_advertise_condition", unset, inert AUTH;
        /// The authentication succeeds only where this comes out as true; for `plaintext` it is the whole check.
        /// `server_condition = ${if and{{eq{$auth2}{ann}}{eq{$auth3}{secret}}}}`
        SERVER_CONDITION: Text = "server_condition", unset, inert AUTH;
        /// A line for the debug output of a server's authentication.
        /// `server_debug_print = asked for $auth2`
        SERVER_DEBUG_PRINT: Text = "server_debug_print", unset, inert AUTH;
        /// What is kept as `$authenticated_id` when a client has authenticated.
        /// `server_set_id = $auth2`
        SERVER_SET_ID: Text = "server_set_id", unset, inert AUTH;
        /// `AUTH=` on MAIL is believed only where this comes out as true.
        /// `server_mail_auth_condition = ${if eq{$sender_host_address}{192.0.2.5}}`
        SERVER_MAIL_AUTH_CONDITION: Text = "server_mail_auth_condition", unset, inert AUTH;
    }
}

/// Private options of the `cram_md5` authenticator.
pub mod cram_md5 {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "cram_md5";
        /// The password of the user `$auth1`; a forced failure means that there is no such user.
        /// `server_secret = ${lookup{$auth1}lsearch{/etc/exim/secrets}{$value}fail}`
        SERVER_SECRET: Text = "server_secret", unset, inert AUTH;
        /// The user's name that is given to other hosts.
        /// `client_name = ann`
        CLIENT_NAME: Text = "client_name", unset, inert AUTH;
        /// The password that answers their challenges.
        /// `client_secret = secret`
        CLIENT_SECRET: Text = "client_secret", unset, inert AUTH;
    }
}

/// Private options of the `cyrus_sasl` authenticator.
pub mod cyrus_sasl {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "cyrus_sasl";
        /// The name of this host, as the library is told it.
        /// `server_hostname = mail.example.org`
        SERVER_HOSTNAME: Text = "server_hostname", "$primary_hostname", inert AUTH;
        /// The mechanism of the library; unset means `public_name`.
        /// `server_mech = plain`
        SERVER_MECH: Plain = "server_mech", unset, inert AUTH;
        /// The realm of the users.
        /// `server_realm = example.org`
        SERVER_REALM: Text = "server_realm", unset, inert AUTH;
        /// The name of the service, as the library is told it.
        /// `server_service = mail`
        SERVER_SERVICE: Plain = "server_service", "smtp", inert AUTH;
    }
}

/// Private options of the `dovecot` authenticator.
pub mod dovecot {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "dovecot";
        /// The socket of Dovecot's authentication service: a path, or a host and a port.
        /// `server_socket = /run/dovecot/auth-client`
        SERVER_SOCKET: Plain = "server_socket", unset, inert AUTH;
        /// TLS is used to a service at a host and port.
        /// `server_tls = true`
        SERVER_TLS: Flag = "server_tls", off, inert AUTH;
    }
}

/// Private options of the `external` authenticator.
pub mod external {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "external";
        /// What is kept as `$auth2`, for `server_condition`.
        /// `server_param2 = ${certextract{subj_altname,mail,>:}{$tls_in_peercert}}`
        SERVER_PARAM2: Text = "server_param2", unset, inert AUTH;
        /// What is kept as `$auth3`, for `server_condition`.
        /// `server_param3 = $auth1`
        SERVER_PARAM3: Text = "server_param3", unset, inert AUTH;
        /// The identity that is sent to other hosts.
        /// `client_send = ann`
        CLIENT_SEND: Text = "client_send", unset, inert AUTH;
    }
}

/// Private options of the `gsasl` authenticator.
pub mod gsasl {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "gsasl";
        /// The identity to act as, where it is not that of the user who authenticates.
        /// `client_authz = ann`
        CLIENT_AUTHZ: Text = "client_authz", unset, inert AUTH;
        /// The exchange is bound to the TLS session.
        /// `client_channelbinding = true`
        CLIENT_CHANNELBINDING: Flag = "client_channelbinding", off, inert AUTH;
        /// The user's password.
        /// `client_password = secret`
        CLIENT_PASSWORD: Text = "client_password", unset, inert AUTH;
        /// The user's name.
        /// `client_username = ann`
        CLIENT_USERNAME: Text = "client_username", unset, inert AUTH;
        /// The user's password, salted and hashed, in hexadecimal digits.
        /// `client_spassword = 6cdfc9a0c5d6e2e0ab8a2a5d4b3c1f20`
        CLIENT_SPASSWORD: Text = "client_spassword", unset, inert AUTH;
        /// The exchange is bound to the TLS session, where the mechanism can do it.
        /// `server_channelbinding = true`
        SERVER_CHANNELBINDING: Flag = "server_channelbinding", off, inert AUTH;
        /// The name of this host.
        /// `server_hostname = mail.example.org`
        SERVER_HOSTNAME: Text = "server_hostname", unset, inert AUTH;
        /// The mechanism; unset means `public_name`.
        /// `server_mech = scram-sha-256`
        SERVER_MECH: Plain = "server_mech", unset, inert AUTH;
        /// The password of the user `$auth1`, for mechanisms that need it.
        /// `server_password = ${lookup{$auth1}lsearch{/etc/exim/secrets}{$value}fail}`
        SERVER_PASSWORD: Text = "server_password", unset, inert AUTH;
        /// The realm of the users.
        /// `server_realm = example.org`
        SERVER_REALM: Text = "server_realm", unset, inert AUTH;
        /// How often SCRAM hashes a password.
        /// `server_scram_iter = 8192`
        SERVER_SCRAM_ITER: Text = "server_scram_iter", "4096", inert AUTH;
        /// The salt of SCRAM, in base64; unset means a random one.
        /// `server_scram_salt = c2FsdA==`
        SERVER_SCRAM_SALT: Text = "server_scram_salt", unset, inert AUTH;
        /// The server's key of SCRAM for the user, in base64, instead of the password.
        /// `server_key = ${extract{1}{,}{$auth4}}`
        SERVER_KEY: Text = "server_key", unset, inert AUTH;
        /// The stored key of SCRAM for the user, in base64, instead of the password.
        /// `server_skey = ${extract{2}{,}{$auth4}}`
        SERVER_SKEY: Text = "server_skey", unset, inert AUTH;
        /// The name of the service.
        /// `server_service = mail`
        SERVER_SERVICE: Plain = "server_service", "smtp", inert AUTH;
    }
}

/// Private options of the `heimdal_gssapi` authenticator.
pub mod heimdal_gssapi {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "heimdal_gssapi";
        /// The name of this host in the service's principal.
        /// `server_hostname = mail.example.org`
        SERVER_HOSTNAME: Text = "server_hostname", unset, inert AUTH;
        /// The file with the service's keys; unset means the library's.
        /// `server_keytab = /etc/exim/krb5.keytab`
        SERVER_KEYTAB: Text = "server_keytab", unset, inert AUTH;
        /// The name of the service in its principal.
        /// `server_service = imap`
        SERVER_SERVICE: Text = "server_service", "smtp", inert AUTH;
    }
}

/// Private options of the `plaintext` authenticator.
pub mod plaintext {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "plaintext";
        /// The prompts that the client is sent, one for each answer; none means that all data come at once.
        /// `server_prompts = Username:: : Password::`
        SERVER_PROMPTS: TextList = "server_prompts", unset, inert AUTH;
        /// A challenge that is no base64 counts as empty.
        /// `client_ignore_invalid_base64 = true`
        CLIENT_IGNORE_INVALID_BASE64: Flag = "client_ignore_invalid_base64", off, inert AUTH;
        /// The texts that are sent, one for each challenge; `^` stands for a zero byte, `^^` for itself.
        /// `client_send = ^ann^secret`
        CLIENT_SEND: Text = "client_send", unset, inert AUTH;
    }
}

/// Private options of the `spa` authenticator.
pub mod spa {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "spa";
        /// The password of the user `$auth1`; a forced failure means that there is no such user.
        /// `server_password = ${lookup{$auth1}lsearch{/etc/exim/secrets}{$value}fail}`
        SERVER_PASSWORD: Text = "server_password", unset, inert AUTH;
        /// The Windows domain of the user.
        /// `client_domain = EXAMPLE`
        CLIENT_DOMAIN: Text = "client_domain", unset, inert AUTH;
        /// The user's password.
        /// `client_password = secret`
        CLIENT_PASSWORD: Text = "client_password", unset, inert AUTH;
        /// The user's name.
        /// `client_username = ann`
        CLIENT_USERNAME: Text = "client_username", unset, inert AUTH;
    }
}

/// Private options of the `tls` authenticator.
pub mod tls {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "tls";
        /// What is kept as `$auth1`, made of the client's certificate.
        /// `server_param1 = ${certextract{subj_altname,mail,>:}{$tls_in_peercert}}`
        SERVER_PARAM1: Text = "server_param1", unset, inert AUTH;
        /// What is kept as `$auth2`.
        /// `server_param2 = ${certextract{serial}{$tls_in_peercert}}`
        SERVER_PARAM2: Text = "server_param2", unset, inert AUTH;
        /// What is kept as `$auth3`.
        /// `server_param3 = $tls_in_peerdn`
        SERVER_PARAM3: Text = "server_param3", unset, inert AUTH;
        /// Another name of `server_param1`.
        /// `server_param = $tls_in_peerdn`
        SERVER_PARAM: Text = "server_param", unset, inert AUTH;
    }
}
