#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| driftmgr_core::testkit::hostile::encryption(bytes));
