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
        /// Whether client tries this.
        CLIENT_CONDITION: Text = "client_condition", unset, inert AUTH;
        /// Identity recorded for client auth.
        CLIENT_SET_ID: Text = "client_set_id", unset, inert AUTH;
        /// Selects authenticator type.
        DRIVER: Plain = "driver", unset;
        /// SASL mechanism name.
        PUBLIC_NAME: Plain = "public_name", unset;
        /// Whether to advertise.
        SERVER_ADVERTISE_CONDITION: Text = "server_advertise_condition", unset, inert AUTH;
        /// Authorisation check.
        SERVER_CONDITION: Text = "server_condition", unset, inert AUTH;
        /// Debug text.
        SERVER_DEBUG_PRINT: Text = "server_debug_print", unset, inert AUTH;
        /// Value stored in $authenticated_id.
        SERVER_SET_ID: Text = "server_set_id", unset, inert AUTH;
        /// Whether AUTH= is believed.
        SERVER_MAIL_AUTH_CONDITION: Text = "server_mail_auth_condition", unset, inert AUTH;
    }
}

/// Private options of the `cram_md5` authenticator.
pub mod cram_md5 {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "cram_md5";
        /// Shared secret expansion.
        SERVER_SECRET: Text = "server_secret", unset, inert AUTH;
        /// User name sent.
        CLIENT_NAME: Text = "client_name", unset, inert AUTH;
        /// Secret used.
        CLIENT_SECRET: Text = "client_secret", unset, inert AUTH;
    }
}

/// Private options of the `cyrus_sasl` authenticator.
pub mod cyrus_sasl {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "cyrus_sasl";
        /// Host name for SASL.
        SERVER_HOSTNAME: Text = "server_hostname", "$primary_hostname", inert AUTH;
        /// Mechanism; default public_name.
        SERVER_MECH: Plain = "server_mech", "PLAIN", inert AUTH;
        /// SASL realm.
        SERVER_REALM: Text = "server_realm", unset, inert AUTH;
        /// SASL service name.
        SERVER_SERVICE: Plain = "server_service", "smtp", inert AUTH;
    }
}

/// Private options of the `dovecot` authenticator.
pub mod dovecot {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "dovecot";
        /// Unix socket path, or host and port.
        SERVER_SOCKET: Plain = "server_socket", unset, inert AUTH;
        /// Use TLS to inet auth server.
        SERVER_TLS: Flag = "server_tls", off, inert AUTH;
    }
}

/// Private options of the `external` authenticator.
pub mod external {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "external";
        /// First extra check value.
        SERVER_PARAM2: Text = "server_param2", unset, inert AUTH;
        /// Second extra check value.
        SERVER_PARAM3: Text = "server_param3", unset, inert AUTH;
        /// Identity sent.
        CLIENT_SEND: Text = "client_send", unset, inert AUTH;
    }
}

/// Private options of the `gsasl` authenticator.
pub mod gsasl {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "gsasl";
        /// Authorisation id sent.
        CLIENT_AUTHZ: Text = "client_authz", unset, inert AUTH;
        /// Bind to TLS channel.
        CLIENT_CHANNELBINDING: Flag = "client_channelbinding", off, inert AUTH;
        /// Password.
        CLIENT_PASSWORD: Text = "client_password", unset, inert AUTH;
        /// User name.
        CLIENT_USERNAME: Text = "client_username", unset, inert AUTH;
        /// Prehashed password.
        CLIENT_SPASSWORD: Text = "client_spassword", unset, inert AUTH;
        /// Bind to TLS channel.
        SERVER_CHANNELBINDING: Flag = "server_channelbinding", off, inert AUTH;
        /// Host name.
        SERVER_HOSTNAME: Text = "server_hostname", unset, inert AUTH;
        /// Mechanism; default public_name.
        SERVER_MECH: Plain = "server_mech", unset, inert AUTH;
        /// Clear password source.
        SERVER_PASSWORD: Text = "server_password", unset, inert AUTH;
        /// Realm.
        SERVER_REALM: Text = "server_realm", unset, inert AUTH;
        /// SCRAM iteration count.
        SERVER_SCRAM_ITER: Text = "server_scram_iter", "4096", inert AUTH;
        /// SCRAM salt.
        SERVER_SCRAM_SALT: Text = "server_scram_salt", unset, inert AUTH;
        /// SCRAM server key.
        SERVER_KEY: Text = "server_key", unset, inert AUTH;
        /// SCRAM stored key.
        SERVER_SKEY: Text = "server_skey", unset, inert AUTH;
        /// Service name.
        SERVER_SERVICE: Plain = "server_service", "smtp", inert AUTH;
    }
}

/// Private options of the `heimdal_gssapi` authenticator.
pub mod heimdal_gssapi {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "heimdal_gssapi";
        /// Host name.
        SERVER_HOSTNAME: Text = "server_hostname", unset, inert AUTH;
        /// Keytab file.
        SERVER_KEYTAB: Text = "server_keytab", unset, inert AUTH;
        /// Service name.
        SERVER_SERVICE: Text = "server_service", "smtp", inert AUTH;
    }
}

/// Private options of the `plaintext` authenticator.
pub mod plaintext {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "plaintext";
        /// Prompts sent to client.
        SERVER_PROMPTS: TextList = "server_prompts", unset, inert AUTH;
        /// Tolerate bad challenge.
        CLIENT_IGNORE_INVALID_BASE64: Flag = "client_ignore_invalid_base64", off, inert AUTH;
        /// Strings sent to server.
        CLIENT_SEND: Text = "client_send", unset, inert AUTH;
    }
}

/// Private options of the `spa` authenticator.
pub mod spa {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "spa";
        /// Password expansion.
        SERVER_PASSWORD: Text = "server_password", unset, inert AUTH;
        /// NTLM domain.
        CLIENT_DOMAIN: Text = "client_domain", unset, inert AUTH;
        /// Password.
        CLIENT_PASSWORD: Text = "client_password", unset, inert AUTH;
        /// User name.
        CLIENT_USERNAME: Text = "client_username", unset, inert AUTH;
    }
}

/// Private options of the `tls` authenticator.
pub mod tls {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "tls";
        /// Identity from certificate.
        SERVER_PARAM1: Text = "server_param1", unset, inert AUTH;
        /// Second check value.
        SERVER_PARAM2: Text = "server_param2", unset, inert AUTH;
        /// Third check value.
        SERVER_PARAM3: Text = "server_param3", unset, inert AUTH;
        /// Alias of server_param1.
        SERVER_PARAM: Text = "server_param", "x", inert AUTH;
    }
}
