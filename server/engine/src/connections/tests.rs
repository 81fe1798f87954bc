use super::*;
use migrated_target::{Applied, ApplyFault, Canceller, Executor, Tell, Work};
use std::task::Poll;

/// A session that does nothing.
struct Idle(Backend);

#[async_trait]
impl Session for Idle {
    fn backend(&self) -> &Backend {
        &self.0
    }

    fn canceller(&self) -> Arc<dyn Canceller> {
        unreachable!("nobody cancels it")
    }

    async fn apply(&mut self, _: &Work, _: &dyn Tell) -> Result<Applied, ApplyFault> {
        unreachable!("it gets no work")
    }

    async fn converse(
        &mut self,
        _: &Work,
        _: &mut dyn Executor,
        _: &dyn Tell,
    ) -> Result<Applied, ApplyFault> {
        unreachable!("it gets no work")
    }

    async fn begin_run(&mut self) -> Result<(), TargetError> {
        unreachable!("it gets no work")
    }

    async fn commit_run(&mut self, _: &dyn Tell) -> Result<(), ApplyFault> {
        unreachable!("it gets no work")
    }

    async fn begin_rehearsal(&mut self, _: bool) -> Result<(), TargetError> {
        unreachable!("it gets no work")
    }

    async fn end_rehearsal(&mut self) -> Result<(), ApplyFault> {
        unreachable!("it gets no work")
    }

    async fn reset(&mut self) -> Result<bool, TargetError> {
        Ok(true)
    }

    async fn close(self: Box<Self>) {}
}

fn opened(permit: OwnedSemaphorePermit) -> Opened {
    let backend = Backend { pid: 1, start: String::new(), application: String::new() };
    Opened::new(Box::new(Idle(backend)), permit)
}

/// Whether a future is not done at its first look.
async fn waits<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> bool {
    let mut future = Some(future);
    std::future::poll_fn(|context| {
        let future = future.take().expect("looked at once");
        Poll::Ready(future.poll(context).is_pending())
    })
    .await
}

#[tokio::test]
async fn a_run_gets_both_connections_or_none() {
    let server = Server::new(6);
    assert_eq!((server.for_runs, server.runs.available_permits()), (5, 5), "one is for looking");
    let (first, second) = (server.share("p").await, server.share("p").await);
    let third = server.share("p");
    tokio::pin!(third);
    assert!(waits(third.as_mut()).await, "one that is left is not taken");
    assert_eq!(server.waiting.load(Ordering::SeqCst), 1);
    drop(first.work);
    third.await;
    assert_eq!(server.waiting.load(Ordering::SeqCst), 0);
    drop((first.lock, second));
    assert_eq!(server.runs.available_permits(), 5);
}

#[tokio::test]
async fn nobody_is_counted_who_stopped_waiting() {
    let server = Server::new(3);
    let share = server.share("p").await;
    {
        let other = server.share("p");
        tokio::pin!(other);
        assert!(waits(other.as_mut()).await);
    }
    assert_eq!(server.waiting.load(Ordering::SeqCst), 0);
    drop(share);
    server.share("p").await;
}

#[tokio::test]
async fn a_full_server_can_be_looked_at() {
    let server = Server::new(3);
    let _share = server.share("p").await;
    let looking = server.look().await;
    let second = server.look();
    tokio::pin!(second);
    assert!(waits(second.as_mut()).await, "looks are counted too");
    drop(looking);
    drop(second.await);
}

#[tokio::test]
async fn half_of_the_connections_are_not_opened_ahead() {
    let server = Server::new(10);
    assert_eq!(server.for_runs, 8);
    let _share = server.share("p").await;
    let ahead: Vec<_> = std::iter::from_fn(|| server.spare()).collect();
    assert_eq!((ahead.len(), server.runs.available_permits()), (2, 4));
}

#[tokio::test]
async fn what_was_opened_ahead_gives_way() {
    let server = Server::new(6);
    let _one = server.share("p").await;
    let ahead = Arc::new(Ahead::default());
    server.offer(&ahead, opened(server.spare().expect("three are free")));
    let _two = server.share("p").await;
    assert!(ahead.lock().expect("no panic").is_some(), "two were free");
    // One is free and one opened ahead: together they serve a third, as soon as something else ends.
    drop(_one);
    let _three = server.share("p").await;
    assert!(ahead.lock().expect("no panic").is_some(), "two were free");
    let four = server.share("p");
    tokio::pin!(four);
    assert!(waits(four.as_mut()).await);
    assert!(ahead.lock().expect("no panic").is_none(), "it was closed for who waits");
    drop(_two);
    four.await;
}

#[tokio::test]
async fn nothing_is_opened_ahead_for_one_while_another_waits() {
    let server = Server::new(5);
    let late = server.spare().expect("all are free");
    let _share = server.share("p").await;
    let waiting = server.share("p");
    tokio::pin!(waiting);
    assert!(waits(waiting.as_mut()).await);
    let ahead = Arc::new(Ahead::default());
    server.offer(&ahead, opened(late));
    assert!(ahead.lock().expect("no panic").is_none());
    waiting.await;
}

#[tokio::test]
async fn looking_is_divided_among_daemons() {
    let server = Server::new(20);
    let looking = server.look().await;
    server.look_among(2);
    let second = server.look().await;
    let third = server.look();
    tokio::pin!(third);
    assert!(waits(third.as_mut()).await, "two of four are left");
    server.look_among(9);
    drop((looking, second));
    server.look_among(9);
    let third = third.await;
    let fourth = server.look();
    tokio::pin!(fourth);
    assert!(waits(fourth.as_mut()).await, "one is always left");
    server.look_among(1);
    drop((third, fourth.await));
    assert_eq!(server.looking.available_permits(), 4);
}
