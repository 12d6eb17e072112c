//! The resolver for code on threads of its own (expansions on the capped pool).

use mail_types::dns::{Answer, DnsFailure, QueryOptions, RecordType, Resolve};
use tokio::runtime::Handle;

use crate::resolver::Resolver;

/// Waits for each answer. Must not be called on a runtime's own worker threads.
pub struct BlockingResolver {
    resolver: Resolver,
    handle: Handle,
}

impl BlockingResolver {
    pub(crate) fn new(resolver: Resolver, handle: Handle) -> Self {
        Self { resolver, handle }
    }

    /// The resolver behind it.
    pub fn resolver(&self) -> &Resolver {
        &self.resolver
    }
}

impl Resolve for BlockingResolver {
    fn query(&self, name: &[u8], rtype: RecordType) -> Result<Answer, DnsFailure> {
        self.handle.block_on(self.resolver.query(name, rtype))
    }

    fn query_with(
        &self,
        name: &[u8],
        rtype: RecordType,
        options: &QueryOptions,
    ) -> Result<Answer, DnsFailure> {
        self.handle.block_on(self.resolver.query_with(name, rtype, options))
    }
}
