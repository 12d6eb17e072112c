//! Words of mail: values with taint, addresses, message ids, outcomes, diagnostics, limits, the DNS view.
