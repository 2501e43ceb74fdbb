// The kernels in Go, by name: prints `time` and nanoseconds of one run.
package main

import (
	"fmt"
	"math"
	"os"
	"strings"
	"time"
)

type B struct {
	x, v [3]float64
	m    float64
}

func nbody(n int) float64 {
	const SM, D = 4 * math.Pi * math.Pi, 365.24
	b := [5]B{
		{m: SM},
		{[3]float64{4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01}, [3]float64{1.66007664274403694e-03 * D, 7.69901118419740425e-03 * D, -6.90460016972063023e-05 * D}, 9.54791938424326609e-04 * SM},
		{[3]float64{8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01}, [3]float64{-2.76742510726411014e-03 * D, 4.99852801234917238e-03 * D, 2.30417297573763929e-05 * D}, 2.85885980666130812e-04 * SM},
		{[3]float64{1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01}, [3]float64{2.96460137564761618e-03 * D, 2.37847173959480950e-03 * D, -2.96589568540237556e-05 * D}, 4.36624404335156298e-05 * SM},
		{[3]float64{1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01}, [3]float64{2.68067772490389322e-03 * D, 1.62824170038242295e-03 * D, -9.51592254519715870e-05 * D}, 5.15138902046611451e-05 * SM},
	}
	for k := 0; k < 3; k++ {
		p := 0.0
		for i := range b {
			p += b[i].v[k] * b[i].m
		}
		b[0].v[k] = -p / SM
	}
	for s := 0; s < n; s++ {
		for i := range b {
			bi := &b[i]
			for j := i + 1; j < 5; j++ {
				bj := &b[j]
				dx, dy, dz := bi.x[0]-bj.x[0], bi.x[1]-bj.x[1], bi.x[2]-bj.x[2]
				d2 := dx*dx + dy*dy + dz*dz
				mag := 0.01 / (d2 * math.Sqrt(d2))
				mi, mj := bi.m*mag, bj.m*mag
				bi.v[0] -= dx * mj
				bi.v[1] -= dy * mj
				bi.v[2] -= dz * mj
				bj.v[0] += dx * mi
				bj.v[1] += dy * mi
				bj.v[2] += dz * mi
			}
		}
		for i := range b {
			for k := 0; k < 3; k++ {
				b[i].x[k] += 0.01 * b[i].v[k]
			}
		}
	}
	e := 0.0
	for i := range b {
		v := b[i].v
		e += 0.5 * b[i].m * (v[0]*v[0] + v[1]*v[1] + v[2]*v[2])
		for j := i + 1; j < 5; j++ {
			d := 0.0
			for k := 0; k < 3; k++ {
				q := b[i].x[k] - b[j].x[k]
				d += q * q
			}
			e -= b[i].m * b[j].m / math.Sqrt(d)
		}
	}
	return e
}
func a(i, j int) float64 { return 1 / float64((i+j)*(i+j+1)/2+i+1) }
func mulAv(v, o []float64) {
	for i := range o {
		s := 0.0
		for j := range v {
			s += a(i, j) * v[j]
		}
		o[i] = s
	}
}
func mulAtv(v, o []float64) {
	for i := range o {
		s := 0.0
		for j := range v {
			s += a(j, i) * v[j]
		}
		o[i] = s
	}
}
func spectral(n int) float64 {
	u, v, t := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range u {
		u[i] = 1
	}
	for i := 0; i < 10; i++ {
		mulAv(u, t)
		mulAtv(t, v)
		mulAv(v, t)
		mulAtv(t, u)
	}
	x, y := 0.0, 0.0
	for i := range u {
		x += u[i] * v[i]
		y += v[i] * v[i]
	}
	return math.Sqrt(x / y)
}
func fannkuch(n int) int {
	var p, q, c [16]int
	sum, max, perm, r := 0, 0, 0, n
	for i := 0; i < n; i++ {
		p[i] = i
	}
	for {
		for ; r > 1; r-- {
			c[r-1] = r
		}
		for i := 0; i < n; i++ {
			q[i] = p[i]
		}
		f := 0
		for {
			k := q[0]
			if k == 0 {
				break
			}
			for i, j := 0, k; i < j; i, j = i+1, j-1 {
				q[i], q[j] = q[j], q[i]
			}
			f++
		}
		if f > max {
			max = f
		}
		if perm%2 == 0 {
			sum += f
		} else {
			sum -= f
		}
		for {
			if r == n {
				return sum*1000 + max
			}
			t := p[0]
			for i := 0; i < r; i++ {
				p[i] = p[i+1]
			}
			p[r] = t
			c[r]--
			if c[r] > 0 {
				break
			}
			r++
		}
		perm++
	}
}
func mandel(n int) int {
	in := 0
	for y := 0; y < n; y++ {
		for x := 0; x < n; x++ {
			cr, ci := 2*float64(x)/float64(n)-1.5, 2*float64(y)/float64(n)-1
			zr, zi, tr, ti := 0.0, 0.0, 0.0, 0.0
			for i := 0; i < 50 && tr+ti <= 4; i++ {
				zi = 2*zr*zi + ci
				zr = tr - ti + cr
				tr = zr * zr
				ti = zi * zi
			}
			if tr+ti <= 4 {
				in++
			}
		}
	}
	return in
}

type T struct{ l, r *T }

func mk(d int) *T {
	if d > 0 {
		return &T{mk(d - 1), mk(d - 1)}
	}
	return &T{}
}
func cnt(t *T) int {
	if t.l == nil {
		return 1
	}
	return 1 + cnt(t.l) + cnt(t.r)
}
func trees(n int) int {
	total := 0
	long := mk(n)
	for d := 4; d <= n; d += 4 {
		for i := 0; i < 1<<(n-d+4); i++ {
			total += cnt(mk(d))
		}
	}
	return total + cnt(long)
}
func mats(n int) (a, b, c []float64) {
	a, b, c = make([]float64, n*n), make([]float64, n*n), make([]float64, n*n)
	for i := range a {
		a[i], b[i] = float64(i%7), float64(i%5)
	}
	return
}
func sum(c []float64) (s float64) {
	for _, x := range c {
		s += x
	}
	return
}
func matmul(n int) float64 {
	a, b, c := mats(n)
	for i := 0; i < n; i++ {
		for k := 0; k < n; k++ {
			x := a[i*n+k]
			for j := 0; j < n; j++ {
				c[i*n+j] += x * b[k*n+j]
			}
		}
	}
	return sum(c)
}
func sieve(n int) int {
	s := make([]uint8, n+1)
	for i := range s {
		s[i] = 1
	}
	for i := 2; i*i <= n; i++ {
		if s[i] != 0 {
			for j := i * i; j <= n; j += i {
				s[j] = 0
			}
		}
	}
	c := 0
	for _, x := range s[2:] {
		c += int(x)
	}
	return c
}
func text(words int) string {
	s := make([]byte, 0, words*12)
	x := uint64(88172645463325252)
	for i := 0; i < words; i++ {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		w := x%50000*2654435761 + 12345
		for k, l := uint64(0), 3+w%8; k < l; k++ {
			s = append(s, 'a'+byte(w%26))
			w = w/26*7 + k + 1
		}
		if i%10 == 9 {
			s = append(s, '\n')
		} else {
			s = append(s, ' ')
		}
	}
	return string(s)
}
func words(s string) int {
	m := map[string]int{}
	for w := range strings.FieldsSeq(s) {
		m[w]++
	}
	max := 0
	for _, c := range m {
		if c > max {
			max = c
		}
	}
	return len(m)*100000 + max
}
func quicksort(v []int, low, high int) {
	for low < high {
		pivot, i, j := v[low+(high-low)/2], low, high
		for i <= j {
			for v[i] < pivot {
				i++
			}
			for v[j] > pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i++
				j--
			}
		}
		if j-low < high-i {
			quicksort(v, low, j)
			low = i
		} else {
			quicksort(v, i, high)
			high = j
		}
	}
}
func build(n int) int {
	var s strings.Builder
	for i := 0; i < n; i++ {
		s.WriteString("item ")
		s.WriteByte('a' + byte(i%26))
		s.WriteByte(' ')
		for rest := i % 1000; rest > 0; rest /= 10 {
			s.WriteByte('0' + byte(rest%10))
		}
		s.WriteByte('\n')
	}
	sum, text := 0, s.String()
	for i := 0; i < len(text); i++ {
		sum = (sum*31 + int(text[i])) % 1000003
	}
	return sum
}
func main() {
	var start time.Time
	var took time.Duration
	timed := func(times int, f func()) {
		start = time.Now()
		for ; times > 0; times-- {
			f()
		}
		took = time.Since(start)
	}
	ok, r, f := false, 0, 0.0
	switch os.Args[1] {
	case "nbody":
		timed(1, func() { f = nbody(5000000) })
		ok = math.Abs(f+0.169083134) < 1e-8
	case "spectral":
		timed(1, func() { f = spectral(3000) })
		ok = math.Abs(f-1.274224) < 1e-5
	case "fannkuch":
		timed(1, func() { r = fannkuch(10) })
		ok = r == 73196038
	case "mandelbrot":
		timed(1, func() { r = mandel(2000) })
		ok = r == 1588053
	case "trees":
		timed(1, func() { r = trees(18) })
		ok = r == 33799103
	case "matmul":
		timed(5, func() { f = matmul(512) })
		ok = f == 805300217
	case "sieve":
		timed(5, func() { r = sieve(10000000) })
		ok = r == 664579
	case "words":
		t := text(5000000)
		timed(1, func() { r = words(t) })
		ok = r == 4594700356
	case "quicksort":
		q, x := make([]int, 2000000), 12345
		for i := range q {
			x = (x*1103515245 + 12345) % 2147483648
			q[i] = x
		}
		timed(1, func() { quicksort(q, 0, len(q)-1) })
		ok = true
		for i := 1; i < len(q); i++ {
			ok = ok && q[i-1] <= q[i]
		}
	case "strings":
		timed(1, func() { r = build(3000000) })
		ok = r == 683884
	}
	if !ok {
		fmt.Println("wrong result")
		os.Exit(1)
	}
	fmt.Println("time", took.Nanoseconds())
}
