use super::*;

const PATIENCE: Duration = Duration::from_secs(60);

/// A reader that reads nothing until it is let.
#[derive(Clone, Default)]
struct Reader(Arc<(Mutex<Read>, Condvar)>);

#[derive(Default)]
struct Read {
    reads: bool,
    waited_for: bool,
    bytes: Vec<u8>,
    /// How often it says that there is no room.
    busy: u32,
}

impl Reader {
    fn state(&self) -> MutexGuard<'_, Read> {
        self.0.0.lock().unwrap()
    }

    fn begin(&self) {
        self.state().reads = true;
        self.0.1.notify_all();
    }

    /// Waits until somebody waits for it.
    fn until_waited_for(&self) {
        let state = self.state();
        let waited = self
            .0
            .1
            .wait_timeout_while(state, PATIENCE, |read| !read.waited_for);
        assert!(!waited.unwrap().1.timed_out());
    }

    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.state().bytes.clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

impl Write for Reader {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        state.waited_for = true;
        self.0.1.notify_all();
        let mut state = self.0.1.wait_while(state, |read| !read.reads).unwrap();
        if state.busy > 0 {
            state.busy -= 1;
            return Err(io::ErrorKind::WouldBlock.into());
        }
        // A pipe takes what it has room for.
        let taken = bytes.len().min(1000);
        state.bytes.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lanes(reader: &Reader) -> Lanes {
    let lanes = Lanes::start(reader.clone(), || ()).unwrap();
    lanes.started();
    lanes
}

#[test]
fn until_the_server_listens_no_line_is_lost_to_a_slow_reader() {
    let reader = Reader::default();
    let lanes = Lanes::start(reader.clone(), || ()).unwrap();
    lanes.put(b"first\n", false);
    reader.until_waited_for();
    let line = [b"x".repeat(999), b"\n".to_vec()].concat();
    let written = thread::scope(|scope| {
        let writing = scope.spawn(|| (0..3000).for_each(|_| lanes.put(&line, false)));
        reader.begin();
        writing.join().unwrap();
        lanes.flush(PATIENCE);
        reader.lines().len()
    });
    assert_eq!(written, 3001);
}

#[test]
fn lines_are_written_in_their_order() {
    let reader = Reader::default();
    let lanes = lanes(&reader);
    reader.begin();
    for number in 0..1000 {
        lanes.put(format!("{number}\n").as_bytes(), false);
    }
    lanes.flush(PATIENCE);
    let numbers: Vec<_> = (0..1000).map(|number| number.to_string()).collect();
    assert_eq!(reader.lines(), numbers);
}

#[test]
fn nobody_waits_for_a_reader_and_a_flood_of_lines_costs_no_event() {
    let reader = Reader::default();
    let lanes = lanes(&reader);
    lanes.put(b"first\n", false);
    reader.until_waited_for();
    let line = [b"x".repeat(999), b"\n".to_vec()].concat();
    for _ in 0..5000 {
        lanes.put(&line, false);
    }
    lanes.put(b"event\n", true);
    lanes.flush(Duration::ZERO);
    let fits = LINES / line.len();
    assert_eq!(lanes.state().lines.dropped, 5000 - fits as u64);
    assert_eq!(lanes.state().events.dropped, 0);

    reader.begin();
    lanes.flush(PATIENCE);
    let written = reader.lines();
    assert_eq!(written[..2], ["first", "event"], "events go first");
    assert_eq!(written.len(), 2 + fits);
    assert_eq!(lanes.state().lines.dropped, 0, "they have been told of");
}

#[test]
fn a_flood_of_events_is_bounded_too() {
    let reader = Reader::default();
    let lanes = lanes(&reader);
    lanes.put(b"first\n", false);
    reader.until_waited_for();
    let event = b"e".repeat(1000);
    for _ in 0..10_000 {
        lanes.put(&event, true);
    }
    let state = lanes.state();
    assert!(state.events.waiting.len() <= EVENTS);
    assert_eq!(state.events.dropped, 10_000 - (EVENTS / event.len()) as u64);
}

#[test]
fn a_reader_that_has_no_room_for_a_moment_gets_everything() {
    let reader = Reader::default();
    let lanes = lanes(&reader);
    reader.state().busy = 5;
    reader.begin();
    lanes.put(b"line\n", false);
    lanes.flush(PATIENCE);
    assert_eq!(reader.lines(), ["line"]);
}
