//! Many callers, one log thread: what waited while the last sync ran is the next frame.

use super::Sink;
use crate::error::MeasureError;
use crossbeam::channel::{Receiver, Sender, bounded};
use schemas::Record;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Submissions that may wait for the log thread.
pub const QUEUE_LEN: usize = 65_536;
/// No more is added to a frame that has so many events.
pub const FRAME_MAX: usize = 4_096;

/// Takes events from one thread and says to another when they are durable.
pub trait Pipeline {
    /// Stands for what was submitted at once.
    type Ticket: Send + 'static;

    /// Hands events over that belong together. Waits if the queue is full.
    fn submit(&mut self, records: Vec<Record>) -> Result<Self::Ticket, MeasureError>;

    /// Waits until it is durable.
    fn wait(ticket: Self::Ticket) -> Result<(), MeasureError>;

    /// Ends it when everything is durable.
    fn stop(self) -> Result<(), MeasureError>;
}

/// How far the log thread is. One notification a frame wakes whoever waits: the cheapest acknowledgement there is.
struct Progress {
    durable: AtomicU64,
    /// The log thread is gone, and how.
    ended: Mutex<Option<String>>,
    moved: Condvar,
}

/// The plain way to do it, for any sink.
pub struct Batching {
    queue: Sender<Vec<Record>>,
    submitted: u64,
    progress: Arc<Progress>,
    thread: JoinHandle<Result<(), MeasureError>>,
}

/// The place of a submission among all, from 1.
pub struct Place {
    number: u64,
    progress: Arc<Progress>,
}

impl Batching {
    /// Starts the log thread.
    pub fn start(open: impl FnOnce() -> Result<Box<dyn Sink>, MeasureError> + Send + 'static) -> Self {
        let (queue, submissions) = bounded(QUEUE_LEN);
        let progress =
            Arc::new(Progress { durable: AtomicU64::new(0), ended: Mutex::new(None), moved: Condvar::new() });
        let shared = Arc::clone(&progress);
        let thread = std::thread::spawn(move || {
            let done = open().and_then(|sink| write(sink, &submissions, &shared));
            let reason = done.as_ref().err().map_or_else(|| "stopped".to_owned(), ToString::to_string);
            *shared.ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
            shared.moved.notify_all();
            done
        });
        Self { queue, submitted: 0, progress, thread }
    }
}

fn write(mut sink: Box<dyn Sink>, queue: &Receiver<Vec<Record>>, progress: &Progress) -> Result<(), MeasureError> {
    let mut batch = Vec::with_capacity(FRAME_MAX);
    let mut durable = 0;
    while let Ok(first) = queue.recv() {
        batch.extend(first);
        durable += 1;
        while batch.len() < FRAME_MAX {
            let Ok(next) = queue.try_recv() else { break };
            batch.extend(next);
            durable += 1;
        }
        sink.commit(&batch)?;
        batch.clear();
        progress.durable.store(durable, Ordering::Release);
        // Taken and given back, so that nobody who just looked misses the notification.
        drop(progress.ended.lock().unwrap_or_else(PoisonError::into_inner));
        progress.moved.notify_all();
    }
    sink.close()
}

impl Pipeline for Batching {
    type Ticket = Place;

    fn submit(&mut self, records: Vec<Record>) -> Result<Place, MeasureError> {
        self.queue.send(records).map_err(|_| MeasureError::Pipeline("the log thread has ended".to_owned()))?;
        self.submitted += 1;
        Ok(Place { number: self.submitted, progress: Arc::clone(&self.progress) })
    }

    fn wait(ticket: Place) -> Result<(), MeasureError> {
        let progress = &*ticket.progress;
        let durable = || progress.durable.load(Ordering::Acquire) >= ticket.number;
        if durable() {
            return Ok(());
        }
        let mut ended = progress.ended.lock().unwrap_or_else(PoisonError::into_inner);
        while !durable() {
            if let Some(reason) = &*ended {
                return Err(MeasureError::Pipeline(reason.clone()));
            }
            ended = progress.moved.wait(ended).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(())
    }

    fn stop(self) -> Result<(), MeasureError> {
        drop(self.queue);
        self.thread.join().map_err(|_| MeasureError::Pipeline("the log thread has panicked".to_owned()))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::events::Records;
    use crate::log::raw::RawFile;

    #[test]
    fn everything_submitted_becomes_durable_and_a_failure_reaches_who_waits() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let file = path.clone();
        let mut pipeline = Batching::start(move || Ok(Box::new(RawFile::growing(&file)?)));
        let mut records = Records::default();
        let tickets: Vec<Place> = (0..100).map(|_| pipeline.submit(records.batch(5)).unwrap()).collect();
        for ticket in tickets {
            Batching::wait(ticket).unwrap();
        }
        pipeline.stop().unwrap();
        assert!(path.metadata().unwrap().len() > 500 * 40);
        let mut broken = Batching::start(move || Ok(Box::new(RawFile::growing(&path)?)));
        if let Ok(ticket) = broken.submit(records.batch(1)) {
            assert!(Batching::wait(ticket).unwrap_err().to_string().contains("create"));
        }
        assert!(broken.stop().is_err());
    }
}
