//! Requests at the same time, in every order of their calls to the store.
//!
//! Each process of a test works on a [`Stepped`] store, and all of them share its [`Gate`]. [`every_schedule`] gives
//! [`run`] one schedule after the other, until there is none left:
//!
//! ```
//! use storage_testing::interleaving::{Gate, Task, every_schedule, run};
//!
//! let gate = Gate::default(); // that of the stores
//! let schedules = every_schedule(|choices| {
//!     let requests = (0..3).map(|number| Box::pin(async move { number }) as Task<'_, _>);
//!     let (ended, order) = run(requests.collect(), &gate, choices);
//!     assert_eq!((ended.len(), order.len()), (3, 3)); // what must hold in every order
//! });
//! assert_eq!(schedules, 6);
//! ```
//!
//! Nothing of it knows what the requests do.

mod gate;
mod orders;
mod schedule;
mod stepped;

pub use gate::Gate;
pub use orders::every_order;
pub use schedule::{Choices, Ended, Task, block_on, every_schedule, run};
pub use stepped::Stepped;
