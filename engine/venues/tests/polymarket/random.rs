//! A true book on one side, a network full of faults between, and the folded book on the other: when the faults and the
//! changes are over, both are the same.

use crate::harness::{Dice, Faults, World, wanted};
use crate::venue::{Venue, cents};

const MARKETS: u16 = 3;

/// A few minutes of changes and faults.
fn storm(seed: u64) -> World {
    let mut dice = Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) | 1);
    let mut world = World::new(Venue::with(MARKETS), wanted(usize::from(MARKETS)));
    world.run(4_000);
    world.dice = Dice(dice.below(u64::MAX) | 1);
    let percent = |dice: &mut Dice, most: u64| if dice.hits(50) { dice.below(most) } else { 0 };
    world.faults = Faults {
        frame_lost: percent(&mut dice, 20),
        frame_twice: percent(&mut dice, 20),
        frame_late: percent(&mut dice, 20),
        frame_garbled: percent(&mut dice, 5),
        book_hash_wrong: percent(&mut dice, 30),
        answer_error: percent(&mut dice, 40),
        answer_lost: percent(&mut dice, 20),
        answer_late: percent(&mut dice, 60),
        open_refused: percent(&mut dice, 50),
    };
    for _ in 0..600 {
        world.run(20 * dice.below(30) as i64);
        let n = u16::try_from(dice.below(u64::from(MARKETS))).unwrap();
        match dice.below(200) {
            0 => world.cut(0),
            1 => world.sessions.values_mut().for_each(|s| s.silent = true),
            2 => world.sessions.values_mut().for_each(|s| s.dead = true),
            3 => {
                // Changes that nobody tells.
                let now_ms = world.now_ms;
                let market = &mut world.venue.markets[usize::from(n)];
                market.put(true, cents(1 + dice.below(40) as i64), dice.below(9) as i64);
                market.changed_ms = now_ms;
            }
            4..8 => {
                let books = [0, 1].map(|outcome| world.venue.markets[usize::from(n)].book_json(outcome));
                books.iter().for_each(|book| world.publish(n, book));
            }
            _ => {
                let is_bid = dice.hits(50);
                let price = cents(if is_bid { 1 + dice.below(49) } else { 51 + dice.below(48) } as i64);
                let size = if dice.hits(40) { 0 } else { 1 + dice.below(500) as i64 };
                world.change(n, is_bid, price, size);
            }
        }
    }
    world
}

#[test]
fn when_the_faults_are_over_every_book_is_the_true_one() {
    let seeds = std::env::var("ARENA_FEED_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    for seed in 0..seeds {
        let mut world = storm(seed);
        world.faults = Faults::default();
        // Longer than the distance of two comparisons.
        world.run(200_000);
        for n in 0..MARKETS {
            world.agrees(n).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        }
        let asked = world.calls.len();
        assert!(asked < 400, "seed {seed}: {asked} requests in about six minutes");
        assert!(world.opened.len() < 80, "seed {seed}: {} openings", world.opened.len());
    }
}

#[test]
fn the_same_seed_says_the_same() {
    let (first, second) = (storm(7), storm(7));
    assert_eq!(first.said, second.said);
    assert_eq!(first.state.state_hash(), second.state.state_hash());
}
