#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    arena_fuzz::with_place(|place| _ = arena_fuzz::forge::small::snapshot(place, input));
});
