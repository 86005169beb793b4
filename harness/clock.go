package harness

import "time"

// A clock tells the time of day, which someone may set forward or back at any moment, and the time since
// this process began, which only grows. Durations are differences of the latter.
type clock struct {
	day   func() time.Time
	since func() time.Duration
}

// systemClock is the machine's. time.Since reads the monotonic clock.
var systemClock = clock{
	day:   time.Now,
	since: func() time.Duration { return time.Since(processBegan) },
}

var processBegan = time.Now()

// stamp is the time of day as files have it.
func (c clock) stamp() string { return c.day().UTC().Format(time.RFC3339) }
