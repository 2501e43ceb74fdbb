//! What the machine itself and Rust's library can do: `transfer`, `sort`, `sum`, `map`. Prints `name value` as the Aurora programs do.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Two threads hand a cache line to and fro: nanoseconds one way.
fn transfer() {
    let rounds = 30_000u64;
    let word = AtomicU64::new(0);
    let start = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for i in 0..rounds {
                while word.load(Ordering::Acquire) != 2 * i + 1 {}
                word.store(2 * i + 2, Ordering::Release);
            }
        });
        for i in 0..rounds {
            word.store(2 * i + 1, Ordering::Release);
            while word.load(Ordering::Acquire) != 2 * i + 2 {}
        }
    });
    println!("transfer {}", start.elapsed().as_nanos() as f64 / (2 * rounds) as f64);
}

fn sort() {
    let mut x = 42u64;
    let mut all: Vec<i64> = (0..10_000_000)
        .map(|_| {
            x ^= x >> 12;
            x ^= x << 25;
            x ^= x >> 27;
            x.wrapping_mul(0x2545_F491_4F6C_DD1D) as i64
        })
        .collect();
    let start = Instant::now();
    all.sort_unstable();
    println!("sort {}", start.elapsed().as_nanos());
    assert!(all.is_sorted());
}

/// As fast as two cores can read: the limit of every sum.
fn sum() {
    let n = 100_000_000;
    let all: Vec<f64> = (0..n).map(|i| (i % 8) as f64).collect();
    let part = |part: &[f64]| {
        let mut sums = [0.0; 16];
        for chunk in part.chunks_exact(16) {
            sums.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += x);
        }
        sums.iter().sum::<f64>()
    };
    let (low, high) = all.split_at(n / 2);
    let start = Instant::now();
    let total = std::thread::scope(|scope| {
        let other = scope.spawn(|| part(low));
        part(high) + other.join().expect("it only adds")
    });
    println!("sum {}", start.elapsed().as_nanos());
    assert_eq!(total, (n / 8 * 28) as f64);
}

/// A function of every number of one slice into another, by two plain threads.
fn map() {
    let n = 20_000_000;
    let from: Vec<f64> = (0..n).map(|i| i as f64).collect();
    let mut to = vec![0.0; n];
    let curve = |x: f64| {
        let y = x * 0.5 + 1.0;
        (y.sqrt() + y / (x + 1.0)) * y
    };
    let part = |from: &[f64], to: &mut [f64]| from.iter().zip(to).for_each(|(x, y)| *y = curve(*x));
    part(&from, &mut to);
    let start = Instant::now();
    let (low, high) = from.split_at(n / 2);
    let (low_to, high_to) = to.split_at_mut(n / 2);
    std::thread::scope(|scope| {
        scope.spawn(|| part(low, low_to));
        part(high, high_to);
    });
    println!("map {}", start.elapsed().as_nanos());
    assert_eq!(to[0], 2.0);
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("transfer") => transfer(),
        Some("sort") => sort(),
        Some("sum") => sum(),
        Some("map") => map(),
        _ => std::process::exit(2),
    }
}
