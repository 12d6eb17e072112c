//! Questions under way.
//!
//! # Invariants
//! * Of the same question, asked with the same patience, one is under way at a time, however many want to know.
//! * It goes on when all who wanted to know have given up: what it finds is kept.
//!
//! # Security
//! rfc5452#5: who asks the same many times at once gives a forger as many chances.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mail_types::dns::{DnsFailure, QueryOptions};
use tokio::sync::watch;

use super::{Examined, Key, Looked, Resolver};
use crate::validate::anchor::TrustAnchors;
use crate::wire::Question;

/// A question, and the patience with which it is asked.
type Flight = (Key, Option<Duration>, Option<u32>);

/// Where those wait who want to know.
#[derive(Debug, Default)]
pub(super) struct Flights {
    under_way: Mutex<HashMap<Flight, watch::Receiver<Option<Examined>>>>,
}

impl Resolver {
    /// Asks, or waits for what somebody else has asked.
    pub(super) async fn asked_once(
        &self,
        key: Key,
        question: Question,
        own: Option<Arc<TrustAnchors>>,
        options: &QueryOptions,
    ) -> Examined {
        let mut answer = self.join((key, options.retrans, options.retry), question, own, *options);
        let examined = answer.wait_for(Option::is_some).await.ok().and_then(|answer| answer.clone());
        // None where the program ends.
        examined.unwrap_or_else(|| Examined::failed(DnsFailure::Unreachable))
    }

    fn join(
        &self,
        flight: Flight,
        question: Question,
        own: Option<Arc<TrustAnchors>>,
        options: QueryOptions,
    ) -> watch::Receiver<Option<Examined>> {
        let mut under_way = self.inner.flights.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = under_way.get(&flight) {
            return answer.clone();
        }
        let (tell, answer) = watch::channel(None);
        under_way.insert(flight.clone(), answer.clone());
        let landing = Landing { resolver: self.noting(None), flight };
        // A task of its own: who asks may be gone, or busy, before there is an answer.
        tokio::spawn(async move {
            let examined = landing.resolver.fly(&landing.flight.0, question, own, &options).await;
            drop(landing);
            tell.send_replace(Some(examined));
        });
        answer
    }

    /// Asks, and keeps what was found.
    async fn fly(
        &self,
        key: &Key,
        question: Question,
        own: Option<Arc<TrustAnchors>>,
        options: &QueryOptions,
    ) -> Examined {
        let anchors = own.clone();
        let Looked { examined, seconds } = match own {
            Some(anchors) => Box::pin(self.follow_validated(question, anchors, options)).await,
            None => self.follow(question, options).await,
        };
        // What other anchors have proven is of no use.
        if anchors.is_none_or(|anchors| Arc::ptr_eq(&anchors, &self.anchors())) {
            let bytes = key.0.len() + examined.bytes();
            self.inner.answers.keep(key.clone(), examined.clone(), bytes, (seconds, self.inner.clock.now()));
        }
        examined
    }
}

/// A question under way is so no more when this goes.
struct Landing {
    resolver: Resolver,
    flight: Flight,
}

impl Drop for Landing {
    fn drop(&mut self) {
        let mut under_way =
            self.resolver.inner.flights.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.remove(&self.flight);
    }
}
