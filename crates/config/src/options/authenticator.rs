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
        /// When the client uses this mechanism.
        /// `client_condition = ${if !eq{$tls_out_cipher}{}}`
        CLIENT_CONDITION: Text = "client_condition", unset, inert AUTH;
        /// Identity recorded for client auth.
        /// `client_set_id = ann`
        CLIENT_SET_ID: Text = "client_set_id", unset, inert AUTH;
        /// Selects authenticator type.
        /// `driver = plaintext`
        DRIVER: Plain = "driver", unset;
        /// SASL mechanism name.
        /// `public_name = PLAIN`
        PUBLIC_NAME: Plain = "public_name", unset;
        /// When the mechanism is advertised.
        /// `server_advertise_condition = ${if def:tls_in_cipher}`
        SERVER_ADVERTISE_CONDITION: Text = "server_advertise_condition", unset, inert AUTH;
        /// The condition under which authentication succeeds.
        /// `server_condition = ${if and{{eq{$auth2}{ann}}{eq{$auth3}{secret}}}}`
        SERVER_CONDITION: Text = "server_condition", unset, inert AUTH;
        /// Text for the debug output of the server side.
        /// `server_debug_print = asked for $auth2`
        SERVER_DEBUG_PRINT: Text = "server_debug_print", unset, inert AUTH;
        /// Value stored in $authenticated_id.
        /// `server_set_id = $auth2`
        SERVER_SET_ID: Text = "server_set_id", unset, inert AUTH;
        /// When the AUTH= parameter of MAIL is believed.
        /// `server_mail_auth_condition = ${if eq{$sender_host_address}{192.0.2.5}}`
        SERVER_MAIL_AUTH_CONDITION: Text = "server_mail_auth_condition", unset, inert AUTH;
    }
}

/// Private options of the `cram_md5` authenticator.
pub mod cram_md5 {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "cram_md5";
        /// Shared secret expansion.
        /// `server_secret = ${lookup{$auth1}lsearch{/etc/exim/secrets}{$value}fail}`
        SERVER_SECRET: Text = "server_secret", unset, inert AUTH;
        /// The user name that the client gives.
        /// `client_name = ann`
        CLIENT_NAME: Text = "client_name", unset, inert AUTH;
        /// The secret that the client answers with.
        /// `client_secret = secret`
        CLIENT_SECRET: Text = "client_secret", unset, inert AUTH;
    }
}

/// Private options of the `cyrus_sasl` authenticator.
pub mod cyrus_sasl {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "cyrus_sasl";
        /// The host name given to the SASL library.
        /// `server_hostname = mail.example.org`
        SERVER_HOSTNAME: Text = "server_hostname", "$primary_hostname", inert AUTH;
        /// Mechanism; default public_name.
        /// `server_mech = plain`
        SERVER_MECH: Plain = "server_mech", unset, inert AUTH;
        /// The realm given to the SASL library.
        /// `server_realm = example.org`
        SERVER_REALM: Text = "server_realm", unset, inert AUTH;
        /// The service name given to the SASL library.
        /// `server_service = mail`
        SERVER_SERVICE: Plain = "server_service", "smtp", inert AUTH;
    }
}

/// Private options of the `dovecot` authenticator.
pub mod dovecot {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "dovecot";
        /// Unix socket path, or host and port.
        /// `server_socket = /run/dovecot/auth-client`
        SERVER_SOCKET: Plain = "server_socket", unset, inert AUTH;
        /// Use TLS to inet auth server.
        /// `server_tls = true`
        SERVER_TLS: Flag = "server_tls", off, inert AUTH;
    }
}

/// Private options of the `external` authenticator.
pub mod external {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "external";
        /// First extra check value.
        /// `server_param2 = ${certextract{subj_altname,mail,>:}{$tls_in_peercert}}`
        SERVER_PARAM2: Text = "server_param2", unset, inert AUTH;
        /// Second extra check value.
        /// `server_param3 = $auth1`
        SERVER_PARAM3: Text = "server_param3", unset, inert AUTH;
        /// The identity that the client sends.
        /// `client_send = ann`
        CLIENT_SEND: Text = "client_send", unset, inert AUTH;
    }
}

/// Private options of the `gsasl` authenticator.
pub mod gsasl {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "gsasl";
        /// Authorisation id sent.
        /// `client_authz = ann`
        CLIENT_AUTHZ: Text = "client_authz", unset, inert AUTH;
        /// Bind to TLS channel.
        /// `client_channelbinding = true`
        CLIENT_CHANNELBINDING: Flag = "client_channelbinding", off, inert AUTH;
        /// The password, expanded.
        /// `client_password = secret`
        CLIENT_PASSWORD: Text = "client_password", unset, inert AUTH;
        /// The user name, expanded.
        /// `client_username = ann`
        CLIENT_USERNAME: Text = "client_username", unset, inert AUTH;
        /// The password in salted and hashed form.
        /// `client_spassword = 6cdfc9a0c5d6e2e0ab8a2a5d4b3c1f20`
        CLIENT_SPASSWORD: Text = "client_spassword", unset, inert AUTH;
        /// Bind to TLS channel.
        /// `server_channelbinding = true`
        SERVER_CHANNELBINDING: Flag = "server_channelbinding", off, inert AUTH;
        /// The host name of the service.
        /// `server_hostname = mail.example.org`
        SERVER_HOSTNAME: Text = "server_hostname", unset, inert AUTH;
        /// Mechanism; default public_name.
        /// `server_mech = scram-sha-256`
        SERVER_MECH: Plain = "server_mech", unset, inert AUTH;
        /// Clear password source.
        /// `server_password = ${lookup{$auth1}lsearch{/etc/exim/secrets}{$value}fail}`
        SERVER_PASSWORD: Text = "server_password", unset, inert AUTH;
        /// The realm that the server announces.
        /// `server_realm = example.org`
        SERVER_REALM: Text = "server_realm", unset, inert AUTH;
        /// SCRAM iteration count.
        /// `server_scram_iter = 8192`
        SERVER_SCRAM_ITER: Text = "server_scram_iter", "4096", inert AUTH;
        /// The salt of the SCRAM exchange.
        /// `server_scram_salt = c2FsdA==`
        SERVER_SCRAM_SALT: Text = "server_scram_salt", unset, inert AUTH;
        /// The server key of the SCRAM exchange.
        /// `server_key = ${extract{1}{,}{$auth4}}`
        SERVER_KEY: Text = "server_key", unset, inert AUTH;
        /// The stored key of the SCRAM exchange.
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
        /// The host name of the service.
        /// `server_hostname = mail.example.org`
        SERVER_HOSTNAME: Text = "server_hostname", unset, inert AUTH;
        /// The file that holds the keys of the service.
        /// `server_keytab = /etc/exim/krb5.keytab`
        SERVER_KEYTAB: Text = "server_keytab", unset, inert AUTH;
        /// The name of the service.
        /// `server_service = imap`
        SERVER_SERVICE: Text = "server_service", "smtp", inert AUTH;
    }
}

/// Private options of the `plaintext` authenticator.
pub mod plaintext {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "plaintext";
        /// Prompts sent to client.
        /// `server_prompts = Username:: : Password::`
        SERVER_PROMPTS: TextList = "server_prompts", unset, inert AUTH;
        /// Tolerate bad challenge.
        /// `client_ignore_invalid_base64 = true`
        CLIENT_IGNORE_INVALID_BASE64: Flag = "client_ignore_invalid_base64", off, inert AUTH;
        /// Strings sent to server.
        /// `client_send = ^ann^secret`
        CLIENT_SEND: Text = "client_send", unset, inert AUTH;
    }
}

/// Private options of the `spa` authenticator.
pub mod spa {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "spa";
        /// The password that the client must know, expanded.
        /// `server_password = ${lookup{$auth1}lsearch{/etc/exim/secrets}{$value}fail}`
        SERVER_PASSWORD: Text = "server_password", unset, inert AUTH;
        /// The domain that the client gives.
        /// `client_domain = EXAMPLE`
        CLIENT_DOMAIN: Text = "client_domain", unset, inert AUTH;
        /// The password, expanded.
        /// `client_password = secret`
        CLIENT_PASSWORD: Text = "client_password", unset, inert AUTH;
        /// The user name, expanded.
        /// `client_username = ann`
        CLIENT_USERNAME: Text = "client_username", unset, inert AUTH;
    }
}

/// Private options of the `tls` authenticator.
pub mod tls {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "tls";
        /// Identity from certificate.
        /// `server_param1 = ${certextract{subj_altname,mail,>:}{$tls_in_peercert}}`
        SERVER_PARAM1: Text = "server_param1", unset, inert AUTH;
        /// The second value to be checked.
        /// `server_param2 = ${certextract{serial}{$tls_in_peercert}}`
        SERVER_PARAM2: Text = "server_param2", unset, inert AUTH;
        /// The third value to be checked.
        /// `server_param3 = $tls_in_peerdn`
        SERVER_PARAM3: Text = "server_param3", unset, inert AUTH;
        /// Alias of server_param1.
        /// `server_param = $tls_in_peerdn`
        SERVER_PARAM: Text = "server_param", "x", inert AUTH;
    }
}
