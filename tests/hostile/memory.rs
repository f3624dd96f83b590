//! How much memory a probe has while it runs: what it allocates while it is polled, less what it frees, and itself. The
//! servers of these tests are not in it; nor is what OpenSSL has, which has limits of its own.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    task::{Context, Poll},
};

/// The memory of a probe, which can be read when the probe is gone.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Bytes>);

#[derive(Default)]
struct Bytes {
    now: AtomicI64,
    most: AtomicI64,
}

impl Memory {
    /// The most that it ever had, in bytes.
    pub(crate) fn most(&self) -> usize {
        self.0.most.load(Ordering::Relaxed).try_into().unwrap()
    }

    fn add(&self, most: u64, left: i64) {
        let before = self.0.now.fetch_add(left, Ordering::Relaxed);
        let most = before + i64::try_from(most).unwrap();
        self.0.most.fetch_max(most.max(before + left), Ordering::Relaxed);
    }
}

/// A future whose memory is counted.
pub(crate) struct Measured<F> {
    future: Pin<Box<F>>,
    memory: Memory,
}

impl<F: Future> Measured<F> {
    pub(crate) fn new(future: F, memory: &Memory) -> Self {
        memory.add(0, i64::try_from(size_of::<F>()).unwrap());
        Self { future: Box::pin(future), memory: memory.clone() }
    }
}

impl<F: Future> Future for Measured<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut polled = Poll::Pending;
        let counted = allocation_counter::measure(|| polled = self.future.as_mut().poll(context));
        self.memory.add(counted.bytes_max, counted.bytes_current);
        polled
    }
}

#[tokio::test]
async fn what_a_future_holds_is_counted() {
    let memory = Memory::default();
    let holds = async {
        let held = vec![0_u8; 100_000];
        tokio::task::yield_now().await;
        let more = vec![0_u8; 50_000];
        drop(held);
        tokio::task::yield_now().await;
        more.len()
    };
    assert_eq!(Measured::new(holds, &memory).await, 50_000);
    assert!((150_000..151_000).contains(&memory.most()), "{}", memory.most());
    assert!((0..1_000).contains(&memory.0.now.load(Ordering::Relaxed)), "nothing is left but itself");
}
