#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| arena_fuzz::polymarket::market(input));
