//! Process roles: parent, worker, as-user, local.
