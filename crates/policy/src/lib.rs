//! Lists, ACLs, rewriting and retry rules, compiled at load.
