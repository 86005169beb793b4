package kernel

import "github.com/mtobench/mtobench/internal/detmath"

// layerNorm is numerics rule 6: the mean by rule 4, the sum of fma(x-mean, x-mean, ·) by rule 4, both divided by
// cols, rstd = 1/sqrt(var + eps), dst = fma((x-mean)·rstd, gamma, beta).
func layerNorm(dst, mean, rstd, x, gamma, beta []float32, cols int, eps float32) {
	n := float32(cols)
	for r := range mean {
		row, out := x[r*cols:][:cols], dst[r*cols:][:cols]
		var l lanes
		for i, v := range row {
			l[i%16] += v
		}
		m := l.sum() / n
		l = lanes{}
		for i, v := range row {
			d := v - m
			l[i%16] = detmath.FMA32(d, d, l[i%16])
		}
		s := 1 / sqrt(l.sum()/n+eps)
		for i, v := range row {
			out[i] = detmath.FMA32((v-m)*s, gamma[i], beta[i])
		}
		mean[r], rstd[r] = m, s
	}
}

// layerNormGrad, with xhat = (x-mean)·rstd and g = dy·gamma, row by row:
//
//	a = sum g / cols, b = sum fma(g, xhat, ·) / cols             (rule 4)
//	dx = fma(rstd, fma(-xhat, b, g - a), dx if add, else +0)
//	dgamma = fma(dy, xhat, dgamma), dbeta = dbeta + dy           (rule 3: the caller makes the blocks)
func layerNormGrad(dx, dgamma, dbeta, dy, x, mean, rstd, gamma []float32, cols int, add bool) {
	n := float32(cols)
	for r := range mean {
		m, s := mean[r], rstd[r]
		row, up, out := x[r*cols:][:cols], dy[r*cols:][:cols], dx[r*cols:][:cols]
		var la, lb lanes
		for i, v := range row {
			g := float32(up[i] * gamma[i])
			la[i%16] += g
			lb[i%16] = detmath.FMA32(g, (v-m)*s, lb[i%16])
		}
		a, b := la.sum()/n, lb.sum()/n
		for i, v := range row {
			xhat, d := (v-m)*s, up[i]
			dgamma[i] = detmath.FMA32(d, xhat, dgamma[i])
			dbeta[i] += d
			t := detmath.FMA32(-xhat, b, float32(d*gamma[i])-a)
			var base float32
			if add {
				base = out[i]
			}
			out[i] = detmath.FMA32(s, t, base)
		}
	}
}
