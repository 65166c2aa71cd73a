//! Every order in which things can happen, depth first. A state is gone on from once only: it is the
//! store, and what each node was told so far.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use super::node::{Job, Node};
use super::world::{Call, Progress, Reply, Which, World};

/// What may go wrong in one run, and how often.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub(super) struct Faults {
    /// Calls whose answer is lost.
    pub(super) lost: u8,
    /// Readings during which the store changes.
    pub(super) torn: u8,
    /// The node that may end at any time.
    pub(super) crash: Option<usize>,
    /// The node that may be left alone with a primary that was deposed.
    pub(super) cut_off: Option<usize>,
    /// Whether a backup may be put in the place of the feed.
    pub(super) restored: bool,
    /// Whether time passes between a heartbeat and its answer.
    pub(super) late_proof: bool,
}

/// Where a scenario begins.
pub(super) struct Stage {
    pub(super) world: Arc<World>,
    pub(super) nodes: Vec<Node>,
    pub(super) faults: Faults,
    tasks: Vec<Task>,
    trail: Vec<(Step, Option<Told>)>,
}

/// A call, for people: whose it is, on what, and its name.
type Told = (usize, Which, &'static str);

struct Task {
    node: usize,
    job: Option<Job>,
    woken: Arc<Woken>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One thing that can happen next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The store carries a call out, and its answer comes.
    Answer(usize),
    /// The store carries it out, and the answer is lost.
    LoseAnswer(usize),
    /// It never comes to the store.
    LoseCall(usize),
    /// It is given up, and comes to the store later.
    Astray(usize),
    /// It comes to the store.
    Arrives(usize),
    /// A reading begins.
    Tear(usize),
    /// The store carries the call out, and the node ends.
    CrashAfter(usize),
    Crash(usize),
    CutOff(usize),
    Reconnect,
    Restore,
}

/// Bounds, for an algorithm that runs in circles.
const MOST: usize = 100_000;
const DEEPEST: usize = 1000;

/// Looks at everything that can happen on the stage that `set` sets, and says how many states it met.
pub(super) fn search(set: impl Fn(&mut Stage)) -> usize {
    let mut seen = HashSet::new();
    let mut choices: Vec<(usize, usize)> = Vec::new();
    loop {
        let mut stage = Stage::empty();
        set(&mut stage);
        stage.settle();
        let mut depth = 0;
        loop {
            stage.check();
            let steps = stage.steps();
            if steps.is_empty() {
                stage.end();
                break;
            }
            assert!(
                seen.len() < MOST && depth < DEEPEST,
                "it never ends: {}",
                stage.told()
            );
            if depth == choices.len() {
                if !seen.insert(stage.key()) {
                    break;
                }
                choices.push((0, steps.len()));
            }
            stage.take(steps[choices[depth].0]);
            depth += 1;
        }
        loop {
            match choices.pop() {
                Some((chosen, among)) if chosen + 1 < among => {
                    choices.push((chosen + 1, among));
                    break;
                }
                Some(_) => {}
                None => {
                    return seen.len();
                }
            }
        }
    }
}

impl Stage {
    fn empty() -> Self {
        Self {
            world: Arc::default(),
            nodes: Vec::new(),
            faults: Faults::default(),
            tasks: Vec::new(),
            trail: Vec::new(),
        }
    }

    /// Adds a node and starts the task that appends for it.
    pub(super) fn add(&mut self, mut node: Node) -> usize {
        let number = node.number;
        if let Some(appender) = node.appender() {
            self.start(appender);
        }
        self.nodes.push(node);
        number
    }

    pub(super) fn start(&mut self, job: Job) {
        let mut state = self.world.lock();
        state.asked.push(None);
        state.replies.push(None);
        state.told.push(0);
        drop(state);
        self.tasks.push(Task {
            node: job.node,
            job: Some(job),
            woken: Arc::new(Woken(AtomicBool::new(true))),
        });
    }

    /// Does a job at once, with nothing in between.
    pub(super) fn complete(&mut self, job: Job) {
        let task = self.tasks.len();
        self.start(job);
        self.settle();
        while self.tasks[task].job.is_some() {
            let next = (0..self.tasks.len()).find(|task| self.world.lock().asked[*task].is_some());
            match next {
                Some(next) => self.answer(next),
                None => panic!("nothing goes on: {}", self.told()),
            }
            self.check();
        }
    }

    /// Lets every task run until it waits for the store, for another task, or is done.
    fn settle(&mut self) {
        let mut ran = true;
        while std::mem::take(&mut ran) {
            for (number, task) in self.tasks.iter_mut().enumerate() {
                if !task.woken.0.swap(false, Ordering::Relaxed) {
                    continue;
                }
                ran = true;
                self.world.lock().current = number;
                let waker = Waker::from(Arc::clone(&task.woken));
                let mut context = Context::from_waker(&waker);
                let ready = task
                    .job
                    .as_mut()
                    .is_some_and(|job| job.future.as_mut().poll(&mut context).is_ready());
                if ready {
                    task.job = None;
                }
            }
        }
    }

    fn steps(&self) -> Vec<Step> {
        let state = self.world.lock();
        let mut steps = Vec::new();
        for (task, asked) in state.asked.iter().enumerate() {
            let Some(asked) = asked else { continue };
            steps.push(Step::Answer(task));
            let writes = matches!(
                asked.call,
                Call::Insert(_) | Call::Update(_) | Call::Delete(_)
            );
            if self.faults.lost > 0
                && matches!(asked.progress, Progress::Fresh)
                && !matches!(asked.call, Call::Tick)
            {
                steps.push(Step::LoseCall(task));
                if writes {
                    steps.extend([Step::LoseAnswer(task), Step::Astray(task)]);
                }
            }
            if self.faults.torn > 0
                && matches!(asked.progress, Progress::Fresh)
                && matches!(&asked.call, Call::Find(query)
                    if asked.which == Which::Feed && query.limit != Some(1))
            {
                steps.push(Step::Tear(task));
            }
            if self.faults.crash == Some(self.tasks[task].node) && writes {
                steps.push(Step::CrashAfter(task));
            }
        }
        if steps.is_empty() && state.astray.is_empty() {
            return steps;
        }
        steps.extend((0..state.astray.len()).map(Step::Arrives));
        steps.extend(self.faults.crash.map(Step::Crash));
        steps.extend(self.faults.cut_off.map(Step::CutOff));
        if self.faults.restored {
            steps.push(Step::Restore);
        }
        steps.extend(state.deposed.as_ref().map(|_| Step::Reconnect));
        steps
    }

    fn take(&mut self, step: Step) {
        self.note(step);
        match step {
            Step::Answer(task) => self.answer(task),
            Step::LoseAnswer(task) => {
                self.faults.lost -= 1;
                self.carry_out(task);
                self.reply(task, Reply::Lost);
            }
            Step::LoseCall(task) => {
                self.faults.lost -= 1;
                self.reply(task, Reply::Lost);
            }
            Step::Astray(task) => {
                self.faults.lost -= 1;
                let mut state = self.world.lock();
                if let Some(asked) = state.asked[task].clone() {
                    state.astray.push((asked.which, asked.call));
                }
                drop(state);
                self.reply(task, Reply::Lost);
            }
            Step::Arrives(which) => {
                let mut state = self.world.lock();
                let (which, call) = state.astray.remove(which);
                state.perform(usize::MAX, which, &call);
            }
            Step::Tear(task) => {
                self.faults.torn -= 1;
                let found = self.carry_out(task);
                if let (Some(asked), Reply::Found(found)) =
                    (&mut self.world.lock().asked[task], found)
                {
                    asked.progress = Progress::Torn(found);
                }
            }
            Step::CrashAfter(task) => {
                self.carry_out(task);
                self.crash(self.tasks[task].node);
            }
            Step::Crash(node) => self.crash(node),
            Step::CutOff(node) => {
                self.faults.cut_off = None;
                let mut state = self.world.lock();
                state.deposed = Some((node, state.feed.clone()));
            }
            Step::Restore => {
                self.faults.restored = false;
                self.world.lock().restore();
            }
            Step::Reconnect => self.world.lock().deposed = None,
        }
        self.settle();
    }

    /// Carries the call of a task out, and gives it the answer or sends that on its way.
    fn answer(&mut self, task: usize) {
        let asked = self.world.lock().asked[task].clone();
        let Some(asked) = asked else { return };
        let reply = match (asked.progress, &asked.call) {
            (Progress::Answered(reply), _) => reply,
            (Progress::Torn(found), Call::Find(query)) => self.world.lock().rest_of(&found, query),
            (_, call) => {
                let reply = self.carry_out(task);
                if self.faults.late_proof && matches!(call, Call::Beat) {
                    if let Some(asked) = &mut self.world.lock().asked[task] {
                        asked.progress = Progress::Answered(reply);
                    }
                    return;
                }
                reply
            }
        };
        self.reply(task, reply);
        self.settle();
    }

    fn carry_out(&self, task: usize) -> Reply {
        let mut state = self.world.lock();
        match state.asked[task].clone() {
            Some(asked) => state.perform(self.tasks[task].node, asked.which, &asked.call),
            None => Reply::Lost,
        }
    }

    fn reply(&mut self, task: usize, reply: Reply) {
        let Task { node, woken, .. } = &self.tasks[task];
        self.world.lock().answer(task, *node, reply);
        woken.0.store(true, Ordering::Relaxed);
    }

    /// Ends a node: nothing that it was doing goes on.
    fn crash(&mut self, node: usize) {
        self.faults.crash = None;
        for (number, task) in self.tasks.iter_mut().enumerate() {
            if task.node == node {
                task.job = None;
                self.world.lock().asked[number] = None;
            }
        }
        self.nodes.retain(|other| other.number != node);
    }

    /// Nothing is under way any more: within a round of the caretaker and two looks at the feed
    /// everyone who lives knows everything.
    fn end(&mut self) {
        self.faults = Faults::default();
        self.world.lock().deposed = None;
        if let Some(node) = self.nodes.first() {
            let caretaker = node.takes_care(1);
            self.complete(caretaker);
        }
        for index in 0..self.nodes.len() {
            let node = &self.nodes[index];
            if !node.is_following() {
                let follows = node.follows();
                self.complete(follows);
            }
            for _ in 0..2 {
                let node = &self.nodes[index];
                let (proves, polls) = (node.proves(1), node.polls(1));
                self.complete(proves);
                self.complete(polls);
            }
            let node = self.nodes[index].number;
            let misses = self.world.lock().misses(node);
            assert!(
                misses == 0,
                "node {node} never hears of {misses:#b}: {}",
                self.told()
            );
        }
    }

    fn check(&self) {
        let broken = self.world.lock().broken.take();
        if let Some(broken) = broken {
            panic!("{broken}: {}", self.told());
        }
    }

    fn key(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.world.lock().hash_into(&mut hasher);
        self.faults.hash(&mut hasher);
        self.nodes.len().hash(&mut hasher);
        hasher.finish()
    }

    fn note(&mut self, step: Step) {
        let call = match step {
            Step::Answer(task)
            | Step::LoseAnswer(task)
            | Step::LoseCall(task)
            | Step::Astray(task)
            | Step::Tear(task)
            | Step::CrashAfter(task) => {
                let state = self.world.lock();
                let asked = state.asked[task].as_ref();
                asked.map(|asked| (self.tasks[task].node, asked.which, asked.call.name()))
            }
            _ => None,
        };
        self.trail.push((step, call));
    }

    fn told(&self) -> String {
        let shown = self.world.lock().show();
        let trail: Vec<_> = self.trail.iter().map(|line| format!("{line:?}")).collect();
        format!("\n  {}\n  the feed:{shown}", trail.join("\n  "))
    }
}
