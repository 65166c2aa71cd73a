//! A store whose kind is chosen when the program runs.

use std::{fmt, pin::Pin, sync::Arc};

use super::{Hit, Store, Unavailable};
use crate::{Key, Usage};

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Unavailable>> + Send + 'a>>;

/// Any [`Store`] behind one type. Answers from memory are given without an allocation.
#[derive(Clone)]
pub struct SharedStore(Arc<dyn DynStore>);

impl SharedStore {
    /// Wraps `store`.
    pub fn new(store: impl Store) -> Self {
        Self(Arc::new(store))
    }
}

impl Store for SharedStore {
    async fn hit(&self, hit: Hit) -> Result<Usage, Unavailable> {
        match self.0.hit_now(hit) {
            Some(answer) => answer,
            None => self.0.hit(hit).await,
        }
    }

    async fn give_back(&self, hit: Hit, usage: Usage) -> Result<(), Unavailable> {
        self.0.give_back(hit, usage).await
    }

    async fn clear(&self, key: Key) -> Result<(), Unavailable> {
        self.0.clear(key).await
    }

    fn hit_now(&self, hit: Hit) -> Option<Result<Usage, Unavailable>> {
        self.0.hit_now(hit)
    }
}

impl<S: Store> Store for Arc<S> {
    async fn hit(&self, hit: Hit) -> Result<Usage, Unavailable> {
        (**self).hit(hit).await
    }

    async fn give_back(&self, hit: Hit, usage: Usage) -> Result<(), Unavailable> {
        (**self).give_back(hit, usage).await
    }

    async fn clear(&self, key: Key) -> Result<(), Unavailable> {
        (**self).clear(key).await
    }

    fn hit_now(&self, hit: Hit) -> Option<Result<Usage, Unavailable>> {
        (**self).hit_now(hit)
    }
}

impl fmt::Debug for SharedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedStore")
    }
}

/// [`Store`] in a form that can be a trait object.
trait DynStore: Send + Sync {
    fn hit(&self, hit: Hit) -> Answer<'_, Usage>;
    fn give_back(&self, hit: Hit, usage: Usage) -> Answer<'_, ()>;
    fn clear(&self, key: Key) -> Answer<'_, ()>;
    fn hit_now(&self, hit: Hit) -> Option<Result<Usage, Unavailable>>;
}

impl<S: Store> DynStore for S {
    fn hit(&self, hit: Hit) -> Answer<'_, Usage> {
        Box::pin(Store::hit(self, hit))
    }

    fn give_back(&self, hit: Hit, usage: Usage) -> Answer<'_, ()> {
        Box::pin(Store::give_back(self, hit, usage))
    }

    fn clear(&self, key: Key) -> Answer<'_, ()> {
        Box::pin(Store::clear(self, key))
    }

    fn hit_now(&self, hit: Hit) -> Option<Result<Usage, Unavailable>> {
        Store::hit_now(self, hit)
    }
}
