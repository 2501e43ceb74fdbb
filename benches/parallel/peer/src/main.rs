//! The kernels of `benches/parallel` in Rust: on plain threads, or by rayon where that is built in. `peer NAME WORKERS`; prints
//! `time NANOSECONDS` of the better of two rounds.

use std::hint::black_box;
use std::time::Instant;

/// Calls `f` with the number and the elements of each piece.
#[cfg(not(feature = "rayon"))]
fn pieces<T: Send>(out: &mut [T], size: usize, workers: usize, f: impl Fn(usize, &mut [T]) + Sync) {
    let count = out.len().div_ceil(size);
    let each = count.div_ceil(workers);
    std::thread::scope(|scope| {
        for (worker, part) in out.chunks_mut(each * size).enumerate() {
            let f = &f;
            scope.spawn(move || part.chunks_mut(size).enumerate().for_each(|(i, piece)| f(worker * each + i, piece)));
        }
    });
}
#[cfg(feature = "rayon")]
fn pieces<T: Send>(out: &mut [T], size: usize, _workers: usize, f: impl Fn(usize, &mut [T]) + Sync + Send) {
    use rayon::prelude::*;
    out.par_chunks_mut(size).enumerate().for_each(|(i, piece)| f(i, piece));
}

/// Puts together what `f` makes of each number below `count`.
#[cfg(not(feature = "rayon"))]
fn gathered<A: Send>(count: usize, workers: usize, f: impl Fn(usize) -> A + Sync, join: impl Fn(A, A) -> A + Sync + Send + Copy) -> A {
    // Whoever is free takes the next: rows differ in weight.
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let tasks: Vec<_> = (0..workers)
            .map(|_| {
                let (f, next) = (&f, &next);
                scope.spawn(move || {
                    let mut all: Option<A> = None;
                    loop {
                        let i = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        if i >= count {
                            return all;
                        }
                        let here = f(i);
                        all = Some(match all { Some(before) => join(before, here), None => here });
                    }
                })
            })
            .collect();
        tasks.into_iter().filter_map(|task| task.join().expect("no kernel panics")).reduce(join).expect("there is a part")
    })
}
#[cfg(feature = "rayon")]
fn gathered<A: Send>(count: usize, _workers: usize, f: impl Fn(usize) -> A + Sync + Send, join: impl Fn(A, A) -> A + Sync + Send + Copy) -> A {
    use rayon::prelude::*;
    (0..count).into_par_iter().map(|i| f(i)).reduce_with(join).expect("there is a part")
}

fn timed(mut work: impl FnMut()) {
    let mut best = u128::MAX;
    for _ in 0..2 {
        let start = Instant::now();
        work();
        best = best.min(start.elapsed().as_nanos());
    }
    println!("time {best}");
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let workers: usize = args[2].parse().expect("a number of workers");
    #[cfg(feature = "rayon")]
    rayon::ThreadPoolBuilder::new().num_threads(workers).build_global().expect("the first pool");
    kernel(&args[1], workers);
}

fn kernel(name: &str, w: usize) {
    match name {
        "sum" => {
            let xs: Vec<f64> = (0..50_000_000).map(|i| (i % 8) as f64).collect();
            let size = xs.len().div_ceil(64);
            timed(|| {
                black_box(gathered(64, w, |i| xs[i * size..((i + 1) * size).min(xs.len())].iter().sum::<f64>(), |a, b| a + b));
            });
        }
        "map" => {
            let xs: Vec<f64> = (0..10_000_000).map(|i| i as f64).collect();
            let mut out = vec![0.0; xs.len()];
            let f = |x: f64| {
                let y = x * 0.5 + 1.0;
                (y.sqrt() + y / (x + 1.0)) * y
            };
            timed(|| pieces(&mut out, 65_536, w, |i, part| part.iter_mut().zip(&xs[i * 65_536..]).for_each(|(o, x)| *o = f(*x))));
        }
        "mandelbrot" => {
            let n = 2000;
            let row = |y: usize| {
                let mut count = 0u64;
                for x in 0..n {
                    let (cr, ci) = (2.0 * x as f64 / n as f64 - 1.5, 2.0 * y as f64 / n as f64 - 1.0);
                    let (mut zr, mut zi, mut tr, mut ti, mut i) = (0.0f64, 0.0f64, 0.0, 0.0, 0);
                    while i < 50 && tr + ti <= 4.0 {
                        zi = 2.0 * zr * zi + ci;
                        zr = tr - ti + cr;
                        tr = zr * zr;
                        ti = zi * zi;
                        i += 1;
                    }
                    count += u64::from(tr + ti <= 4.0);
                }
                count
            };
            timed(|| assert_eq!(gathered(n, w, row, |a, b| a + b), 1_588_053));
        }
        "matmul" => {
            let n = 500;
            let a: Vec<f64> = (0..n * n).map(|i| (i % 7) as f64).collect();
            let b: Vec<f64> = (0..n * n).map(|i| (i % 5) as f64).collect();
            timed(|| {
                let mut c = vec![0.0; n * n];
                pieces(&mut c, n, w, |i, to| {
                    for k in 0..n {
                        let x = a[i * n + k];
                        to.iter_mut().zip(&b[k * n..(k + 1) * n]).for_each(|(o, y)| *o += x * y);
                    }
                });
                black_box(c);
            });
        }
        "nbody" => {
            #[derive(Clone, Copy)]
            struct Body(f64, f64, f64, f64);
            let n = 4000;
            let bodies: Vec<Body> = (0..n).map(|i| Body((i % 17) as f64, (i % 23) as f64, (i % 29) as f64, 1.0 + (i % 3) as f64)).collect();
            let mut out = vec![0.0; n];
            let force = |i: usize| {
                let me = bodies[i];
                let (mut fx, mut fy, mut fz) = (0.0, 0.0, 0.0);
                for b in &bodies {
                    let (dx, dy, dz) = (b.0 - me.0, b.1 - me.1, b.2 - me.2);
                    let d2: f64 = dx * dx + dy * dy + dz * dz + 0.01;
                    let f = b.3 / (d2 * d2.sqrt());
                    fx += dx * f;
                    fy += dy * f;
                    fz += dz * f;
                }
                fx * fx + fy * fy + fz * fz
            };
            timed(|| pieces(&mut out, 16, w, |i, part| part.iter_mut().enumerate().for_each(|(j, o)| *o = force(i * 16 + j))));
        }
        "black_scholes" => {
            let normal = |x: f64| {
                let k = 1.0 / (1.0 + 0.231_641_9 * x.abs());
                let tail = (-0.5 * x * x).exp() * 0.398_942_280_401_432_7 * k;
                let tail = tail * (0.319_381_530 + k * (-0.356_563_782 + k * (1.781_477_937 + k * (-1.821_255_978 + k * 1.330_274_429))));
                if x < 0.0 { tail } else { 1.0 - tail }
            };
            let price = |i: usize| {
                let (spot, strike, years) = (10.0 + (i % 90) as f64, 20.0 + (i % 70) as f64, 0.25 + (i % 40) as f64 * 0.1);
                let (rate, sigma) = (0.03, 0.1 + (i % 30) as f64 * 0.01);
                let root = sigma * f64::sqrt(years);
                let d1 = (f64::ln(spot / strike) + (rate + 0.5 * sigma * sigma) * years) / root;
                spot * normal(d1) - strike * f64::exp(-rate * years) * normal(d1 - root)
            };
            let mut out = vec![0.0; 1_000_000];
            timed(|| pieces(&mut out, 4096, w, |i, part| part.iter_mut().enumerate().for_each(|(j, o)| *o = price(i * 4096 + j))));
        }
        "histogram" => {
            let mut seed = 42u64;
            let data: Vec<u8> = (0..50_000_000)
                .map(|_| {
                    seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    (seed >> 56) as u8
                })
                .collect();
            let parts: Vec<&[u8]> = data.chunks(65_536).collect();
            let count = |i: usize| {
                let mut counts = vec![0u64; 256];
                parts[i].iter().for_each(|&byte| counts[usize::from(byte)] += 1);
                counts
            };
            timed(|| {
                black_box(gathered(parts.len(), w, count, |mut a, b| {
                    a.iter_mut().zip(&b).for_each(|(x, y)| *x += y);
                    a
                }));
            });
        }
        "words" => {
            let lines: Vec<String> = (0..200_000).map(|i| format!("the quick brown fox {i} jumps over the lazy dog {} times", i * 7)).collect();
            let parts: Vec<&[String]> = lines.chunks(256).collect();
            let count = |i: usize| parts[i].iter().map(|line| line.split_whitespace().filter(|word| word.len() > 3).count()).sum::<usize>();
            timed(|| {
                black_box(gathered(parts.len(), w, count, |a, b| a + b));
            });
        }
        "sort" => {
            let mut seed = 42u64;
            let xs: Vec<i64> = (0..10_000_000)
                .map(|_| {
                    seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    (seed >> 1) as i64
                })
                .collect();
            let mut best = u128::MAX;
            for _ in 0..2 {
                let mut ys = xs.clone();
                let start = Instant::now();
                #[cfg(feature = "rayon")]
                rayon::slice::ParallelSliceMut::par_sort_unstable(&mut ys[..]);
                // Plain threads have no sort: this is what one does alone.
                #[cfg(not(feature = "rayon"))]
                ys.sort_unstable();
                best = best.min(start.elapsed().as_nanos());
                assert!(ys.is_sorted());
            }
            println!("time {best}");
        }
        _ => std::process::exit(2),
    }
}
