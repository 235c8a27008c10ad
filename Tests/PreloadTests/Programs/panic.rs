//! Panics in a function that C calls: it must not unwind there, and ends the process. Says "ready" before.

use std::ffi::{c_int, c_void};

extern "C" {
    fn qsort(base: *mut c_void, count: usize, size: usize, compare: extern "C" fn(*const c_void, *const c_void) -> c_int);
}

extern "C" fn compare_panics(_: *const c_void, _: *const c_void) -> c_int {
    panic!("cannot be compared")
}

fn main() {
    println!("ready");
    let mut numbers = [3, 1, 2];
    unsafe { qsort(numbers.as_mut_ptr().cast(), numbers.len(), 4, compare_panics) }
}
