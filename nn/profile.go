package nn

import "time"

// Profile replays p repeat times and returns, for each operation, the least
// time it took. It changes what p changes: weights move if p updates them.
func (d *CPU) Profile(p *Program, repeat int) ([]time.Duration, error) {
	c := d.loaded[p]
	if c == nil {
		return nil, errNotLoaded("profile")
	}
	least := make([]time.Duration, len(c.steps))
	for turn := range repeat {
		for i, step := range c.steps {
			begin := time.Now()
			step()
			if took := time.Since(begin); turn == 0 || took < least[i] {
				least[i] = took
			}
		}
	}
	return least, nil
}
