//! The resolver for code on threads of its own (expansions on the capped pool).

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};

use mail_types::dns::{Answer, DnsFailure, FailedLookups, QueryOptions, RecordType, Resolve, Security};
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::resolver::Resolver;

/// Waits for each answer. On a thread of a runtime with several the other tasks go on elsewhere; a runtime with one thread
/// only can't wait for itself.
pub struct BlockingResolver {
    resolver: Resolver,
    handle: Handle,
}

impl Resolver {
    /// The same for code that runs on a thread of its own; questions are asked on the runtime behind `handle`.
    pub fn blocking(&self, handle: Handle) -> BlockingResolver {
        BlockingResolver { resolver: self.clone(), handle }
    }
}

impl BlockingResolver {
    /// The resolver behind it.
    pub fn resolver(&self) -> &Resolver {
        &self.resolver
    }
}

impl Resolve for BlockingResolver {
    fn query(&self, name: &[u8], rtype: RecordType) -> Result<Answer, DnsFailure> {
        self.wait(self.resolver.query(name, rtype))
    }

    fn security(&self, name: &[u8], rtype: RecordType, options: &QueryOptions) -> Security {
        // Whoever asks this was told of a failure before.
        self.wait(self.resolver.noting(None).examine(name, rtype, options)).security
    }

    fn query_with(
        &self,
        name: &[u8],
        rtype: RecordType,
        options: &QueryOptions,
    ) -> Result<Answer, DnsFailure> {
        self.wait(self.resolver.query_with(name, rtype, options))
    }

    fn noting(&self, failed: &Arc<FailedLookups>) -> Option<Arc<dyn Resolve>> {
        let resolver = self.resolver.noting(Some(Arc::clone(failed)));
        Some(Arc::new(Self { resolver, handle: self.handle.clone() }))
    }
}

impl BlockingResolver {
    /// What is known already costs no change of threads.
    fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        let _sockets_belong_to = self.handle.enter();
        let mut answer = pin!(answer);
        let nobody = &mut TaskContext::from_waker(Waker::noop());
        if let Poll::Ready(known) = answer.as_mut().poll(nobody) {
            return known;
        }
        match Handle::try_current() {
            // One of a runtime's own threads: another takes over its tasks meanwhile.
            Ok(runtime) if matches!(runtime.runtime_flavor(), RuntimeFlavor::MultiThread) => {
                tokio::task::block_in_place(|| self.handle.block_on(answer))
            }
            _ => self.handle.block_on(answer),
        }
    }
}
