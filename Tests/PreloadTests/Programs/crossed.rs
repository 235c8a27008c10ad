//! Two threads that lock two mutexes crosswise. Says "ready" when both have their first one.

use std::sync::{Arc, Barrier, Mutex};
use std::thread;

fn lock_both(first: &Mutex<i32>, second: &Mutex<i32>, barrier: &Barrier) -> i32 {
    let own = first.lock().unwrap();
    barrier.wait();
    let other = second.lock().unwrap();
    *own + *other
}

fn main() {
    let (first, second) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(2)));
    let barrier = Arc::new(Barrier::new(3));
    let crossed = [("alpha", &first, &second), ("beta", &second, &first)];
    let threads = crossed.map(|(name, own, other)| {
        let (own, other, barrier) = (own.clone(), other.clone(), barrier.clone());
        let body = move || lock_both(&own, &other, &barrier);
        thread::Builder::new().name(name.into()).spawn(body).unwrap()
    });
    barrier.wait();
    println!("ready");
    for thread in threads {
        thread.join().unwrap();
    }
}
