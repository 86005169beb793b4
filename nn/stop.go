package nn

// StepUnless replays p as Step does but gives up, before the next operation of
// the forward or backward pass, once stop returns true: stopped is then true, and
// parameters, moments and average are what they were. Operations of the update
// aren't parted. stop is called from the caller's goroutine.
func (d *CPU) StepUnless(p *Program, stop func() bool) (stopped bool, err error) {
	c := d.loaded[p]
	if c == nil {
		return false, errNotLoaded("step")
	}
	for i, step := range c.steps {
		if p.ops[i].phase != Update && stop() {
			return true, nil
		}
		step()
	}
	return false, nil
}
