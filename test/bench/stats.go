package main

import (
	"math/rand/v2"
	"slices"
	"time"
)

// quantile returns the q-th quantile of times, 0 to 1, by the nearest rank.
func quantile[T time.Duration | float64](values []T, q float64) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}

// ratioOfMedians returns median(a)/median(b) and its 95 % bootstrap interval. Round i of a and of b ran side by side, so
// rounds are drawn as pairs.
func ratioOfMedians(a, b []time.Duration) (ratio, low, high float64) {
	const draws = 4000
	random := rand.New(rand.NewPCG(1, 2)) // fixed: the same measurements give the same interval
	ratios := make([]float64, draws)
	drawnA, drawnB := make([]time.Duration, len(a)), make([]time.Duration, len(a))
	for d := range ratios {
		for i := range drawnA {
			pick := random.IntN(len(a))
			drawnA[i], drawnB[i] = a[pick], b[pick]
		}
		ratios[d] = float64(quantile(drawnA, 0.5)) / float64(quantile(drawnB, 0.5))
	}
	return float64(quantile(a, 0.5)) / float64(quantile(b, 0.5)), quantile(ratios, 0.025), quantile(ratios, 0.975)
}
