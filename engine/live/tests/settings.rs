//! The parts of the configuration that other crates read by themselves mean the same there.

use engine_core::Config;
use exchange::Settings;
use projections::settings::{DataSettings, FoldSettings, MemorySettings};
use schemas::{Cash, Size};

#[test]
fn the_exchange_reads_section_paper() {
    let mut config = Config::default();
    assert_eq!(Settings::from_config(&config.canonical().unwrap()), Settings::default());
    let p = &mut config.paper;
    p.starting_cash_usdc = Cash(1);
    p.submit_latency_ms = 2;
    p.report_latency_ms = 3;
    p.confirm_latency_ms = 4;
    p.assumed_depth_shares = Size(5);
    p.lose_every_nth_answer = 6;
    p.fail_every_nth_trade = 7;
    let read = Settings::from_config(&config.canonical().unwrap());
    let expected = Settings {
        starting_cash_usdc: Cash(1),
        submit_latency_ms: 2,
        report_latency_ms: 3,
        confirm_latency_ms: 4,
        assumed_depth_shares: Size(5),
        lose_every_nth_answer: 6,
        fail_every_nth_trade: 7,
    };
    assert_eq!(read, expected);
}

#[test]
fn the_folds_read_memory_and_data() {
    let mut config = Config::default();
    let read = |c: &Config| serde_json::from_str::<FoldSettings>(&c.canonical().unwrap()).unwrap();
    assert_eq!(read(&config), FoldSettings::default());
    config.memory.short_term_window = 1;
    config.memory.short_term_ttl_minutes = 2;
    config.data.indicator_bar_seconds = 3;
    let expected = FoldSettings {
        memory: MemorySettings { short_term_window: 1, short_term_ttl_minutes: 2 },
        data: DataSettings { indicator_bar_seconds: 3 },
    };
    assert_eq!(read(&config), expected);
}
