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
        CLIENT_CONDITION: Text = "client_condition", unset, inert AUTH;
        /// Identity recorded for client auth.
        CLIENT_SET_ID: Text = "client_set_id", unset, inert AUTH;
        /// Selects authenticator type.
        DRIVER: Plain = "driver", unset;
        /// SASL mechanism name.
        PUBLIC_NAME: Plain = "public_name", unset;
        /// When the mechanism is advertised.
        SERVER_ADVERTISE_CONDITION: Text = "server_advertise_condition", unset, inert AUTH;
        /// The condition under which authentication succeeds.
        SERVER_CONDITION: Text = "server_condition", unset, inert AUTH;
        /// Text for the debug output of the server side.
        SERVER_DEBUG_PRINT: Text = "server_debug_print", unset, inert AUTH;
        /// Value stored in $authenticated_id.
        SERVER_SET_ID: Text = "server_set_id", unset, inert AUTH;
        /// When the AUTH= parameter of MAIL is believed.
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
        /// The user name that the client gives.
        CLIENT_NAME: Text = "client_name", unset, inert AUTH;
        /// The secret that the client answers with.
        CLIENT_SECRET: Text = "client_secret", unset, inert AUTH;
    }
}

/// Private options of the `cyrus_sasl` authenticator.
pub mod cyrus_sasl {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "cyrus_sasl";
        /// The host name given to the SASL library.
        SERVER_HOSTNAME: Text = "server_hostname", "$primary_hostname", inert AUTH;
        /// Mechanism; default public_name.
        SERVER_MECH: Plain = "server_mech", unset, inert AUTH;
        /// The realm given to the SASL library.
        SERVER_REALM: Text = "server_realm", unset, inert AUTH;
        /// The service name given to the SASL library.
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
        /// The identity that the client sends.
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
        /// The password, expanded.
        CLIENT_PASSWORD: Text = "client_password", unset, inert AUTH;
        /// The user name, expanded.
        CLIENT_USERNAME: Text = "client_username", unset, inert AUTH;
        /// The password in salted and hashed form.
        CLIENT_SPASSWORD: Text = "client_spassword", unset, inert AUTH;
        /// Bind to TLS channel.
        SERVER_CHANNELBINDING: Flag = "server_channelbinding", off, inert AUTH;
        /// The host name of the service.
        SERVER_HOSTNAME: Text = "server_hostname", unset, inert AUTH;
        /// Mechanism; default public_name.
        SERVER_MECH: Plain = "server_mech", unset, inert AUTH;
        /// Clear password source.
        SERVER_PASSWORD: Text = "server_password", unset, inert AUTH;
        /// The realm that the server announces.
        SERVER_REALM: Text = "server_realm", unset, inert AUTH;
        /// SCRAM iteration count.
        SERVER_SCRAM_ITER: Text = "server_scram_iter", "4096", inert AUTH;
        /// The salt of the SCRAM exchange.
        SERVER_SCRAM_SALT: Text = "server_scram_salt", unset, inert AUTH;
        /// The server key of the SCRAM exchange.
        SERVER_KEY: Text = "server_key", unset, inert AUTH;
        /// The stored key of the SCRAM exchange.
        SERVER_SKEY: Text = "server_skey", unset, inert AUTH;
        /// The name of the service.
        SERVER_SERVICE: Plain = "server_service", "smtp", inert AUTH;
    }
}

/// Private options of the `heimdal_gssapi` authenticator.
pub mod heimdal_gssapi {
    use super::super::definition::option_table;

    option_table! {
        Authenticator, "heimdal_gssapi";
        /// The host name of the service.
        SERVER_HOSTNAME: Text = "server_hostname", unset, inert AUTH;
        /// The file that holds the keys of the service.
        SERVER_KEYTAB: Text = "server_keytab", unset, inert AUTH;
        /// The name of the service.
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
        /// The password that the client must know, expanded.
        SERVER_PASSWORD: Text = "server_password", unset, inert AUTH;
        /// The domain that the client gives.
        CLIENT_DOMAIN: Text = "client_domain", unset, inert AUTH;
        /// The password, expanded.
        CLIENT_PASSWORD: Text = "client_password", unset, inert AUTH;
        /// The user name, expanded.
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
        /// The second value to be checked.
        SERVER_PARAM2: Text = "server_param2", unset, inert AUTH;
        /// The third value to be checked.
        SERVER_PARAM3: Text = "server_param3", unset, inert AUTH;
        /// Alias of server_param1.
        SERVER_PARAM: Text = "server_param", "x", inert AUTH;
    }
}
