package mto

import (
	"fmt"
	"math"

	"github.com/mtobench/mtobench/mim"
	"github.com/mtobench/mtobench/nn"
)

// Names of the terms that Record adds to a method's own. A method with several
// networks that hold mask tokens has one of each per network, with a dot and the
// network's name behind.
const (
	TermSpa = "mto_spa" // L_spa
	TermR   = "mto_r"   // L_r
	TermE   = "mto_e"   // L_e
)

// ScheduleInput is the name of the program's input [1] that holds s(t), see
// [Config.Schedule]. A program without L_spa and L_r has none.
const ScheduleInput = "mto_s"

// gateFloor is the least g in ln g: methods.md 11.3.
const gateFloor = 1e-4

// Options says what Record shows besides the loss.
type Options struct {
	Measure bool // asks for Recorded.Measures; changes no bit of the training
}

// Recorded is a recorded forward pass of a method with MTO.
type Recorded struct {
	*mim.Forward           // MTO's terms stand behind the method's own
	Schedule     nn.Tensor // [1] input s(t), absent where no term uses it
	Measures     []Measure // one a network with mask tokens, if asked for
}

// Record appends the forward pass of m with MTO's terms to p. Without an active
// Config it is m.Record. It panics if c isn't valid, or if it is active and m
// has no mask tokens.
func Record(p *nn.Program, m mim.Method, c Config, o Options) Recorded {
	if err := c.Validate(); err != nil {
		panic(err)
	}
	if !c.Active() && !o.Measure {
		return Recorded{Forward: m.Record(p, mim.RecordOptions{})}
	}
	r := &recorder{p: p, c: c, o: o, networks: map[*mim.Tap]*network{}}
	f := m.Record(p, mim.RecordOptions{Tap: true, Gate: r.gate})
	out := Recorded{Forward: f}
	if len(f.Taps) == 0 && c.Active() {
		panic("mto: the method has no mask tokens, so there is nothing to optimise; use the preset off")
	}
	if c.LambdaR != 0 || c.spa() {
		out.Schedule = p.Input(ScheduleInput, 1)
	}
	share := 1 / float32(len(f.Taps))
	for _, tap := range f.Taps {
		n, suffix := r.network(tap), ""
		if len(f.Taps) > 1 {
			suffix = "." + tap.Network
		}
		for _, t := range n.terms(out.Schedule) {
			t.Name += suffix
			t.Weight *= share
			f.Terms = append(f.Terms, t)
		}
		if o.Measure {
			out.Measures = append(out.Measures, n.measure())
		}
	}
	return out
}

// recorder holds what is recorded while the method records itself.
type recorder struct {
	p        *nn.Program
	c        Config
	o        Options
	networks map[*mim.Tap]*network
}

func (r *recorder) network(tap *mim.Tap) *network {
	if r.networks[tap] == nil {
		r.networks[tap] = &network{recorder: r, tap: tap}
	}
	return r.networks[tap]
}

// gate is called before each block. It records the heterogeneity at the block's
// input there and then, also where only L_r needs it: its gradient then adds to
// that of the block, and touches the masked tokens alone.
func (r *recorder) gate(tap *mim.Tap, layer int) nn.Tensor {
	n := r.network(tap)
	if r.c.Gate == GateAdaptive || r.c.LambdaR != 0 {
		n.heterogeneity(layer - 1)
	}
	a := nn.GateAttr{Floor: gateFloor, ClassTokens: tap.ClassTokens}
	switch r.c.Gate {
	case GateAdaptive:
		return r.p.Gate(n.heterogeneity(layer-1).H, tap.Visible, tap.Masked, a)
	case GateHard:
		if !n.hard.Valid() {
			n.hard = r.p.Gate(nn.Tensor{}, tap.Visible, tap.Masked, a)
		}
		return n.hard
	}
	return nn.Tensor{}
}

// network is one network that holds mask tokens.
type network struct {
	*recorder
	tap      *mim.Tap
	layers   []nn.Heterogeneity // recorded so far, from layer 0
	sparsity []nn.Sparsity      // by block
	hard     nn.Tensor          // the hard gate, one for all blocks
}

// heterogeneity returns that of layer l: 0 is the mask token against the visible
// embeddings, both before position; l > 0 the tokens after block l.
func (n *network) heterogeneity(l int) nn.Heterogeneity {
	for len(n.layers) <= l {
		n.layers = append(n.layers, n.recordHeterogeneity(len(n.layers)))
	}
	return n.layers[l]
}

func (n *network) recordHeterogeneity(l int) nn.Heterogeneity {
	t, c := n.tap, n.c
	if l > 0 {
		x := t.Tokens[l]
		return n.p.Heterogeneity(
			nn.TokenRows{X: x, Index: t.Masked, Offset: t.ClassTokens},
			nn.TokenRows{X: x, Index: t.Visible, Offset: t.ClassTokens}, c.Tau, c.Eps)
	}
	visible := nn.TokenRows{X: t.EntryVisible}
	if t.EntryVisible.Dim(1) != t.Visible.Dim(1) {
		visible.Index = t.Visible
	}
	return n.p.Heterogeneity(nn.TokenRows{X: t.MaskToken}, visible, c.Tau, c.Eps)
}

// terms records the losses whose weight isn't 0.
func (n *network) terms(schedule nn.Tensor) []mim.Term {
	c, blocks := n.c, len(n.tap.Attention)
	var terms []mim.Term
	if c.spa() {
		n.recordSparsity(c.WMass, c.WEntropy)
		each := make([]nn.Term, blocks)
		for i, s := range n.sparsity {
			each[i] = nn.Term{Value: s.Loss, Weight: 1 / float32(blocks)}
		}
		terms = append(terms, mim.Term{Name: TermSpa, Term: nn.Term{Value: n.p.WeightedSum(each), Weight: c.LambdaSpa, Scale: schedule}})
	}
	if c.LambdaR != 0 {
		n.heterogeneity(blocks)
		h := make([]nn.Tensor, len(n.layers))
		for l, x := range n.layers {
			h[l] = x.H
		}
		terms = append(terms, mim.Term{Name: TermR, Term: nn.Term{Value: n.p.RankLoss(h, c.Mu), Weight: c.LambdaR, Scale: schedule}})
	}
	if c.LambdaE != 0 {
		loss := n.p.EntryLoss(n.heterogeneity(0), n.tap.MaskToken, n.direction(), c.BS, c.Kappa)
		terms = append(terms, mim.Term{Name: TermE, Term: nn.Term{Value: loss, Weight: c.LambdaE}})
	}
	return terms
}

func (n *network) recordSparsity(mass, entropy float32) {
	for _, a := range n.tap.Attention {
		n.sparsity = append(n.sparsity, n.p.SparsityLoss(a, n.tap.Visible, n.tap.Masked, nn.SparsityAttr{
			Mass: mass, Entropy: entropy, Floor: n.c.EMin, Eps: n.c.Eps, Centred: n.c.Centred, ClassTokens: n.tap.ClassTokens,
		}))
	}
}

// direction returns a unit vector for the gradient of the distance at distance
// 0, from MTO's own stream.
func (n *network) direction() nn.Tensor {
	d := n.tap.MaskToken.Dim(-1)
	draw := nn.NewStream(0, "noise/mto").At(0, 0)
	u := make([]float32, d)
	var square float64
	for i := range u {
		u[i] = draw.Normal()
		square += float64(float64(u[i]) * float64(u[i]))
	}
	for i := range u {
		u[i] = float32(float64(u[i]) / math.Sqrt(square))
	}
	return n.p.Const(fmt.Sprintf("mto_direction.%s", n.tap.Network), u, d)
}
