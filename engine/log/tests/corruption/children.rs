//! Cases are judged in processes of their own, because sled may end the process that opens a damaged file: then the
//! parent knows with which seed, and goes on with the next.

use crate::sample::fast_home;
use crate::verdict::{Case, Outcome};
use crate::worlds::{COUNT, World};
use crate::wounds::{KINDS, Kind, PARTS, Part};
use std::cell::OnceCell;
use std::io::{BufRead, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Which seeds a child judges: the first, the step, the end.
const SHARE: &str = "ARENA_CORRUPTION_SHARE";
/// Longer than any case takes, by far.
const PATIENCE: Duration = Duration::from_secs(120);
const BEGINS: &str = "case begins\t";
const ENDS: &str = "case ends\t";

/// A case, and what became of it.
#[derive(Debug)]
pub struct Told {
    pub seed: u64,
    pub log: String,
    pub kinds: Vec<(Kind, Part)>,
    pub wounds: Vec<String>,
    pub outcome: Option<Outcome>,
    pub fault: Option<String>,
}

impl Told {
    fn of(seed: u64, case: &Case<'_>) -> Self {
        Self {
            seed,
            log: case.world.plan.name.to_owned(),
            kinds: case.wounds.iter().map(|w| (w.kind, w.part)).collect(),
            wounds: case.wounds.iter().map(ToString::to_string).collect(),
            outcome: None,
            fault: None,
        }
    }

    fn to_line(&self) -> String {
        let number = |(kind, part): &(Kind, Part)| {
            let (kind, part) = (KINDS.iter().position(|k| k == kind), PARTS.iter().position(|p| p == part));
            format!("{}.{}", kind.unwrap(), part.unwrap())
        };
        let kinds: Vec<_> = self.kinds.iter().map(number).collect();
        format!("{BEGINS}{}\t{}\t{}\t{}", self.seed, self.log, kinds.join(" "), self.wounds.join("; and "))
    }

    fn from_line(line: &str) -> Option<Self> {
        let [seed, log, kinds, wounds] = line.split('\t').collect::<Vec<_>>()[..] else { return None };
        let number = |pair: &str| {
            let (kind, part) = pair.split_once('.')?;
            Some((KINDS[kind.parse::<usize>().ok()?], PARTS[part.parse::<usize>().ok()?]))
        };
        Some(Self {
            seed: seed.parse().ok()?,
            log: log.to_owned(),
            kinds: kinds.split(' ').filter_map(number).collect(),
            wounds: wounds.split("; and ").map(str::to_owned).collect(),
            outcome: None,
            fault: None,
        })
    }

    fn judged(&mut self, judged: Result<Outcome, String>) {
        (self.outcome, self.fault) = (judged.as_ref().ok().copied(), judged.err());
    }
}

/// The logs, built when they are first needed.
struct Worlds([OnceCell<World>; COUNT]);

impl Worlds {
    fn new() -> Self {
        Self([const { OnceCell::new() }; COUNT])
    }

    fn case(&self, seed: u64) -> Case<'_> {
        let number = seed as usize % COUNT;
        Case::new(self.0[number].get_or_init(|| World::build(number)), seed)
    }
}

fn judge(case: &mut Case<'_>) -> Result<Outcome, String> {
    let home = fast_home();
    let dir = home.path().join("log");
    let judged = catch_unwind(AssertUnwindSafe(|| case.judge(&dir)));
    judged.unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        Err(format!("panicked: {}", text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no text")))
    })
}

/// Judges one case in this process.
pub fn run_alone(seed: u64) -> Told {
    let worlds = Worlds::new();
    let mut case = worlds.case(seed);
    let mut told = Told::of(seed, &case);
    told.judged(judge(&mut case));
    told
}

/// What a child does.
pub fn work() {
    let Ok(share) = std::env::var(SHARE) else { return };
    let share: Vec<u64> = share.split(' ').map(|n| n.parse().unwrap()).collect();
    let [first, step, end] = share[..] else { panic!("a share is three numbers") };
    let worlds = Worlds::new();
    println!();
    for seed in (first..end).step_by(step as usize) {
        let mut case = worlds.case(seed);
        println!("{}", Told::of(seed, &case).to_line());
        let text = match judge(&mut case) {
            Ok(outcome) => format!("{}", outcome as u8),
            Err(fault) => fault.replace(['\n', '\t'], " "),
        };
        println!("{ENDS}{text}");
    }
}

/// Judges the cases with seeds below `count`, in as many processes as the machine has cores.
pub fn run_all(count: u64, hear: &mut dyn FnMut(Told)) {
    let step = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let (tell, told) = channel();
    for first in 0..step.min(count) {
        let tell = tell.clone();
        std::thread::spawn(move || share(first, step, count, &tell));
    }
    drop(tell);
    let mut heard = 0;
    for case in told {
        hear(case);
        heard += 1;
    }
    assert_eq!(heard, count, "some cases were not judged");
}

/// Has one share judged, by another child if one ends before its time.
fn share(mut first: u64, step: u64, end: u64, tell: &Sender<Told>) {
    while first < end {
        let (mut child, lines) = start(first, step, end);
        let mut open: Option<Told> = None;
        let mut last = None;
        while let Ok(line) = lines.recv_timeout(PATIENCE) {
            if let Some(begun) = line.strip_prefix(BEGINS).and_then(Told::from_line) {
                open = Some(begun);
            } else if let Some(text) = line.strip_prefix(ENDS)
                && let Some(mut ended) = open.take()
            {
                let outcome = text.parse().ok().and_then(|n: usize| Outcome::ALL.get(n).copied());
                ended.judged(outcome.ok_or_else(|| text.to_owned()));
                last = Some(ended.seed);
                tell.send(ended).unwrap();
            }
        }
        let _ = child.kill();
        let status = child.wait().unwrap();
        if let Some(mut broken) = open {
            broken.judged(Err(format!("the process ended, or stood still for two minutes: {status}")));
            last = Some(broken.seed);
            tell.send(broken).unwrap();
        }
        first = last.unwrap_or_else(|| panic!("a child did nothing at all from case {first} on: {status}")) + step;
    }
}

fn start(first: u64, step: u64, end: u64) -> (Child, Receiver<String>) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "some_cases", "--ignored", "--nocapture"]).env(SHARE, format!("{first} {step} {end}"));
    // What sled's threads say is much and no fault; it is kept for whoever wonders why a child ended.
    let said =
        std::fs::File::create(format!("{}/corruption-{first}-of-{step}.err", env!("CARGO_TARGET_TMPDIR"))).unwrap();
    let mut child = command.stdout(Stdio::piped()).stderr(said).spawn().unwrap();
    let (pass_on, lines) = channel();
    let out = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || out.lines().map_while(Result::ok).all(|line| pass_on.send(line).is_ok()));
    (child, lines)
}
