//! The one table of expansion variables.
//!
//! Each row: what the variable holds, an example, the identifier used in code, Exim's name, whether the feature behind
//! it exists yet, and who sets it. Rows stand in byte order of the name.
//!
//! # Compatibility
//! Exim specification, section "Expansion variables". Families with an open set of names (`$acl_c...`, `$acl_m...`,
//! `$r_...`, `$h_...`, `$1`) are parsed in the parent module.

use mail_types::manual::Entry;

use super::{Availability, VariableInfo};

macro_rules! variables {
    ($( #[doc = $doc:literal] $(#[doc = $example:literal])+
        $id:ident = $name:literal, $available:ident, $set_by:literal; )*) => {
        /// A variable with a fixed name: `Variable::SenderAddress` is `$sender_address`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Variable {
            $(#[doc = $doc] $id,)*
        }

        /// What is known about each variable, in byte order of the names; indexed by `Variable as usize`.
        pub static VARIABLES: &[VariableInfo] = &[
            $(VariableInfo {
                variable: Variable::$id,
                name: $name,
                available: Availability::$available,
                set_by: $set_by,
                entry: Entry { name: $name, doc: $doc, examples: &[$($example),+] },
            },)*
        ];
    };
}

variables! {
    /// First argument passed to called ACL ($acl_arg1..9)
    /// in an ACL: `warn condition = ${if eq{$acl_arg1}{verbose}}`
    AclArg1 = "acl_arg1", Now, "acl condition or ${acl}";
    /// Argument 2 of called ACL
    /// in an ACL: `warn condition = ${if eq{$acl_arg2}{verbose}}`
    AclArg2 = "acl_arg2", Now, "acl condition or ${acl}";
    /// Argument 3 of called ACL
    /// in an ACL: `warn condition = ${if eq{$acl_arg3}{verbose}}`
    AclArg3 = "acl_arg3", Now, "acl condition or ${acl}";
    /// Argument 4 of called ACL
    /// in an ACL: `warn condition = ${if eq{$acl_arg4}{verbose}}`
    AclArg4 = "acl_arg4", Now, "acl condition or ${acl}";
    /// Argument 5 of called ACL
    /// in an ACL: `warn condition = ${if eq{$acl_arg5}{verbose}}`
    AclArg5 = "acl_arg5", Now, "acl condition or ${acl}";
    /// Argument 6 of called ACL
    /// in an ACL: `warn condition = ${if eq{$acl_arg6}{verbose}}`
    AclArg6 = "acl_arg6", Now, "acl condition or ${acl}";
    /// Argument 7 of called ACL
    /// in an ACL: `warn condition = ${if eq{$acl_arg7}{verbose}}`
    AclArg7 = "acl_arg7", Now, "acl condition or ${acl}";
    /// Argument 8 of called ACL
    /// in an ACL: `warn condition = ${if eq{$acl_arg8}{verbose}}`
    AclArg8 = "acl_arg8", Now, "acl condition or ${acl}";
    /// Ninth argument passed to called ACL
    /// in an ACL: `warn condition = ${if eq{$acl_arg9}{verbose}}`
    AclArg9 = "acl_arg9", Now, "acl condition or ${acl}";
    /// Argument count in called ACL
    /// in an ACL: `deny condition = ${if <{$acl_narg}{2}}`
    AclNarg = "acl_narg", Now, "acl condition or ${acl}";
    /// Text from failed verification
    /// in an ACL: `deny message = sender refused: $acl_verify_message`
    AclVerifyMessage = "acl_verify_message", Now, "verify failure, message evaluation";
    /// Data attached during routing
    /// in a transport: `headers_add = X-Routing: $address_data`
    AddressData = "address_data", Now, "router address_data";
    /// Target file name for transport
    /// in a transport: `file = $address_file`
    AddressFile = "address_file", Now, "redirect router";
    /// Pipe command for transport
    /// in a transport: `command = $address_pipe`
    AddressPipe = "address_pipe", Now, "redirect router";
    /// Chain domains in order, colon list
    /// in an ACL: `warn logwrite = sealed by $arc_domains`
    ArcDomains = "arc_domains", Now, "ARC verify";
    /// Lowest instance still passing
    /// in an ACL: `warn condition = ${if >{$arc_oldest_pass}{1}}`
    ArcOldestPass = "arc_oldest_pass", Now, "ARC verify";
    /// none, fail or pass
    /// in an ACL: `warn condition = ${if eq{$arc_state}{pass}}`
    ArcState = "arc_state", Now, "ARC verify";
    /// Why the chain failed
    /// in an ACL: `warn logwrite = ARC: $arc_state_reason`
    ArcStateReason = "arc_state_reason", Now, "ARC verify";
    /// Client address and port for ODMR
    /// in a router: `condition = ${if def:atrn_host}`
    AtrnHost = "atrn_host", Later, "ATRN accepted";
    /// P provider, C customer, or empty
    /// in a router: `condition = ${if eq{$atrn_mode}{P}}`
    AtrnMode = "atrn_mode", Later, "ATRN accepted";
    /// Authentication strings 1-4
    /// in an authenticator: `server_condition = ${if eq{$auth1}{ann}}`
    Auth1 = "auth1", Now, "authenticators";
    /// Second authentication string
    /// in an authenticator: `server_condition = ${if eq{$auth2}{ann}}`
    Auth2 = "auth2", Now, "authenticators";
    /// Third authentication string
    /// in an authenticator: `server_condition = ${if and{{eq{$auth2}{ann}}{eq{$auth3}{secret}}}}`
    Auth3 = "auth3", Now, "authenticators";
    /// Fourth authentication string
    /// in an authenticator: `server_set_id = $auth4`
    Auth4 = "auth4", Now, "authenticators";
    /// Last identity that failed
    /// in an ACL: `warn logwrite = failed as $authenticated_fail_id`
    AuthenticatedFailId = "authenticated_fail_id", Now, "failed AUTH";
    /// Identity of authenticated client
    /// `$authenticated_id`
    AuthenticatedId = "authenticated_id", Now, "server_set_id";
    /// Trusted AUTH= address
    /// `$authenticated_sender`
    AuthenticatedSender = "authenticated_sender", Now, "MAIL AUTH=, local caller";
    /// 1 after a failed attempt
    /// in an ACL: `drop condition = $authentication_failed`
    AuthenticationFailed = "authentication_failed", Now, "failed AUTH";
    /// 1 when scanner had a problem
    /// in an ACL: `defer condition = $av_failed`
    AvFailed = "av_failed", Later, "malware condition";
    /// Lines in body
    /// in an ACL: `deny condition = ${if >{$body_linecount}{10000}}`
    BodyLinecount = "body_linecount", Now, "reception";
    /// NUL bytes in body
    /// in an ACL: `deny condition = ${if >{$body_zerocount}{0}}`
    BodyZerocount = "body_zerocount", Now, "reception";
    /// Address the bounce goes to
    /// in the main section: `bounce_message_text = This went to $bounce_recipient`
    BounceRecipient = "bounce_recipient", Now, "bounce generation";
    /// Option value, rounded up
    /// `$bounce_return_size_limit`
    BounceReturnSizeLimit = "bounce_return_size_limit", Now, "main option";
    /// Real gid of calling process
    /// in an ACL: `warn condition = ${if ={$caller_gid}{0}}`
    CallerGid = "caller_gid", Now, "startup";
    /// Real uid of calling process
    /// in an ACL: `warn condition = ${if ={$caller_uid}{0}}`
    CallerUid = "caller_uid", Now, "startup";
    /// Address last connected to
    /// in an ACL: `warn logwrite = asked $callout_address`
    CalloutAddress = "callout_address", Now, "callout, spamd, malware";
    /// Build date text
    /// in the main section: `smtp_banner = $primary_hostname ESMTP $version_number, built $compile_date`
    CompileDate = "compile_date", Now, "build";
    /// Build counter
    /// in the main section: `smtp_banner = $primary_hostname ESMTP $version_number #$compile_number`
    CompileNumber = "compile_number", Now, "build";
    /// Directory of main config
    /// `${sg{$config_dir}{^.*/}{}}`
    ConfigDir = "config_dir", Now, "config load";
    /// Main config path
    /// `${sg{$config_file}{^.*/}{}}`
    ConfigFile = "config_file", Now, "config load";
    /// Identifier for incoming connection
    /// in an ACL: `warn logwrite = connection $connection_id`
    ConnectionId = "connection_id", Now, "connection accept";
    /// Result of CSA check
    /// in an ACL: `warn condition = ${if eq{$csa_status}{fail}}`
    CsaStatus = "csa_status", Now, "verify=csa";
    /// X-DCC header text
    /// in an ACL: `warn add_header = $dcc_header`
    DccHeader = "dcc_header", Later, "dcc condition";
    /// Overall DCC result
    /// in an ACL: `deny condition = ${if eq{$dcc_result}{R}}`
    DccResult = "dcc_result", Later, "dcc condition";
    /// Signature algorithm
    /// in an ACL: `deny condition = ${if eq{$dkim_algo}{rsa-sha1}}`
    DkimAlgo = "dkim_algo", Now, "DKIM verify";
    /// Signed body length
    /// in an ACL: `warn condition = ${if <{$dkim_bodylength}{1000}}`
    DkimBodylength = "dkim_bodylength", Now, "DKIM verify";
    /// Body canonicalisation
    /// in an ACL: `warn condition = ${if eq{$dkim_canon_body}{simple}}`
    DkimCanonBody = "dkim_canon_body", Now, "DKIM verify";
    /// Header canonicalisation
    /// in an ACL: `warn condition = ${if eq{$dkim_canon_headers}{simple}}`
    DkimCanonHeaders = "dkim_canon_headers", Now, "DKIM verify";
    /// z= content
    /// in an ACL: `warn logwrite = z=$dkim_copiedheaders`
    DkimCopiedheaders = "dkim_copiedheaders", Now, "DKIM verify";
    /// t= time or 0
    /// in an ACL: `warn condition = ${if >{$dkim_created}{$tod_epoch}}`
    DkimCreated = "dkim_created", Now, "DKIM verify";
    /// Signer being evaluated
    /// in an ACL: `warn logwrite = looking at $dkim_cur_signer`
    DkimCurSigner = "dkim_cur_signer", Now, "DKIM ACL";
    /// Signing domain
    /// in a transport: `dkim_selector = ${lookup{$dkim_domain}lsearch{/etc/exim/selectors}}`
    DkimDomain = "dkim_domain", Now, "DKIM sign/verify";
    /// x= time or huge number
    /// in an ACL: `warn condition = ${if <{$dkim_expires}{$tod_epoch}}`
    DkimExpires = "dkim_expires", Now, "DKIM verify";
    /// Signed header names
    /// in an ACL: `deny condition = ${if !inlisti{from}{$dkim_headernames}}`
    DkimHeadernames = "dkim_headernames", Now, "DKIM verify";
    /// i= identity
    /// in an ACL: `warn logwrite = signed for $dkim_identity`
    DkimIdentity = "dkim_identity", Now, "DKIM verify";
    /// g= of key
    /// in an ACL: `warn logwrite = g=$dkim_key_granularity`
    DkimKeyGranularity = "dkim_key_granularity", Now, "DKIM verify";
    /// Key bits
    /// in an ACL: `deny condition = ${if <{$dkim_key_length}{1024}}`
    DkimKeyLength = "dkim_key_length", Now, "DKIM verify";
    /// Key forbids subdomains
    /// in an ACL: `warn condition = $dkim_key_nosubdomains`
    DkimKeyNosubdomains = "dkim_key_nosubdomains", Now, "DKIM verify";
    /// n= of key
    /// in an ACL: `warn logwrite = n=$dkim_key_notes`
    DkimKeyNotes = "dkim_key_notes", Now, "DKIM verify";
    /// s= of key
    /// in an ACL: `warn logwrite = s=$dkim_key_srvtype`
    DkimKeySrvtype = "dkim_key_srvtype", Now, "DKIM verify";
    /// Key testing flag
    /// in an ACL: `accept condition = $dkim_key_testing`
    DkimKeyTesting = "dkim_key_testing", Now, "DKIM verify";
    /// Selector
    /// in a transport: `dkim_private_key = /etc/exim/dkim/$dkim_selector.key`
    DkimSelector = "dkim_selector", Now, "DKIM sign/verify";
    /// Signer domains and identities list
    /// in an ACL: `accept condition = ${if inlist{example.org}{$dkim_signers}}`
    DkimSigners = "dkim_signers", Now, "DKIM verify";
    /// Cause of bad status
    /// in an ACL: `warn logwrite = DKIM: $dkim_verify_reason`
    DkimVerifyReason = "dkim_verify_reason", Now, "DKIM verify, settable in ACL";
    /// Value of the signers option
    /// in the main section: `dkim_verify_signers = $sender_address_domain:$dkim_signers`
    DkimVerifySigners = "dkim_verify_signers", Now, "main option";
    /// none, invalid, fail, pass
    /// in an ACL: `deny condition = ${if eq{$dkim_verify_status}{fail}}`
    DkimVerifyStatus = "dkim_verify_status", Now, "DKIM verify, settable in ACL";
    /// yes/no DKIM alignment
    /// in an ACL: `warn condition = ${if eq{$dmarc_alignment_dkim}{no}}`
    DmarcAlignmentDkim = "dmarc_alignment_dkim", Now, "dmarc_status condition";
    /// yes/no SPF alignment
    /// in an ACL: `warn condition = ${if eq{$dmarc_alignment_spf}{no}}`
    DmarcAlignmentSpf = "dmarc_alignment_spf", Now, "dmarc_status condition";
    /// Authentication-Results header; later ${authresults}
    /// in an ACL: `warn add_header = $dmarc_ar_header`
    DmarcArHeader = "dmarc_ar_header", Now, "older text only";
    /// Published policy
    /// in an ACL: `warn condition = ${if eq{$dmarc_domain_policy}{reject}}`
    DmarcDomainPolicy = "dmarc_domain_policy", Now, "dmarc_status condition";
    /// One-word outcome
    /// in an ACL: `deny condition = ${if eq{$dmarc_status}{reject}}`
    DmarcStatus = "dmarc_status", Now, "dmarc_status condition";
    /// Readable outcome
    /// in an ACL: `warn logwrite = DMARC: $dmarc_status_text`
    DmarcStatusText = "dmarc_status_text", Now, "dmarc_status condition";
    /// Domain whose record was used
    /// in an ACL: `warn logwrite = DMARC record of $dmarc_used_domain`
    DmarcUsedDomain = "dmarc_used_domain", Now, "dmarc_status condition";
    /// List domain that matched
    /// in an ACL: `warn logwrite = listed at $dnslist_domain`
    DnslistDomain = "dnslist_domain", Now, "dnslists";
    /// Key that matched
    /// in an ACL: `warn logwrite = $dnslist_matched is listed`
    DnslistMatched = "dnslist_matched", Now, "dnslists";
    /// TXT data from list
    /// in an ACL: `deny message = $dnslist_text`
    DnslistText = "dnslist_text", Now, "dnslists";
    /// Address values from list
    /// in an ACL: `warn condition = ${if inlist{127.0.0.2}{<, $dnslist_value}}`
    DnslistValue = "dnslist_value", Now, "dnslists";
    /// Domain part, lower case
    /// in a router: `data = $local_part@new.${domain}`
    Domain = "domain", Now, "routing, RCPT ACL";
    /// Data from matching list item, untainted
    /// in a transport: `directory = /var/mail/$domain_data`
    DomainData = "domain_data", Now, "domains condition";
    /// Event-specific text
    /// in the main section: `event_action = ${if eq{$event_name}{msg:complete}{${run{/bin/true $event_data}}}}`
    EventData = "event_data", Now, "event";
    /// Error number
    /// in the main section: `event_action = ${if eq{$event_defer_errno}{-44}{}}`
    EventDeferErrno = "event_defer_errno", Now, "defer events";
    /// Name of event
    /// in the main section: `event_action = ${if match{$event_name}{^msg:}{}}`
    EventName = "event_name", Now, "event";
    /// Exim gid
    /// `${if match{$exim_gid}{^[0-9]+\$}{a number}}`
    EximGid = "exim_gid", Now, "build";
    /// Binary path
    /// in a transport: `headers_add = X-Agent: $exim_path`
    EximPath = "exim_path", Now, "build/config";
    /// Exim uid
    /// `${if match{$exim_uid}{^[0-9]+\$}{a number}}`
    EximUid = "exim_uid", Now, "build";
    /// Version string
    /// in the main section: `received_header_text = Received: by $primary_hostname with Exim $exim_version`
    EximVersion = "exim_version", Now, "build";
    /// Pending added headers
    /// in an ACL: `warn condition = ${if match{$headers_added}{X-Spam}}`
    HeadersAdded = "headers_added", Now, "ACL add_header";
    /// Home directory
    /// in a router: `file = $home/.forward`
    Home = "home", Now, "router/transport";
    /// Remote host name
    /// in a transport: `helo_data = ${if eq{$host}{mx.example.net}{special.example.org}{$primary_hostname}}`
    Host = "host", Now, "routing/transport";
    /// Remote IP
    /// in a transport: `interface = ${if isip6{$host_address}{2001:db8::1}{192.0.2.1}}`
    HostAddress = "host_address", Now, "routing/transport";
    /// Lookup data
    /// in an ACL: `warn logwrite = client is known as $host_data`
    HostData = "host_data", Now, "hosts condition";
    /// 1 if name lookup deferred
    /// in an ACL: `defer condition = $host_lookup_deferred`
    HostLookupDeferred = "host_lookup_deferred", Now, "host lookup";
    /// 1 if name lookup failed
    /// in an ACL: `deny condition = $host_lookup_failed`
    HostLookupFailed = "host_lookup_failed", Now, "host lookup";
    /// Remote port
    /// in a transport: `helo_data = ${if ={$host_port}{587}{client.example.org}{$primary_hostname}}`
    HostPort = "host_port", Now, "transport";
    /// Directory Exim started in
    /// `${if match{$initial_cwd}{^/}{absolute}}`
    InitialCwd = "initial_cwd", Now, "startup";
    /// Inode of temporary file
    /// in a transport: `directory_file = q${base62:$tod_epoch}-$inode`
    Inode = "inode", Now, "appendfile directory_file";
    /// Old name of received_ip_address
    /// `$interface_address`
    InterfaceAddress = "interface_address", Now, "obsolete";
    /// Old name of received_port
    /// `$interface_port`
    InterfacePort = "interface_port", Now, "obsolete";
    /// Current element
    /// `${map{a:b}{$item$item}}`
    Item = "item", Now, "forall/forany/filter/map/reduce";
    /// DN of last entry
    /// in a router: `address_data = ${if def:ldap_dn{$ldap_dn}}`
    LdapDn = "ldap_dn", Later, "LDAP lookup";
    /// Load times 1000
    /// in an ACL: `defer condition = ${if >{$load_average}{8000}}`
    LoadAverage = "load_average", Now, "on reference";
    /// Local part
    /// in a router: `data = $local_part@example.net`
    LocalPart = "local_part", Now, "routing, RCPT ACL";
    /// Untainted matched local part
    /// in a transport: `file = /var/mail/$local_part_data`
    LocalPartData = "local_part_data", Now, "local_parts condition, check_local_user";
    /// Stripped prefix
    /// in a transport: `headers_add = X-Prefix: $local_part_prefix`
    LocalPartPrefix = "local_part_prefix", Now, "router prefix";
    /// Variable portion of wild prefix
    /// in a router: `data = ${local_part_prefix_v}@example.net`
    LocalPartPrefixV = "local_part_prefix_v", Now, "router prefix";
    /// Stripped suffix
    /// in a transport: `headers_add = X-Suffix: $local_part_suffix`
    LocalPartSuffix = "local_part_suffix", Now, "router suffix";
    /// Variable portion of wild suffix
    /// in a transport: `headers_add = X-Detail: $local_part_suffix_v`
    LocalPartSuffixV = "local_part_suffix_v", Now, "router suffix";
    /// Text returned by local_scan
    /// in a transport: `headers_add = X-Scan: $local_scan_data`
    LocalScanData = "local_scan_data", Now, "local_scan";
    /// User gid
    /// in a transport: `group = $local_user_gid`
    LocalUserGid = "local_user_gid", Now, "check_local_user";
    /// User uid
    /// in a transport: `user = $local_user_uid`
    LocalUserUid = "local_user_uid", Now, "check_local_user";
    /// Host number
    /// in the main section: `message_id_header_text = host-$localhost_number`
    LocalhostNumber = "localhost_number", Now, "main option";
    /// Free inodes at log
    /// in an ACL: `defer condition = ${if and{{>{$log_inodes}{-1}}{<{$log_inodes}{1000}}}}`
    LogInodes = "log_inodes", Now, "on reference";
    /// Free KB at log
    /// in an ACL: `defer condition = ${if and{{>{$log_space}{-1}}{<{$log_space}{10240}}}}`
    LogSpace = "log_space", Now, "on reference";
    /// yes/no/empty DNSSEC state
    /// in a router: `address_data = secure=$lookup_dnssec_authenticated`
    LookupDnssecAuthenticated = "lookup_dnssec_authenticated", Now, "DNS lookup";
    /// Base file name
    /// in a transport: `mailstore_prefix = ${if def:mailstore_basename{base $mailstore_basename}}`
    MailstoreBasename = "mailstore_basename", Now, "mailstore delivery";
    /// Virus name
    /// in an ACL: `deny message = infected: $malware_name`
    MalwareName = "malware_name", Later, "malware condition";
    /// Longest received line
    /// in an ACL: `deny condition = ${if >{$max_received_linelength}{998}}`
    MaxReceivedLinelength = "max_received_linelength", Now, "reception";
    /// Seconds since arrival
    /// in a router: `condition = ${if >{$message_age}{3600}}`
    MessageAge = "message_age", Now, "delivery start";
    /// Start of body
    /// in an ACL: `deny condition = ${if match{$message_body}{cheap watches}}`
    MessageBody = "message_body", Now, "delivery/data ACL";
    /// End of body
    /// in an ACL: `warn condition = ${if match{$message_body_end}{-- \N$\N}}`
    MessageBodyEnd = "message_body_end", Now, "delivery/data ACL";
    /// Body bytes
    /// in an ACL: `deny condition = ${if >{$message_body_size}{1M}}`
    MessageBodySize = "message_body_size", Now, "delivery/data ACL";
    /// Exim message id
    /// in an ACL: `warn logwrite = this is $message_exim_id`
    MessageEximId = "message_exim_id", Now, "reception";
    /// All headers decoded
    /// in an ACL: `warn logwrite = $message_headers`
    MessageHeaders = "message_headers", Now, "reception";
    /// All headers raw
    /// in an ACL: `deny condition = ${if match{$message_headers_raw}{\N[\x80-\xff]\N}}`
    MessageHeadersRaw = "message_headers_raw", Now, "reception";
    /// Deprecated alias of message_exim_id
    /// in an ACL: `warn logwrite = this is $message_id`
    MessageId = "message_id", Now, "reception";
    /// Lines in message
    /// in an ACL: `deny condition = ${if >{$message_linecount}{10000}}`
    MessageLinecount = "message_linecount", Now, "reception";
    /// Message bytes
    /// in an ACL: `deny condition = ${if >{$message_size}{10M}}`
    MessageSize = "message_size", Now, "reception";
    /// TRUE for international message
    /// in a router: `condition = ${if bool{$message_smtputf8}}`
    MessageSmtputf8 = "message_smtputf8", Now, "MAIL SMTPUTF8";
    /// Anomaly severity
    /// in an ACL: `deny condition = ${if >{$mime_anomaly_level}{2}}`
    MimeAnomalyLevel = "mime_anomaly_level", Later, "MIME ACL";
    /// Anomaly text
    /// in an ACL: `warn logwrite = $mime_anomaly_text`
    MimeAnomalyText = "mime_anomaly_text", Later, "MIME ACL";
    /// Part boundary
    /// in an ACL: `warn condition = ${if match{$mime_boundary}{^--=_}}`
    MimeBoundary = "mime_boundary", Later, "MIME ACL";
    /// Charset of part
    /// in an ACL: `warn condition = ${if eqi{$mime_charset}{utf-8}}`
    MimeCharset = "mime_charset", Later, "MIME ACL";
    /// Description header
    /// in an ACL: `warn logwrite = $mime_content_description`
    MimeContentDescription = "mime_content_description", Later, "MIME ACL";
    /// Disposition
    /// in an ACL: `warn condition = ${if eq{$mime_content_disposition}{attachment}}`
    MimeContentDisposition = "mime_content_disposition", Later, "MIME ACL";
    /// Content-ID
    /// in an ACL: `warn logwrite = cid:$mime_content_id`
    MimeContentId = "mime_content_id", Later, "MIME ACL";
    /// Decoded size in KB
    /// in an ACL: `accept condition = ${if >{$mime_content_size}{500}}`
    MimeContentSize = "mime_content_size", Later, "MIME ACL";
    /// Encoding
    /// in an ACL: `warn condition = ${if eq{$mime_content_transfer_encoding}{base64}}`
    MimeContentTransferEncoding = "mime_content_transfer_encoding", Later, "MIME ACL";
    /// Type of part
    /// in an ACL: `deny condition = ${if eq{$mime_content_type}{application/x-msdownload}}`
    MimeContentType = "mime_content_type", Later, "MIME ACL";
    /// Path of decoded file
    /// in an ACL: `warn set acl_m_size = ${stat:$mime_decoded_filename}`
    MimeDecodedFilename = "mime_decoded_filename", Later, "decode condition";
    /// Proposed file name
    /// in an ACL: `deny condition = ${if match{${lc:$mime_filename}}{\N\.exe$\N}}`
    MimeFilename = "mime_filename", Later, "MIME ACL";
    /// Part is likely main text
    /// in an ACL: `warn condition = $mime_is_coverletter`
    MimeIsCoverletter = "mime_is_coverletter", Later, "MIME ACL";
    /// Part is multipart
    /// in an ACL: `accept condition = $mime_is_multipart`
    MimeIsMultipart = "mime_is_multipart", Later, "MIME ACL";
    /// Inside attached message
    /// in an ACL: `warn condition = $mime_is_rfc822`
    MimeIsRfc822 = "mime_is_rfc822", Later, "MIME ACL";
    /// Part counter
    /// in an ACL: `deny condition = ${if >{$mime_part_count}{100}}`
    MimePartCount = "mime_part_count", Later, "MIME ACL";
    /// Filter counters n0-n9
    /// in a router: `data = "#Exim filter\nadd 1 to n0\nif $n0 is 1 then deliver ann@example.net endif"`
    N0 = "n0", Now, "filter add";
    /// Filter counter 1
    /// in a router: `data = "#Exim filter\nadd 1 to n1\nif $n1 is 1 then deliver ann@example.net endif"`
    N1 = "n1", Now, "filter add";
    /// Filter counter 2
    /// in a router: `data = "#Exim filter\nadd 1 to n2\nif $n2 is 1 then deliver ann@example.net endif"`
    N2 = "n2", Now, "filter add";
    /// Filter counter 3
    /// in a router: `data = "#Exim filter\nadd 1 to n3\nif $n3 is 1 then deliver ann@example.net endif"`
    N3 = "n3", Now, "filter add";
    /// Filter counter 4
    /// in a router: `data = "#Exim filter\nadd 1 to n4\nif $n4 is 1 then deliver ann@example.net endif"`
    N4 = "n4", Now, "filter add";
    /// Filter counter 5
    /// in a router: `data = "#Exim filter\nadd 1 to n5\nif $n5 is 1 then deliver ann@example.net endif"`
    N5 = "n5", Now, "filter add";
    /// Filter counter 6
    /// in a router: `data = "#Exim filter\nadd 1 to n6\nif $n6 is 1 then deliver ann@example.net endif"`
    N6 = "n6", Now, "filter add";
    /// Filter counter 7
    /// in a router: `data = "#Exim filter\nadd 1 to n7\nif $n7 is 1 then deliver ann@example.net endif"`
    N7 = "n7", Now, "filter add";
    /// Filter counter 8
    /// in a router: `data = "#Exim filter\nadd 1 to n8\nif $n8 is 1 then deliver ann@example.net endif"`
    N8 = "n8", Now, "filter add";
    /// Last filter counter
    /// in a router: `data = "#Exim filter\nadd 1 to n9\nif $n9 is 1 then deliver ann@example.net endif"`
    N9 = "n9", Now, "filter add";
    /// Domain of top-level address
    /// in a transport: `headers_add = X-Original: $original_local_part@$original_domain`
    OriginalDomain = "original_domain", Now, "routing";
    /// Local part of top-level address
    /// in a transport: `headers_add = X-Original: $original_local_part`
    OriginalLocalPart = "original_local_part", Now, "routing";
    /// gid of submitter
    /// in a router: `condition = ${if ={$originator_gid}{0}}`
    OriginatorGid = "originator_gid", Now, "reception";
    /// uid of submitter
    /// in a router: `condition = ${if ={$originator_uid}{0}}`
    OriginatorUid = "originator_uid", Now, "reception";
    /// Domain of parent address
    /// in a router: `condition = ${if eq{$parent_domain}{example.org}}`
    ParentDomain = "parent_domain", Now, "routing";
    /// Local part of parent address
    /// in a router: `data = owner-$parent_local_part@example.org`
    ParentLocalPart = "parent_local_part", Now, "routing";
    /// Process id
    /// `${if >{$pid}{1}{a process}}`
    Pid = "pid", Now, "process";
    /// yes or no
    /// in an ACL: `warn condition = $prdr_requested`
    PrdrRequested = "prdr_requested", Later, "MAIL PRDR";
    /// Host name
    /// `$primary_hostname`
    PrimaryHostname = "primary_hostname", Now, "main option or uname";
    /// Proxied client-side address
    /// in an ACL: `warn logwrite = the proxy's address is $proxy_external_address`
    ProxyExternalAddress = "proxy_external_address", Later, "PROXY header";
    /// Proxied client-side port
    /// in an ACL: `warn logwrite = the proxy's port is $proxy_external_port`
    ProxyExternalPort = "proxy_external_port", Later, "PROXY header";
    /// Proxy inside address
    /// in an ACL: `warn logwrite = reached the proxy at $proxy_local_address`
    ProxyLocalAddress = "proxy_local_address", Later, "PROXY header";
    /// Proxy inside port
    /// in an ACL: `warn condition = ${if ={$proxy_local_port}{587}}`
    ProxyLocalPort = "proxy_local_port", Later, "PROXY header";
    /// yes when proxied
    /// in an ACL: `warn condition = $proxy_session`
    ProxySession = "proxy_session", Later, "PROXY header";
    /// Decoded address
    /// `${prvscheck{prvs=0000000000=ann@example.org}{secret}{$prvscheck_address}}`
    PrvscheckAddress = "prvscheck_address", Now, "prvscheck";
    /// Key number
    /// `${prvscheck{prvs=3000000000=ann@example.org}{secret}{$prvscheck_keynum}}`
    PrvscheckKeynum = "prvscheck_keynum", Now, "prvscheck";
    /// 1 if valid
    /// `${prvscheck{prvs=0000000000=ann@example.org}{secret}{${if def:prvscheck_result{good}{bad}}}}`
    PrvscheckResult = "prvscheck_result", Now, "prvscheck";
    /// Default sender domain
    /// `$qualify_domain`
    QualifyDomain = "qualify_domain", Now, "main option";
    /// Default recipient domain
    /// `$qualify_recipient`
    QualifyRecipient = "qualify_recipient", Now, "main option";
    /// Named queue
    /// in an ACL: `warn condition = ${if eq{$queue_name}{slow}}`
    QueueName = "queue_name", Now, "queue selection";
    /// Messages queued, cached one minute
    /// in an ACL: `defer condition = ${if >{$queue_size}{10000}}`
    QueueSize = "queue_size", Now, "on reference";
    /// RCPT commands so far
    /// in an ACL: `deny condition = ${if >{$rcpt_count}{100}}`
    RcptCount = "rcpt_count", Now, "RCPT";
    /// Temporarily rejected RCPTs
    /// in an ACL: `drop condition = ${if >{$rcpt_defer_count}{20}}`
    RcptDeferCount = "rcpt_defer_count", Now, "RCPT";
    /// Permanently rejected RCPTs
    /// in an ACL: `drop condition = ${if >{$rcpt_fail_count}{5}}`
    RcptFailCount = "rcpt_fail_count", Now, "RCPT";
    /// Received headers count
    /// in an ACL: `deny condition = ${if >{$received_count}{20}}`
    ReceivedCount = "received_count", Now, "reception";
    /// Single recipient for Received
    /// in the main section: `received_header_text = Received: by $primary_hostname${if def:received_for{ for $received_for}}`
    ReceivedFor = "received_for", Now, "reception";
    /// Local IP of connection
    /// `$received_ip_address`
    ReceivedIpAddress = "received_ip_address", Now, "connection";
    /// Local port of connection
    /// `$received_port`
    ReceivedPort = "received_port", Now, "connection";
    /// Protocol name
    /// `$received_protocol`
    ReceivedProtocol = "received_protocol", Now, "reception";
    /// Arrival epoch seconds
    /// in a router: `condition = ${if <{$received_time}{1700000000}}`
    ReceivedTime = "received_time", Now, "reception";
    /// Lookup data
    /// in an ACL: `warn logwrite = recipient is known as $recipient_data`
    RecipientData = "recipient_data", Now, "recipients condition";
    /// Failure class word
    /// in an ACL: `deny message = refused: $recipient_verify_failure`
    RecipientVerifyFailure = "recipient_verify_failure", Now, "verify=recipient";
    /// Comma separated recipients
    /// in an ACL: `warn logwrite = for $recipients`
    Recipients = "recipients", Now, "reception";
    /// Recipient count
    /// in an ACL: `deny condition = ${if >{$recipients_count}{50}}`
    RecipientsCount = "recipients_count", Now, "reception";
    /// Recipients as proper list
    /// in an ACL: `warn condition = ${if forany{$recipients_list}{match_domain{${domain:$item}}{example.org}}}`
    RecipientsList = "recipients_list", Now, "reception";
    /// Capture 1 of the regex condition
    /// in an ACL: `deny message = found $regex1`
    Regex1 = "regex1", Later, "regex condition";
    /// Capture 2 of the regex condition
    /// in an ACL: `deny message = found $regex2`
    Regex2 = "regex2", Later, "regex condition";
    /// Capture 3 of the regex condition
    /// in an ACL: `deny message = found $regex3`
    Regex3 = "regex3", Later, "regex condition";
    /// Capture 4 of the regex condition
    /// in an ACL: `deny message = found $regex4`
    Regex4 = "regex4", Later, "regex condition";
    /// Capture 5 of the regex condition
    /// in an ACL: `deny message = found $regex5`
    Regex5 = "regex5", Later, "regex condition";
    /// Capture 6 of the regex condition
    /// in an ACL: `deny message = found $regex6`
    Regex6 = "regex6", Later, "regex condition";
    /// Capture 7 of the regex condition
    /// in an ACL: `deny message = found $regex7`
    Regex7 = "regex7", Later, "regex condition";
    /// Capture 8 of the regex condition
    /// in an ACL: `deny message = found $regex8`
    Regex8 = "regex8", Later, "regex condition";
    /// Capture 9 of the regex condition
    /// in an ACL: `deny message = found $regex9`
    Regex9 = "regex9", Later, "regex condition";
    /// Compiled-regex cache size
    /// in an ACL: `warn logwrite = $regex_cachesize patterns`
    RegexCachesize = "regex_cachesize", Now, "on reference";
    /// Pattern that matched
    /// in an ACL: `deny message = found $regex_match_string`
    RegexMatchString = "regex_match_string", Later, "regex condition";
    /// Reply-To or From content
    /// in an ACL: `warn logwrite = answers go to $reply_address`
    ReplyAddress = "reply_address", Now, "headers";
    /// Envelope sender to be sent
    /// in a transport: `headers_add = X-Return: $return_path`
    ReturnPath = "return_path", Now, "delivery";
    /// Old name of bounce_return_size_limit
    /// `$return_size_limit`
    ReturnSizeLimit = "return_size_limit", Now, "obsolete";
    /// Router name
    /// in a transport: `headers_add = X-Router: $router_name`
    RouterName = "router_name", Now, "router/transport run";
    /// Command exit code
    /// `${run{/bin/false}}$runrc`
    Runrc = "runrc", Now, "${run}";
    /// Local host found by routing
    /// in a router: `condition = ${if def:self_hostname}`
    SelfHostname = "self_hostname", Now, "self option";
    /// Envelope sender
    /// in an ACL: `warn logwrite = from $sender_address`
    SenderAddress = "sender_address", Now, "MAIL";
    /// Routing data for sender
    /// in an ACL: `warn logwrite = sender's data: $sender_address_data`
    SenderAddressData = "sender_address_data", Now, "verify=sender";
    /// Sender domain
    /// in an ACL: `deny condition = ${if eq{$sender_address_domain}{$primary_hostname}}`
    SenderAddressDomain = "sender_address_domain", Now, "MAIL";
    /// Sender local part
    /// in an ACL: `warn condition = ${if eqi{$sender_address_local_part}{root}}`
    SenderAddressLocalPart = "sender_address_local_part", Now, "MAIL";
    /// Lookup data
    /// in an ACL: `warn logwrite = sender is known as $sender_data`
    SenderData = "sender_data", Now, "senders condition";
    /// Name, HELO and IP of client
    /// in an ACL: `warn logwrite = from $sender_fullhost`
    SenderFullhost = "sender_fullhost", Now, "connection";
    /// HELO lookup was DNSSEC authenticated
    /// in an ACL: `warn condition = $sender_helo_dnssec`
    SenderHeloDnssec = "sender_helo_dnssec", Now, "HELO verify";
    /// HELO argument
    /// in an ACL: `deny condition = ${if eq{$sender_helo_name}{$primary_hostname}}`
    SenderHeloName = "sender_helo_name", Now, "HELO";
    /// yes or no: HELO argument verified
    /// in an ACL: `warn condition = $sender_helo_verified`
    SenderHeloVerified = "sender_helo_verified", Now, "HELO verify";
    /// Client IP
    /// `$sender_host_address`
    SenderHostAddress = "sender_host_address", Now, "connection";
    /// Authenticator driver name
    /// `$sender_host_authenticated`
    SenderHostAuthenticated = "sender_host_authenticated", Now, "AUTH";
    /// Name lookup was DNSSEC authenticated
    /// in an ACL: `warn condition = $sender_host_dnssec`
    SenderHostDnssec = "sender_host_dnssec", Now, "host lookup";
    /// Verified client name
    /// `$sender_host_name`
    SenderHostName = "sender_host_name", Now, "host lookup";
    /// Client port
    /// `$sender_host_port`
    SenderHostPort = "sender_host_port", Now, "connection";
    /// Client user identity
    /// `$sender_ident`
    SenderIdent = "sender_ident", Now, "ident or login";
    /// Measured rate
    /// in an ACL: `warn logwrite = $sender_rate / $sender_rate_period`
    SenderRate = "sender_rate", Now, "ratelimit";
    /// Configured limit
    /// in an ACL: `warn logwrite = more than $sender_rate_limit`
    SenderRateLimit = "sender_rate_limit", Now, "ratelimit";
    /// Period
    /// in an ACL: `deny message = too much mail in $sender_rate_period`
    SenderRatePeriod = "sender_rate_period", Now, "ratelimit";
    /// Host text for Received
    /// in the main section: `received_header_text = Received: ${if def:sender_rcvhost{from $sender_rcvhost }}by $primary_hostname`
    SenderRcvhost = "sender_rcvhost", Now, "connection";
    /// Failure class word
    /// in an ACL: `deny message = sender refused: $sender_verify_failure`
    SenderVerifyFailure = "sender_verify_failure", Now, "verify=sender";
    /// Local IP of outbound connection
    /// in a transport: `headers_add = X-Sent-From: $sending_ip_address`
    SendingIpAddress = "sending_ip_address", Now, "transport";
    /// Local port of outbound connection
    /// in a transport: `headers_add = X-Sent-Port: $sending_port`
    SendingPort = "sending_port", Now, "transport";
    /// Active host name
    /// in the main section: `smtp_banner = $smtp_active_hostname ESMTP`
    SmtpActiveHostname = "smtp_active_hostname", Now, "connection";
    /// Whole current command
    /// in an ACL: `warn logwrite = command was $smtp_command`
    SmtpCommand = "smtp_command", Now, "SMTP";
    /// Argument of command
    /// in an ACL: `deny condition = ${if match{$smtp_command_argument}{^\\[}}`
    SmtpCommandArgument = "smtp_command_argument", Now, "SMTP";
    /// Recent commands list
    /// in an ACL: `warn logwrite = $smtp_command_history`
    SmtpCommandHistory = "smtp_command_history", Now, "SMTP";
    /// Connections at accept
    /// in an ACL: `warn condition = ${if >{$smtp_count_at_connection_start}{50}}`
    SmtpCountAtConnectionStart = "smtp_count_at_connection_start", Now, "daemon";
    /// Reason keyword
    /// in an ACL: `warn logwrite = gone: $smtp_notquit_reason`
    SmtpNotquitReason = "smtp_notquit_reason", Now, "notquit ACL";
    /// Copies of n0-n9 after system filter
    /// in a router: `condition = ${if >{$sn0}{0}}`
    Sn0 = "sn0", Now, "system filter";
    /// Copy of n1 after system filter
    /// in a router: `condition = ${if >{$sn1}{0}}`
    Sn1 = "sn1", Now, "system filter";
    /// Copy of n2 after system filter
    /// in a router: `condition = ${if >{$sn2}{0}}`
    Sn2 = "sn2", Now, "system filter";
    /// Copy of n3 after system filter
    /// in a router: `condition = ${if >{$sn3}{0}}`
    Sn3 = "sn3", Now, "system filter";
    /// Copy of n4 after system filter
    /// in a router: `condition = ${if >{$sn4}{0}}`
    Sn4 = "sn4", Now, "system filter";
    /// Copy of n5 after system filter
    /// in a router: `condition = ${if >{$sn5}{0}}`
    Sn5 = "sn5", Now, "system filter";
    /// Copy of n6 after system filter
    /// in a router: `condition = ${if >{$sn6}{0}}`
    Sn6 = "sn6", Now, "system filter";
    /// Copy of n7 after system filter
    /// in a router: `condition = ${if >{$sn7}{0}}`
    Sn7 = "sn7", Now, "system filter";
    /// Copy of n8 after system filter
    /// in a router: `condition = ${if >{$sn8}{0}}`
    Sn8 = "sn8", Now, "system filter";
    /// Last copied counter
    /// in a router: `condition = ${if >{$sn9}{0}}`
    Sn9 = "sn9", Now, "system filter";
    /// Scanner action word
    /// in an ACL: `deny condition = ${if eq{$spam_action}{reject}}`
    SpamAction = "spam_action", Later, "spam condition";
    /// Score as + or - characters
    /// in an ACL: `warn add_header = X-Spam-Bar: $spam_bar`
    SpamBar = "spam_bar", Later, "spam condition";
    /// Report text
    /// in an ACL: `warn add_header = X-Spam-Report: $spam_report`
    SpamReport = "spam_report", Later, "spam condition";
    /// Score
    /// in an ACL: `warn add_header = X-Spam-Score: $spam_score`
    SpamScore = "spam_score", Later, "spam condition";
    /// Score times ten
    /// in an ACL: `deny condition = ${if >{$spam_score_int}{120}}`
    SpamScoreInt = "spam_score_int", Later, "spam condition";
    /// Value of spf_guess option
    /// in the main section: `spf_guess = v=spf1 a/24 mx/24 ptr ?all`
    SpfGuess = "spf_guess", Now, "main option";
    /// Readable result
    /// in an ACL: `warn logwrite = $spf_header_comment`
    SpfHeaderComment = "spf_header_comment", Now, "spf condition";
    /// Received-SPF header
    /// in an ACL: `warn add_header = $spf_received`
    SpfReceived = "spf_received", Now, "spf condition";
    /// Result word
    /// in an ACL: `deny condition = ${if eq{$spf_result}{fail}}`
    SpfResult = "spf_result", Now, "spf condition";
    /// Whether guess record used
    /// in an ACL: `warn condition = $spf_result_guessed`
    SpfResultGuessed = "spf_result_guessed", Now, "spf_guess condition";
    /// Text for rejection
    /// in an ACL: `deny message = $spf_smtp_comment`
    SpfSmtpComment = "spf_smtp_comment", Now, "spf condition";
    /// Domain SPF examined
    /// in an ACL: `warn logwrite = SPF of $spf_used_domain`
    SpfUsedDomain = "spf_used_domain", Now, "spf condition";
    /// Spool path
    /// in the main section: `process_log_path = $spool_directory/process.log`
    SpoolDirectory = "spool_directory", Now, "main option";
    /// Free inodes at spool
    /// in an ACL: `defer condition = ${if and{{>{$spool_inodes}{-1}}{<{$spool_inodes}{1000}}}}`
    SpoolInodes = "spool_inodes", Now, "on reference";
    /// Free KB at spool
    /// in an ACL: `defer condition = ${if and{{>{$spool_space}{-1}}{<{$spool_space}{10240}}}}`
    SpoolSpace = "spool_space", Now, "on reference";
    /// Address being stored or found
    /// in a router: `srs_dbinsert = ${run{/usr/bin/srsdb put $srs_db_key $srs_db_address}}`
    SrsDbAddress = "srs_db_address", Now, "libsrs_alt";
    /// Database key
    /// in a router: `srs_dbselect = ${run{/usr/bin/srsdb get $srs_db_key}}`
    SrsDbKey = "srs_db_key", Now, "libsrs_alt";
    /// Recipient before decoding
    /// in a router: `address_data = $srs_orig_recipient`
    SrsOrigRecipient = "srs_orig_recipient", Now, "libsrs_alt";
    /// Sender before rewriting
    /// in a router: `address_data = $srs_orig_sender`
    SrsOrigSender = "srs_orig_sender", Now, "libsrs_alt";
    /// Decoded original recipient
    /// in a router: `data = $srs_recipient`
    SrsRecipient = "srs_recipient", Now, "inbound_srs (or libsrs_alt)";
    /// Result text
    /// in a router: `address_data = $srs_status`
    SrsStatus = "srs_status", Now, "libsrs_alt";
    /// Current address
    /// in a router: `data = ${if def:thisaddress{$thisaddress}}`
    Thisaddress = "thisaddress", Now, "filter foranyaddress";
    /// Old inbound alias
    /// in an ACL: `warn condition = ${if <{$tls_bits}{128}}`
    TlsBits = "tls_bits", Now, "deprecated";
    /// Old inbound alias
    /// in an ACL: `accept condition = ${if eq{$tls_certificate_verified}{1}}`
    TlsCertificateVerified = "tls_certificate_verified", Now, "deprecated";
    /// Old alias: in or out by context
    /// in an ACL: `warn logwrite = $tls_cipher`
    TlsCipher = "tls_cipher", Now, "deprecated";
    /// Cipher strength
    /// in an ACL: `warn condition = ${if <{$tls_in_bits}{128}}`
    TlsInBits = "tls_in_bits", Now, "inbound TLS";
    /// 1 if client cert verified
    /// in an ACL: `accept condition = ${if eq{$tls_in_certificate_verified}{1}}`
    TlsInCertificateVerified = "tls_in_certificate_verified", Now, "inbound TLS";
    /// Cipher suite
    /// in an ACL: `warn condition = ${if def:tls_in_cipher}`
    TlsInCipher = "tls_in_cipher", Now, "inbound TLS";
    /// RFC cipher name
    /// in an ACL: `warn logwrite = $tls_in_cipher_std`
    TlsInCipherStd = "tls_in_cipher_std", Now, "inbound TLS";
    /// OCSP outcome number
    /// in an ACL: `warn condition = ${if ={$tls_in_ocsp}{4}}`
    TlsInOcsp = "tls_in_ocsp", Now, "inbound TLS";
    /// Own certificate object
    /// in an ACL: `warn logwrite = ${sha256:$tls_in_ourcert}`
    TlsInOurcert = "tls_in_ourcert", Now, "inbound TLS";
    /// Client certificate object
    /// in an ACL: `warn logwrite = ${sha256:$tls_in_peercert}`
    TlsInPeercert = "tls_in_peercert", Now, "inbound TLS";
    /// Client certificate DN
    /// in an ACL: `warn logwrite = $tls_in_peerdn`
    TlsInPeerdn = "tls_in_peerdn", Now, "inbound TLS";
    /// Resumption flags
    /// in an ACL: `warn condition = ${if >{$tls_in_resumption}{0}}`
    TlsInResumption = "tls_in_resumption", Now, "inbound TLS";
    /// SNI from client
    /// in the main section: `tls_certificate = /etc/exim/tls/${if eq{$tls_in_sni}{}{default}{named}}.pem`
    TlsInSni = "tls_in_sni", Now, "inbound TLS";
    /// Protocol version
    /// in an ACL: `deny condition = ${if eq{$tls_in_ver}{TLS1.0}}`
    TlsInVer = "tls_in_ver", Now, "inbound TLS";
    /// Cipher strength
    /// in a transport: `headers_add = X-Bits: $tls_out_bits`
    TlsOutBits = "tls_out_bits", Now, "outbound TLS";
    /// 1 if verified
    /// in a transport: `headers_add = X-Verified: $tls_out_certificate_verified`
    TlsOutCertificateVerified = "tls_out_certificate_verified", Now, "outbound TLS";
    /// Cipher suite
    /// in a transport: `headers_add = X-Cipher: $tls_out_cipher`
    TlsOutCipher = "tls_out_cipher", Now, "outbound TLS";
    /// RFC cipher name
    /// in a transport: `headers_add = X-Cipher: $tls_out_cipher_std`
    TlsOutCipherStd = "tls_out_cipher_std", Now, "outbound TLS";
    /// yes if DANE verified
    /// in a transport: `headers_add = X-DANE: $tls_out_dane`
    TlsOutDane = "tls_out_dane", Now, "outbound TLS";
    /// OCSP outcome number
    /// in a transport: `headers_add = X-OCSP: $tls_out_ocsp`
    TlsOutOcsp = "tls_out_ocsp", Now, "outbound TLS";
    /// Own certificate object
    /// in a transport: `headers_add = X-Our-Cert: ${sha256:$tls_out_ourcert}`
    TlsOutOurcert = "tls_out_ourcert", Now, "outbound TLS";
    /// Server certificate object
    /// in a transport: `headers_add = X-Peer-Cert: ${sha256:$tls_out_peercert}`
    TlsOutPeercert = "tls_out_peercert", Now, "outbound TLS";
    /// Server DN
    /// in a transport: `headers_add = X-Peer: $tls_out_peerdn`
    TlsOutPeerdn = "tls_out_peerdn", Now, "outbound TLS";
    /// Resumption flags
    /// in a transport: `headers_add = X-Resumed: $tls_out_resumption`
    TlsOutResumption = "tls_out_resumption", Now, "outbound TLS";
    /// SNI sent
    /// in a transport: `headers_add = X-SNI: $tls_out_sni`
    TlsOutSni = "tls_out_sni", Now, "outbound TLS";
    /// Bitfield of TLSA usages
    /// in a transport: `headers_add = X-TLSA: $tls_out_tlsa_usage`
    TlsOutTlsaUsage = "tls_out_tlsa_usage", Now, "DANE";
    /// Protocol version
    /// in a transport: `headers_add = X-TLS: $tls_out_ver`
    TlsOutVer = "tls_out_ver", Now, "outbound TLS";
    /// Old alias
    /// in an ACL: `warn logwrite = $tls_peerdn`
    TlsPeerdn = "tls_peerdn", Now, "deprecated";
    /// Old alias
    /// in an ACL: `warn logwrite = $tls_sni`
    TlsSni = "tls_sni", Now, "deprecated";
    /// Mbox From-line date
    /// `${if match{$tod_bsdinbox}{^[A-Z][a-z][a-z] [A-Z][a-z][a-z] [0-9 ][0-9] [0-9:]+ [0-9]+\$}{day month date time year}}`
    TodBsdinbox = "tod_bsdinbox", Now, "clock";
    /// Epoch seconds
    /// `${if match{$tod_epoch}{^[0-9]+\$}{seconds}}`
    TodEpoch = "tod_epoch", Now, "clock";
    /// Epoch microseconds
    /// `${if match{$tod_epoch_l}{^[0-9]+\$}{microseconds}}`
    TodEpochL = "tod_epoch_l", Now, "clock";
    /// RFC 5322 date
    /// `${if match{$tod_full}{^[A-Z][a-z]+, [0-9]+ [A-Z][a-z]+ [0-9]+ [0-9:]+ [+-][0-9]+\$}{day, date time zone}}`
    TodFull = "tod_full", Now, "clock";
    /// Log format time
    /// `${if match{$tod_log}{^[0-9]+-[0-9]+-[0-9]+ [0-9:]+\$}{date time}}`
    TodLog = "tod_log", Now, "clock";
    /// yyyymmdd
    /// `${strlen:$tod_logfile}`
    TodLogfile = "tod_logfile", Now, "clock";
    /// Zone offset
    /// `${if match{$tod_zone}{^[+-][0-9]+\$}{an offset}}`
    TodZone = "tod_zone", Now, "clock";
    /// UTC ISO time
    /// `${strlen:$tod_zulu}`
    TodZulu = "tod_zulu", Now, "clock";
    /// Transport name
    /// in a transport: `headers_add = X-Transport: $transport_name`
    TransportName = "transport_name", Now, "transport run";
    /// Result of enclosing item
    /// `${extract{b}{a=1 b=2}{<$value>}}`
    Value = "value", Now, "lookup/extract/run/reduce";
    /// S, R or empty
    /// in a router: `condition = ${if eq{$verify_mode}{S}}`
    VerifyMode = "verify_mode", Now, "verification";
    /// Version, may be overridden
    /// `${if def:version_number{a version}}`
    VersionNumber = "version_number", Now, "build";
    /// Delay text
    /// in the main section: `warn_message_file = /etc/exim/delay-${if eq{$warn_message_delay}{24 hours}{day}{hours}}.txt`
    WarnMessageDelay = "warn_message_delay", Now, "warning message";
    /// Singular alias
    /// in the main section: `warn_message_file = ${if match_domain{${domain:$warn_message_recipient}}{example.org}{/etc/exim/warn.txt}{}}`
    WarnMessageRecipient = "warn_message_recipient", Now, "warning message";
    /// Delayed recipients
    /// in the main section: `warn_message_file = ${if match{$warn_message_recipients}{@example.org}{/etc/exim/warn.txt}{}}`
    WarnMessageRecipients = "warn_message_recipients", Now, "warning message";
    /// Old name of warn_message_delay
    /// in the main section: `warn_message_file = /etc/exim/delay-${if eq{$warnmsg_delay}{24 hours}{day}{hours}}.txt`
    WarnmsgDelay = "warnmsg_delay", Now, "warning message";
    /// Old name of recipients variable
    /// in the main section: `warn_message_file = ${if match{$warnmsg_recipient}{@example.org}{/etc/exim/warn.txt}{}}`
    WarnmsgRecipient = "warnmsg_recipient", Now, "warning message";
    /// Old name of recipients variable
    /// in the main section: `warn_message_file = ${if match{$warnmsg_recipients}{@example.org}{/etc/exim/warn.txt}{}}`
    WarnmsgRecipients = "warnmsg_recipients", Now, "warning message";
}
