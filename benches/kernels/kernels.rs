//! The kernels in Rust, by name: prints `time` and nanoseconds of one run.
use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;

#[derive(Clone, Copy)]
struct B { x: [f64; 3], v: [f64; 3], m: f64 }
fn nbody(n: usize) -> f64 {
    const SM: f64 = 4.0 * std::f64::consts::PI * std::f64::consts::PI;
    const D: f64 = 365.24;
    let mut b = [
        B { x: [0.0; 3], v: [0.0; 3], m: SM },
        B { x: [4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01], v: [1.66007664274403694e-03 * D, 7.69901118419740425e-03 * D, -6.90460016972063023e-05 * D], m: 9.54791938424326609e-04 * SM },
        B { x: [8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01], v: [-2.76742510726411014e-03 * D, 4.99852801234917238e-03 * D, 2.30417297573763929e-05 * D], m: 2.85885980666130812e-04 * SM },
        B { x: [1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01], v: [2.96460137564761618e-03 * D, 2.37847173959480950e-03 * D, -2.96589568540237556e-05 * D], m: 4.36624404335156298e-05 * SM },
        B { x: [1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01], v: [2.68067772490389322e-03 * D, 1.62824170038242295e-03 * D, -9.51592254519715870e-05 * D], m: 5.15138902046611451e-05 * SM },
    ];
    for k in 0..3 { let p: f64 = b.iter().map(|b| b.v[k] * b.m).sum(); b[0].v[k] = -p / SM; }
    for _ in 0..n {
        for i in 0..5 { for j in i + 1..5 {
            let (dx, dy, dz) = (b[i].x[0] - b[j].x[0], b[i].x[1] - b[j].x[1], b[i].x[2] - b[j].x[2]);
            let d2 = dx * dx + dy * dy + dz * dz;
            let mag = 0.01 / (d2 * d2.sqrt());
            let (mi, mj) = (b[i].m * mag, b[j].m * mag);
            b[i].v[0] -= dx * mj; b[i].v[1] -= dy * mj; b[i].v[2] -= dz * mj;
            b[j].v[0] += dx * mi; b[j].v[1] += dy * mi; b[j].v[2] += dz * mi;
        } }
        for b in &mut b { for k in 0..3 { b.x[k] += 0.01 * b.v[k]; } }
    }
    let mut e = 0.0;
    for i in 0..5 {
        e += 0.5 * b[i].m * b[i].v.iter().map(|v| v * v).sum::<f64>();
        for j in i + 1..5 { let d: f64 = (0..3).map(|k| (b[i].x[k] - b[j].x[k]).powi(2)).sum(); e -= b[i].m * b[j].m / d.sqrt(); }
    }
    e
}
fn a(i: usize, j: usize) -> f64 { 1.0 / (((i + j) * (i + j + 1) / 2 + i + 1) as f64) }
fn mul_av(v: &[f64], o: &mut [f64]) { for i in 0..o.len() { let mut s = 0.0; for j in 0..v.len() { s += a(i, j) * v[j]; } o[i] = s; } }
fn mul_atv(v: &[f64], o: &mut [f64]) { for i in 0..o.len() { let mut s = 0.0; for j in 0..v.len() { s += a(j, i) * v[j]; } o[i] = s; } }
fn spectral(n: usize) -> f64 {
    let (mut u, mut v, mut t) = (vec![1.0; n], vec![0.0; n], vec![0.0; n]);
    for _ in 0..10 { mul_av(&u, &mut t); mul_atv(&t, &mut v); mul_av(&v, &mut t); mul_atv(&t, &mut u); }
    let (mut x, mut y) = (0.0, 0.0);
    for i in 0..n { x += u[i] * v[i]; y += v[i] * v[i]; }
    (x / y).sqrt()
}
fn fannkuch(n: usize) -> i64 {
    let (mut p, mut q, mut c) = ([0usize; 16], [0usize; 16], [0usize; 16]);
    let (mut sum, mut max, mut perm, mut r) = (0i64, 0i64, 0u64, n);
    for i in 0..n { p[i] = i; }
    loop {
        while r > 1 { c[r - 1] = r; r -= 1; }
        for i in 0..n { q[i] = p[i]; }
        let mut f = 0;
        loop {
            let k = q[0];
            if k == 0 { break; }
            let (mut i, mut j) = (0, k);
            while i < j { q.swap(i, j); i += 1; j -= 1; }
            f += 1;
        }
        max = max.max(f);
        sum += if perm % 2 == 0 { f } else { -f };
        loop {
            if r == n { return sum * 1000 + max; }
            let t = p[0];
            for i in 0..r { p[i] = p[i + 1]; }
            p[r] = t;
            c[r] -= 1;
            if c[r] > 0 { break; }
            r += 1;
        }
        perm += 1;
    }
}
fn mandel(n: usize) -> i64 {
    let mut inside = 0;
    for y in 0..n { for x in 0..n {
        let (cr, ci) = (2.0 * x as f64 / n as f64 - 1.5, 2.0 * y as f64 / n as f64 - 1.0);
        let (mut zr, mut zi, mut tr, mut ti, mut i) = (0.0f64, 0.0f64, 0.0, 0.0, 0);
        while i < 50 && tr + ti <= 4.0 { zi = 2.0 * zr * zi + ci; zr = tr - ti + cr; tr = zr * zr; ti = zi * zi; i += 1; }
        if tr + ti <= 4.0 { inside += 1; }
    } }
    inside
}
struct T { l: Option<Box<T>>, r: Option<Box<T>> }
fn mk(d: u32) -> Box<T> { Box::new(if d > 0 { T { l: Some(mk(d - 1)), r: Some(mk(d - 1)) } } else { T { l: None, r: None } }) }
fn cnt(t: &T) -> i64 { match (&t.l, &t.r) { (Some(l), Some(r)) => 1 + cnt(l) + cnt(r), _ => 1 } }
fn trees(n: u32) -> i64 {
    let mut total = 0;
    let long = mk(n);
    for d in (4..=n).step_by(4) { for _ in 0..1 << (n - d + 4) { total += cnt(&mk(d)); } }
    total + cnt(&long)
}
fn mats(n: usize) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    ((0..n * n).map(|i| (i % 7) as f64).collect(), (0..n * n).map(|i| (i % 5) as f64).collect(), vec![0.0; n * n])
}
fn matmul(n: usize) -> f64 {
    let (a, b, mut c) = mats(n);
    for i in 0..n { for k in 0..n { let x = a[i * n + k]; for j in 0..n { c[i * n + j] += x * b[k * n + j]; } } }
    c.iter().sum()
}
fn sieve(n: usize) -> i64 {
    let mut s = vec![1u8; n + 1];
    let mut i = 2;
    while i * i <= n { if s[i] != 0 { let mut j = i * i; while j <= n { s[j] = 0; j += i; } } i += 1; }
    s[2..].iter().map(|&x| x as i64).sum()
}
fn text(words: usize) -> Vec<u8> {
    let mut s = Vec::with_capacity(words * 12);
    let mut x = 88172645463325252u64;
    for i in 0..words {
        x ^= x << 13; x ^= x >> 7; x ^= x << 17;
        let mut w = (x % 50000).wrapping_mul(2654435761).wrapping_add(12345);
        for k in 0..3 + w % 8 { s.push(b'a' + (w % 26) as u8); w = w / 26 * 7 + k + 1; }
        s.push(if i % 10 == 9 { b'\n' } else { b' ' });
    }
    s
}
fn words(s: &str) -> u64 {
    let mut m: HashMap<&str, u32> = HashMap::new();
    for w in s.split_ascii_whitespace() { *m.entry(w).or_insert(0) += 1; }
    m.len() as u64 * 100000 + *m.values().max().unwrap() as u64
}
fn quicksort(v: &mut [i64], low: i64, high: i64) {
    let (mut low, mut high) = (low, high);
    while low < high {
        let pivot = v[(low + (high - low) / 2) as usize];
        let (mut i, mut j) = (low, high);
        while i <= j {
            while v[i as usize] < pivot { i += 1; }
            while v[j as usize] > pivot { j -= 1; }
            if i <= j { v.swap(i as usize, j as usize); i += 1; j -= 1; }
        }
        if j - low < high - i { quicksort(v, low, j); low = i; } else { quicksort(v, i, high); high = j; }
    }
}
fn build(n: i64) -> i64 {
    let mut out = String::new();
    for i in 0..n {
        out.push_str("item ");
        out.push((b'a' + (i % 26) as u8) as char);
        out.push(' ');
        let mut rest = i % 1000;
        while rest > 0 { out.push((b'0' + (rest % 10) as u8) as char); rest /= 10; }
        out.push('\n');
    }
    let mut sum = 0;
    for byte in out.as_bytes() { sum = (sum * 31 + *byte as i64) % 1000003; }
    sum
}
fn timed<T>(f: impl FnOnce() -> T) -> (T, u128) {
    let start = Instant::now();
    let value = f();
    (value, start.elapsed().as_nanos())
}
fn main() {
    let which = std::env::args().nth(1).unwrap_or_default();
    let took = match &which[..] {
        "nbody" => { let (r, t) = timed(|| nbody(black_box(5_000_000))); assert!((r + 0.169083134).abs() < 1e-8); t }
        "spectral" => { let (r, t) = timed(|| spectral(black_box(3000))); assert!((r - 1.274224).abs() < 1e-5); t }
        "fannkuch" => { let (r, t) = timed(|| fannkuch(black_box(10))); assert_eq!(r, 73196038); t }
        "mandelbrot" => { let (r, t) = timed(|| mandel(black_box(2000))); assert_eq!(r, 1588053); t }
        "trees" => { let (r, t) = timed(|| trees(black_box(18))); assert_eq!(r, 33799103); t }
        "matmul" => { let (r, t) = timed(|| (0..5).map(|_| matmul(black_box(512))).fold(0.0, |_, x| x)); assert_eq!(r, 805300217.0); t }
        "sieve" => { let (r, t) = timed(|| (0..5).map(|_| sieve(black_box(10_000_000))).max()); assert_eq!(r, Some(664579)); t }
        "words" => { let s = String::from_utf8(text(5_000_000)).unwrap(); let (r, t) = timed(|| words(&s)); assert_eq!(r, 4594700356); t }
        "quicksort" => {
            let mut x = 12345i64;
            let mut v: Vec<i64> = (0..2_000_000).map(|_| { x = (x * 1103515245 + 12345) % 2147483648; x }).collect();
            let last = v.len() as i64 - 1;
            let ((), t) = timed(|| quicksort(&mut v, 0, last));
            assert!(v.is_sorted());
            t
        }
        "strings" => { let (r, t) = timed(|| build(black_box(3_000_000))); assert_eq!(r, 683884); t }
        _ => std::process::exit(2),
    };
    println!("time {took}");
}
