//! Events and their renderings: mainlog, rejectlog, paniclog.
