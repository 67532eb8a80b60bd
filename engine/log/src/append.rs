//! Many hands, one log thread: natural group commit.
//!
//! Producers submit batches through a bounded channel and go on; the log thread takes what has queued while the last
//! sync ran, makes one frame of it, writes and syncs it, and then acknowledges every batch of it. A batch with an intent
//! is urgent: the frame that it is in is written at once. Batches of ticks alone may wait `linger` for company.
//!
//! Nothing is ever dropped. A full queue makes the producer wait; after `patience` it gets its batch refused with an
//! error of policy `Halt`, because an engine that cannot write down what happens must not trade.

use crate::error::LogError;
use crate::histogram::Histogram;
use crate::keeper::lock;
use crate::writer::LogWriter;
use crossbeam::channel::{Receiver, SendTimeoutError, Sender, TryRecvError, bounded};
use schemas::Record;
use schemas::frame::Head;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How batches are gathered.
#[derive(Clone, Copy, Debug)]
pub struct AppendOptions {
    /// Batches that may wait for the log thread.
    pub queue_len: usize,
    /// Events of one frame at most, unless a single batch has more.
    pub frame_events_max: usize,
    /// How long a frame without an urgent batch waits for more.
    pub linger: Duration,
    /// Put batches that wait together into one frame. Without it every batch is a frame of its own: the bytes of the
    /// log then do not depend on timing, which runs over recordings want.
    pub group: bool,
    /// How long a producer waits for room in the queue.
    pub patience: Duration,
}

impl Default for AppendOptions {
    fn default() -> Self {
        Self {
            queue_len: 1024,
            frame_events_max: 4096,
            linger: Duration::from_millis(2),
            group: true,
            patience: Duration::from_secs(10),
        }
    }
}

/// A batch is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// The sequence of its first event.
    pub first_seq: u64,
    /// The log's head behind the frame that it is in.
    pub head: Head,
}

/// A batch that was submitted. Dropping it changes nothing.
pub struct Ticket(Receiver<Result<Acknowledged, LogError>>, Arc<Shared>);

impl Ticket {
    /// Waits until the batch is on the disk.
    pub fn wait(self) -> Result<Acknowledged, LogError> {
        self.1.hear(&self.0)?
    }

    /// Its acknowledgement, or why there is none, once; `None` if it is not on the disk yet.
    pub fn poll(&self) -> Option<Result<Acknowledged, LogError>> {
        let ended = self.1.ended.load(Ordering::SeqCst);
        match self.0.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) if !ended => None,
            Err(_) => Some(Err(self.1.ended())),
        }
    }
}

/// What the log thread has done so far.
#[derive(Clone, Debug, Default)]
pub struct AppendStats {
    /// From submission to acknowledgement, of every batch, ns.
    pub latency: Histogram,
    /// Frames written.
    pub frames: u64,
    /// Events written.
    pub events: u64,
    /// The longest queue that was found, batches.
    pub queue_max: usize,
}

#[derive(Default)]
struct Shared {
    stats: Mutex<AppendStats>,
    /// Why the thread ended, if it ended by an error. The error itself goes to whoever stops the appender.
    reason: Mutex<Option<String>>,
    /// Nothing is taken from the queue any more.
    ended: AtomicBool,
}

impl Shared {
    /// Waits for an answer. What was sent before the thread let go of its queue is answered or dropped; behind that only
    /// an answer that is there already counts.
    fn hear<T>(&self, answer: &Receiver<T>) -> Result<T, LogError> {
        let ended = self.ended.load(Ordering::SeqCst);
        let heard = if ended { answer.try_recv().ok() } else { answer.recv().ok() };
        heard.ok_or_else(|| self.ended())
    }

    fn ended(&self) -> LogError {
        match lock(&self.reason).clone() {
            Some(reason) => LogError::Poisoned { reason },
            None => LogError::Ended { reason: "it was stopped".to_owned() },
        }
    }
}

struct Submission {
    records: Vec<Record>,
    urgent: bool,
    since: Instant,
    ack: Sender<Result<Acknowledged, LogError>>,
}

/// The queue as the thread holds it. A channel keeps what was sent to it for as long as anybody can send, so messages
/// must not be left in it: whoever waits for their answers would wait for ever.
struct Queue {
    messages: Receiver<Message>,
    shared: Arc<Shared>,
}

impl Drop for Queue {
    fn drop(&mut self) {
        // In this order: what is sent later finds the flag, what was sent before is let go here.
        self.shared.ended.store(true, Ordering::SeqCst);
        while self.messages.try_recv().is_ok() {}
    }
}

/// Who waits for the frame being gathered: the first sequence, since when, and where the answer goes.
type Waiting = Vec<(u64, Instant, Sender<Result<Acknowledged, LogError>>)>;

enum Message {
    Batch(Submission),
    /// Between two frames, with the writer at hand.
    Do(Box<dyn FnOnce(&mut LogWriter) + Send>),
}

/// Submits batches. Any number of threads may hold one.
#[derive(Clone)]
pub struct AppendHandle {
    queue: Sender<Message>,
    shared: Arc<Shared>,
    patience: Duration,
}

impl AppendHandle {
    /// Submits a batch; its events stand in the log in this order, and batches of one handle in the order of their
    /// submission. An empty batch is acknowledged when everything before it is.
    pub fn submit(&self, records: Vec<Record>, urgent: bool) -> Result<Ticket, LogError> {
        let (ack, acked) = bounded(1);
        self.send(Message::Batch(Submission { records, urgent, since: now(), ack }))?;
        Ok(Ticket(acked, Arc::clone(&self.shared)))
    }

    /// Runs `f` on the log thread, behind everything submitted before, and waits for what it returns. Everything
    /// submitted before is on the disk then.
    pub fn with_writer<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut LogWriter) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        let (reply, answer) = bounded(1);
        self.send(Message::Do(Box::new(move |writer| {
            // Whoever asked may be gone.
            let _ = reply.send(f(writer));
        })))?;
        self.shared.hear(&answer)?
    }

    /// What the log thread has done so far.
    pub fn stats(&self) -> AppendStats {
        lock(&self.shared.stats).clone()
    }

    fn send(&self, message: Message) -> Result<(), LogError> {
        match self.queue.send_timeout(message, self.patience) {
            Ok(()) => Ok(()),
            Err(SendTimeoutError::Disconnected(_)) => Err(self.shared.ended()),
            Err(SendTimeoutError::Timeout(_)) => Err(LogError::Overloaded {
                queue_len: self.queue.len(),
                waited_ms: u64::try_from(self.patience.as_millis()).unwrap_or(u64::MAX),
            }),
        }
    }
}

/// The log thread, and a handle to it.
pub struct Appender {
    handle: AppendHandle,
    thread: JoinHandle<Result<LogWriter, LogError>>,
}

impl std::ops::Deref for Appender {
    type Target = AppendHandle;

    fn deref(&self) -> &AppendHandle {
        &self.handle
    }
}

impl Appender {
    /// Starts the thread; it owns the writer until [`stop`](Self::stop).
    pub fn start(writer: LogWriter, options: AppendOptions) -> Result<Self, LogError> {
        let (queue, queued) = bounded(options.queue_len.max(1));
        let shared = Arc::new(Shared::default());
        let dir = writer.dir().to_owned();
        let queued = Queue { messages: queued, shared: Arc::clone(&shared) };
        let mut thread = Thread { writer, options, shared: Arc::clone(&shared), queued, next: None };
        let run = move || {
            let done = thread.run();
            if let Err(e) = &done {
                *lock(&thread.shared.reason) = Some(e.to_string());
            }
            done.map(|()| thread.writer)
        };
        let thread = std::thread::Builder::new().name("log-writer".to_owned()).spawn(run);
        let thread = thread.map_err(crate::error::io_error("start a thread for", &dir))?;
        Ok(Self { handle: AppendHandle { queue, shared, patience: options.patience }, thread })
    }

    /// A handle for another thread. The appender ends when all of them are gone.
    pub fn handle(&self) -> AppendHandle {
        self.handle.clone()
    }

    /// Waits for everything submitted, ends the thread and gives the writer back; or says what ended the thread.
    pub fn stop(self) -> Result<LogWriter, LogError> {
        drop(self.handle);
        self.thread.join().unwrap_or_else(|_| Err(LogError::Ended { reason: "it panicked".to_owned() }))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "measures how long an acknowledgement takes; decides nothing but how long to wait"
)]
fn now() -> Instant {
    Instant::now()
}

struct Thread {
    writer: LogWriter,
    options: AppendOptions,
    shared: Arc<Shared>,
    queued: Queue,
    /// What did not fit into the last frame.
    next: Option<Message>,
}

impl Thread {
    fn run(&mut self) -> Result<(), LogError> {
        let mut frame: Vec<Record> = Vec::new();
        let mut waiting = Waiting::new();
        while let Some(message) = self.next.take().or_else(|| self.queued.messages.recv().ok()) {
            match message {
                Message::Do(f) => f(&mut self.writer),
                Message::Batch(first) => {
                    self.gather(first, &mut frame, &mut waiting);
                    self.commit(&mut frame, &mut waiting)?;
                }
            }
        }
        Ok(())
    }

    /// Takes what may share a frame with `first`.
    fn gather(&mut self, first: Submission, frame: &mut Vec<Record>, waiting: &mut Waiting) {
        let mut next_seq = self.writer.next_seq().get();
        let mut take = |batch: Submission, frame: &mut Vec<Record>| {
            waiting.push((next_seq, batch.since, batch.ack));
            next_seq += batch.records.len() as u64;
            frame.extend(batch.records);
        };
        let queue_len = self.queued.messages.len();
        let (mut urgent, until) = (first.urgent, first.since + self.options.linger);
        take(first, frame);
        while self.options.group {
            let message = if urgent {
                self.queued.messages.try_recv().ok()
            } else {
                self.queued.messages.recv_timeout(until.saturating_duration_since(now())).ok()
            };
            match message {
                Some(Message::Batch(batch))
                    if frame.len() + batch.records.len() <= self.options.frame_events_max || frame.is_empty() =>
                {
                    urgent |= batch.urgent;
                    take(batch, frame);
                }
                message => {
                    self.next = message;
                    break;
                }
            }
            if frame.len() >= self.options.frame_events_max {
                break;
            }
        }
        let mut stats = lock(&self.shared.stats);
        stats.queue_max = stats.queue_max.max(queue_len);
    }

    fn commit(&mut self, frame: &mut Vec<Record>, waiting: &mut Waiting) -> Result<(), LogError> {
        let head = match self.writer.commit(frame) {
            Ok(head) => head,
            // Too large for a frame: nothing was written, the log goes on without these.
            Err(LogError::Frame(e)) => {
                for (_, _, ack) in waiting.drain(..) {
                    let _ = ack.try_send(Err(LogError::Frame(e.clone())));
                }
                frame.clear();
                return Ok(());
            }
            Err(e) => return Err(e),
        };
        let done = now();
        let mut stats = lock(&self.shared.stats);
        stats.frames += u64::from(!frame.is_empty());
        stats.events += frame.len() as u64;
        frame.clear();
        for (first_seq, since, ack) in waiting.drain(..) {
            let took = done.saturating_duration_since(since).as_nanos();
            stats.latency.record(u64::try_from(took).unwrap_or(u64::MAX), 1);
            // Whoever submitted may not be waiting.
            let _ = ack.try_send(Ok(Acknowledged { first_seq, head }));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WriterOptions;
    use crate::writer::Store;
    use schemas::{CycleId, Event, UtcNanos};
    use std::path::Path;

    #[test]
    fn whoever_waits_hears_of_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let (mut writer, _) = LogWriter::open(dir.path(), &WriterOptions::default()).unwrap();
        let Store::Journal { journal, .. } = &mut writer.store else { panic!("no journal") };
        journal.redirect(Path::new("/dev/full"));
        let appender = Appender::start(writer, AppendOptions { group: false, ..AppendOptions::default() }).unwrap();
        let event = schemas::event::SystemEvent::Resumed { reason: "note".to_owned() };
        let note = Record { time: UtcNanos(1), cause: 0, cycle: CycleId(0), event: Event::System(event) };
        let submit = || appender.submit(vec![note.clone()], true);
        // Some are refused, some are taken and then dropped; none is left waiting.
        let waiting: Vec<_> = std::iter::repeat_with(submit).take(300).collect();
        assert!(waiting.into_iter().all(|ticket| ticket.and_then(Ticket::wait).is_err()));
        assert!(appender.with_writer(|w| Ok(w.head())).is_err());
        let error = appender.stop().err().unwrap();
        assert!(matches!(error, LogError::DiskFull { .. }), "{error}");
    }
}
